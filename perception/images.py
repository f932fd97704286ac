# SPDX-License-Identifier: Apache-2.0
"""Pictures to the grey images and masks the trackers work on.

Images are (H, W, 3) uint8 RGB; pixels are (u, v) with integer pixel centres.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array

Grey = NDArray[np.uint8]
Mask = NDArray[np.bool_]

HIGHLIGHT_LEVEL = 200  # a mirror image of the light is bright in all three channels; tissue is not
HIGHLIGHT_DILATION_PX = 4  # the soft rim of a highlight still moves with the light


def check_image(name: str, image_rgb: NDArray[np.uint8], height: int, width: int) -> None:
    """Raise ConfigurationError, naming image and shapes, unless (height, width, 3) uint8."""
    if image_rgb.shape != (height, width, 3) or image_rgb.dtype != np.uint8:
        raise ConfigurationError(
            f"{name} image is {image_rgb.shape} {image_rgb.dtype}, the rig needs "
            f"({height}, {width}, 3) uint8; rescale it or name the calibration of this size"
        )


def to_grey(image_rgb: NDArray[np.uint8]) -> Grey:
    """Luma (H, W) uint8 of an RGB image."""
    return np.asarray(cv2.cvtColor(image_rgb, cv2.COLOR_RGB2GRAY), dtype=np.uint8)


def disc(radius_px: int) -> NDArray[np.uint8]:
    """Round structuring element of a dilation by `radius_px`."""
    size = 2 * radius_px + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size)), dtype=np.uint8)


_HIGHLIGHT_DISC = disc(HIGHLIGHT_DILATION_PX)


def highlight_mask(image_rgb: NDArray[np.uint8], level: int = HIGHLIGHT_LEVEL) -> Mask:
    """Mask (H, W) of wet highlights, dilated: they move with the light, not with the tissue."""
    bright = cv2.inRange(image_rgb, (level, level, level), (255, 255, 255))
    return np.asarray(cv2.dilate(bright, _HIGHLIGHT_DISC), dtype=np.uint8) > 0


def lookup_mask(mask: Mask, uv: Array) -> Mask:
    """Whether each pixel of uv (N, 2) is set in mask (H, W); outside or NaN counts as set."""
    height, width = mask.shape
    with np.errstate(invalid="ignore"):
        within = (uv > -0.5) & (uv < [width - 0.5, height - 0.5])
        inside: Mask = within[:, 0] & within[:, 1]
    column_row = np.rint(np.where(inside[:, None], uv, 0.0)).astype(int)
    hit: Mask = ~inside | mask[column_row[:, 1], column_row[:, 0]]
    return hit


def sample_patches(image: NDArray[np.float32], uv: Array, radius: int) -> NDArray[np.float32]:
    """Square patches (N, 2r+1, 2r+1) round sub-pixel centres uv (N, 2), bilinear, edge-clamped."""
    count, size = len(uv), 2 * radius + 1
    if count == 0:
        return np.zeros((0, size, size), np.float32)
    offset = np.arange(-radius, radius + 1, dtype=np.float32)
    centre = uv.astype(np.float32)
    map_u = np.broadcast_to(centre[:, 0, None, None] + offset[None, None, :], (count, size, size))
    map_v = np.broadcast_to(centre[:, 1, None, None] + offset[None, :, None], (count, size, size))
    flat = (count, size * size)  # cv2.remap refuses more than 32767 columns or rows
    out = cv2.remap(
        image,
        map_u.reshape(flat),
        map_v.reshape(flat),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(out, dtype=np.float32).reshape(count, size, size)
