# SPDX-License-Identifier: Apache-2.0
"""Finding a remembered patch again: normalised cross-correlation over a small window."""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tissue.template import RADIUS, Float32

Found = tuple[Array, Array]  # uv (N, 2) px at integer positions, ncc (N,); ncc -1: not searched


def search(
    image: Float32, patches: Float32, low: NDArray[np.intp], high: NDArray[np.intp]
) -> Found:
    """Best match of each patch (N, 15, 15) with its centre in the box [low, high] (N, 2) px."""
    height, width = image.shape
    limit = np.array([width, height]) - 1 - RADIUS
    low, high = np.clip(low, RADIUS, limit), np.clip(high, RADIUS, limit)
    uv, ncc = low.astype(float), np.full(len(patches), -1.0)
    for i, ((u0, v0), (u1, v1)) in enumerate(zip(low, high, strict=True)):
        if u1 < u0 or v1 < v0:
            continue
        region = image[v0 - RADIUS : v1 + RADIUS + 1, u0 - RADIUS : u1 + RADIUS + 1]
        score = cv2.matchTemplate(region, patches[i], cv2.TM_CCOEFF_NORMED)
        _, best, _, (du, dv) = cv2.minMaxLoc(score)
        uv[i], ncc[i] = (u0 + du, v0 + dv), best
    return uv, ncc


def search_around(image: Float32, patches: Float32, uv: Array, radius: NDArray[np.intp]) -> Found:
    """Best match within `radius` (N,) px of uv (N, 2)."""
    centre = np.rint(uv).astype(np.intp)
    return search(image, patches, centre - radius[:, None], centre + radius[:, None])


def search_row(
    image_right: Float32, patches: Float32, uv: Array, disparity: tuple[float, float]
) -> Found:
    """Best match on the same row of the right eye, disparity within (smallest, largest) px."""
    centre = np.rint(uv).astype(np.intp)
    low = centre - np.array([int(np.ceil(disparity[1])), 1], dtype=np.intp)
    high = centre - np.array([int(np.floor(disparity[0])), -1], dtype=np.intp)
    return search(image_right, patches, low, high)
