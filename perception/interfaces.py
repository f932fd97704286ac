# SPDX-License-Identifier: Apache-2.0
"""What every perception back-end must look like, classical or learned, CPU or GPU.

Images are (H, W, 3) uint8 RGB, rectified: rows of both eyes correspond, distortion is
gone, and the rig handed to a back-end describes exactly those images.  Pixels are (u, v),
integer pixel centres.  A back-end that fails to see something returns a state with a
reason; it raises only for wrong shapes or configuration.
"""

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import StereoFrame, TissuePoints, ToolEstimate
from trocar.geometry import Array

Mask = NDArray[np.bool_]


@runtime_checkable
class PointTracker(Protocol):
    """Follows tissue points through rectified stereo frames; ids are stable."""

    def update(self, frame: StereoFrame, mask_left: Mask, mask_right: Mask) -> TissuePoints:
        """Points of this frame.

        Masks (H, W) are True on anything that is not tissue, already dilated.
        """
        ...


@runtime_checkable
class Segmenter(Protocol):
    """Says which pixels are instrument."""

    def segment(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Labels (H, W): 0 tissue, 1 shaft, 2 wrist, 3 jaws, 255 instrument of unknown part."""
        ...


@runtime_checkable
class StereoMatcher(Protocol):
    """Dense disparity of a rectified pair."""

    def match(
        self, left_rgb: NDArray[np.uint8], right_rgb: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Disparity u_left - u_right (H, W) in px on the left image's grid, NaN unknown."""
        ...


@runtime_checkable
class ToolTracker(Protocol):
    """Corrects one arm's kinematics by sight and knows where every instrument hides the tissue."""

    arm: str
    mask_left: Mask  # (H, W): every instrument in view, dilated
    mask_right: Mask

    def update(self, frame: StereoFrame, q: Array | None) -> ToolEstimate:
        """Estimate at the frame's stamp from joints q (6,) at that stamp.

        q None: the joints at capture are unknown; the masks are still renewed by
        segmentation and the estimate is LOST with that reason.
        """
        ...
