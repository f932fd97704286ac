# SPDX-License-Identifier: Apache-2.0
"""The softness of a small endoscope: lens, sensor filter and demosaicing as one small blur.

A separable (1 2 1)/4 filter: standard deviation 1/sqrt(2) px, no shift.  It also takes the
stairs off the edges that a rasteriser without multisampling leaves, and correlates the noise
of neighbouring pixels as demosaicing does.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

NOISE_GAIN = 0.375  # standard deviation of white noise after the filter: 6 / 16
_KERNEL = np.array([0.25, 0.5, 0.25])  # sums of bytes by these are exact: no bias, any machine


def soften(images: Images) -> Images:
    """Blurred copy of images (N, H, W, C) uint8; beyond the border its pixels are repeated."""
    soft = np.empty_like(images)
    for image, out in zip(images, soft, strict=True):
        cv2.sepFilter2D(image, -1, _KERNEL, _KERNEL, dst=out, borderType=cv2.BORDER_REPLICATE)
    return soft
