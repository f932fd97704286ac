# SPDX-License-Identifier: Apache-2.0
"""What the renderer gives back: the stereo picture, and its truth where it was asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import StereoFrame


@dataclass(frozen=True)
class EyeTruth:
    """Exact truth of one eye: depth (H, W) float32 in m, NaN where nothing is; mask (H, W) uint8.

    Mask: 0 tissue and background, 1 shaft, 2 wrist, 3 jaws of PSM1; 11, 12, 13 of PSM2.
    flow (H, W, 2) float32 in px, only where `render` got a `neighbour`: where the surface point
    seen at (u, v) stands in the neighbour's picture, less (u, v); NaN unknown.
    """

    depth: NDArray[np.float32]
    mask: NDArray[np.uint8]
    flow: NDArray[np.float32] | None = None

    @property
    def instance(self) -> NDArray[np.uint8]:
        """Which instrument (H, W): 0 none, 1 PSM1, 2 PSM2."""
        return np.asarray(np.where(self.mask > 0, self.mask // 10 + 1, 0), np.uint8)

    @property
    def part(self) -> NDArray[np.uint8]:
        """Which part (H, W): 0 none, 1 shaft, 2 wrist, 3 jaws."""
        return np.asarray(self.mask % 10, np.uint8)


@dataclass(frozen=True)
class RenderedFrame:
    """`stereo` carries the stamp; `left` and `right` are None unless truth was asked for."""

    stereo: StereoFrame
    left: EyeTruth | None = None
    right: EyeTruth | None = None
