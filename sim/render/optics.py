# SPDX-License-Identifier: Apache-2.0
"""The softness of a small endoscope: lens, sensor filter and demosaicing as one small blur.

A separable (1 2 1)/4 filter: standard deviation 1/sqrt(2) px, no shift.  It also takes the
stairs off the edges that a rasteriser without multisampling leaves, and correlates the noise
of neighbouring pixels as demosaicing does.
"""

import numpy as np
from numpy.typing import NDArray

Images = NDArray[np.uint8]

NOISE_GAIN = 0.375  # standard deviation of white noise after the filter: 6 / 16


def _mean_down(a: Images, b: Images) -> Images:
    """Mean of bytes, halves rounded down, without leaving bytes."""
    half = a ^ b
    half >>= 1
    half += a & b
    return half


def _mean_up(a: Images, b: Images) -> Images:
    """Mean of bytes, halves rounded up: after `_mean_down` it leaves no bias."""
    half = a ^ b
    half >>= 1
    return np.asarray(np.subtract(a | b, half, out=half))


def soften(images: Images) -> Images:
    """Blurred copy of images (N, H, W, C) uint8; the outermost rows and columns stay sharp."""
    count, height, width, channels = images.shape
    flat = images.reshape(count, height, width * channels)
    between = _mean_down(flat[:, :-1], flat[:, 1:])
    rows = flat.copy()
    rows[:, 1:-1] = _mean_up(between[:, :-1], between[:, 1:])
    between = _mean_down(rows[..., :-channels], rows[..., channels:])
    both = rows.copy()
    both[..., channels:-channels] = _mean_up(between[..., :-channels], between[..., channels:])
    return both.reshape(images.shape)
