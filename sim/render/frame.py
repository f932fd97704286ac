# SPDX-License-Identifier: Apache-2.0
"""What the renderer gives back: the stereo picture, and its truth where it was asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import StereoFrame

MASK_OBJECTS = 100  # mask id of the first object; instruments have lower ones


@dataclass(frozen=True)
class EyeTruth:
    """Exact truth of one eye: depth (H, W) float32 in m, NaN where nothing is; mask (H, W) uint8.

    Mask: 0 tissue and background; 1 shaft, 2 wrist, 3 jaws of PSM1, 11 to 13 of PSM2 (or, where
    the scene has none, of the passing instrument, else 21 to 23); 100 + i the i-th of the scene's
    objects and soft bodies (`cast.Cast.mask_ids`).
    flow (H, W, 2) float32 in px, only where `render` got a `neighbour`: where the surface point
    seen at (u, v) stands in the neighbour's picture, less (u, v); NaN unknown.
    """

    depth: NDArray[np.float32]
    mask: NDArray[np.uint8]
    flow: NDArray[np.float32] | None = None

    @property
    def instance(self) -> NDArray[np.uint8]:
        """Which thing (H, W): 0 none, 1 PSM1, 2 ids 11 to 13, ..., an object by its mask id."""
        tool = np.where(self.mask > 0, self.mask // 10 + 1, 0)
        return np.asarray(np.where(self.mask < MASK_OBJECTS, tool, self.mask), np.uint8)

    @property
    def part(self) -> NDArray[np.uint8]:
        """Which part of an instrument (H, W): 0 none, 1 shaft, 2 wrist, 3 jaws."""
        return np.asarray(np.where(self.mask < MASK_OBJECTS, self.mask % 10, 0), np.uint8)


@dataclass(frozen=True)
class RenderedFrame:
    """`stereo` carries the stamp; `left` and `right` are None unless truth was asked for."""

    stereo: StereoFrame
    left: EyeTruth | None = None
    right: EyeTruth | None = None
