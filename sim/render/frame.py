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
    """

    depth: NDArray[np.float32]
    mask: NDArray[np.uint8]


@dataclass(frozen=True)
class RenderedFrame:
    """`stereo` carries the stamp; `left` and `right` are None unless truth was asked for."""

    stereo: StereoFrame
    left: EyeTruth | None = None
    right: EyeTruth | None = None
