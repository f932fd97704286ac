# SPDX-License-Identifier: Apache-2.0
"""Material points as both eyes see them, and whether a rendered depth shows them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array

# m by which a point may lie behind the drawn surface and still be seen.  A flat triangle of the
# patch lies up to 0.04 mm before the surface it stands for; an instrument is thicker than this.
TOLERANCE = 0.3e-3


@dataclass(frozen=True)
class TissueTracks:
    """N material points: p_world, p_camera (N, 3) m, uv_left, uv_right (N, 2) px.

    visible_left, visible_right (N,): in the picture, and nothing that counts before it.
    """

    p_world: Array
    p_camera: Array
    uv_left: Array
    uv_right: Array
    visible_left: NDArray[np.bool_]
    visible_right: NDArray[np.bool_]


def in_picture(uv: Array, width: int, height: int) -> NDArray[np.bool_]:
    """Which pixels (N, 2) lie in a picture of this size."""
    size = np.array([width, height])
    return np.asarray(np.all((uv >= -0.5) & (uv < size - 0.5), axis=-1))


def shown(uv: Array, z: Array, depth: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Which points at pixels (N, 2) and depths z (N,) m the rendered depth (H, W) shows.

    The farthest of the 3 x 3 pixels around counts: on a slope the next pixel's depth differs, and
    a point on an edge is seen by half.  False outside the picture and behind the eye.
    """
    height, width = depth.shape
    inside = in_picture(uv, width, height) & (z > 0.0)
    column, row = np.round(np.where(inside[..., None], uv, 0.0)).astype(int).T
    farthest = np.full(z.shape, -np.inf)
    for dv in (-1, 0, 1):
        for du in (-1, 0, 1):
            near = depth[np.clip(row + dv, 0, height - 1), np.clip(column + du, 0, width - 1)]
            farthest = np.fmax(farthest, near)
    return np.asarray(inside & (z <= farthest + TOLERANCE))
