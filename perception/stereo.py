# SPDX-License-Identifier: Apache-2.0
"""Dense disparity on a CPU: semi-global matching at half resolution (protocol `StereoMatcher`).

Hirschmueller (2008), OpenCV's three-way variant.  Half resolution keeps it near 8 ms for
640x480; the disparity range follows from the working distance, never from a habit.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.perception.images import check_image, to_grey
from trocar.perception.rectify import is_rectified

_BLOCK = 5  # px at half resolution
_UNIQUENESS_PERCENT = 5
_CHECK_PX = 1  # left-right disagreement, half-resolution px


class SemiGlobalMatcher:
    """Disparity of rectified pairs of one rig between two depths."""

    def __init__(self, rig: StereoRig, depth_range_m: tuple[float, float] = (0.03, 0.25)) -> None:
        """`depth_range_m` = (nearest, farthest); raises ConfigurationError for a raw rig."""
        near, far = depth_range_m
        if not is_rectified(rig) or not 0.0 < near < far:
            raise ConfigurationError(
                "stereo matcher: needs a rectified rig and 0 < near < far, "
                f"got depths {depth_range_m} m"
            )
        self._eye = rig.left
        largest, smallest = (0.5 * rig.left.fx * rig.baseline / z for z in (near, far))
        low = int(np.floor(smallest))
        count = 16 * int(np.ceil((largest - low + 1) / 16))
        self._low, self._count = low, count
        self._matcher = cv2.StereoSGBM.create(
            minDisparity=low,
            numDisparities=count,
            blockSize=_BLOCK,
            P1=8 * _BLOCK**2,
            P2=32 * _BLOCK**2,
            disp12MaxDiff=_CHECK_PX,
            uniquenessRatio=_UNIQUENESS_PERCENT,
            speckleWindowSize=60,
            speckleRange=2,
            mode=cv2.STEREO_SGBM_MODE_SGBM_3WAY,
        )

    def match(
        self, left_rgb: NDArray[np.uint8], right_rgb: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Disparity (H, W) float32 px on the left image's grid, NaN unknown."""
        height, width = self._eye.height, self._eye.width
        check_image("left", left_rgb, height, width)
        check_image("right", right_rgb, height, width)
        half = (width // 2, height // 2)
        small = [
            cv2.resize(to_grey(image), half, interpolation=cv2.INTER_AREA)
            for image in (left_rgb, right_rgb)
        ]
        # columns left of the range would be lost: give the matcher room to look into
        pad = self._low + self._count
        wide = [cv2.copyMakeBorder(image, 0, 0, pad, 0, cv2.BORDER_REPLICATE) for image in small]
        fixed = self._matcher.compute(*wide)[:, pad:]
        disparity = fixed.astype(np.float32) / 16.0
        disparity[fixed <= self._low * 16] = np.nan
        full = cv2.resize(disparity, (width, height), interpolation=cv2.INTER_NEAREST)
        # a shift at half resolution is twice that at full; nearest keeps NaN from spreading
        return np.asarray(2.0 * full, dtype=np.float32)
