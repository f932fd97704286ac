# SPDX-License-Identifier: Apache-2.0
"""What is drawn over a frame, in that frame's own pixels and from that frame's own estimates.

Pure geometry: points and poses in the left optical frame become pixels of both eyes.
"""

from typing import Any

import numpy as np

from trocar.camera import StereoRig
from trocar.geometry import Array, inverse, transform_points

AXIS_LENGTH = 0.012  # m, of the drawn tool and target axes


def project_both(rig: StereoRig, p_camera: Array) -> tuple[Array, Array]:
    """Pixels (N, 2) in the left and the right eye of points (N, 3) in m, NaN behind the lens."""
    p_left = np.atleast_2d(np.asarray(p_camera, dtype=float))
    p_right = transform_points(inverse(rig.T_left_right), p_left)
    views = []
    for eye, points in ((rig.left, p_left), (rig.right, p_right)):
        uv = eye.project(points)
        uv[points[:, 2] <= 0.0] = np.nan
        views.append(uv)
    return views[0], views[1]


def _pixels(uv: Array) -> list[list[float] | None]:
    return [[round(float(u), 1), round(float(v), 1)] if np.isfinite(u + v) else None for u, v in uv]


def axes(rig: StereoRig, T_camera_frame: Array) -> dict[str, Any]:
    """Origin and ends of the x, y, z axes of a frame, in both eyes."""
    ends = np.vstack([np.zeros(3), np.eye(3) * AXIS_LENGTH])
    left, right = project_both(rig, transform_points(T_camera_frame, ends))
    return {"left": _pixels(left), "right": _pixels(right)}


def points(rig: StereoRig, p_camera: Array, uv_left: Array, state: Array) -> dict[str, Any]:
    """Tracked tissue points: pixels in both eyes and their state numbers (`PointState`)."""
    left, right = project_both(rig, p_camera)
    seen = np.isfinite(uv_left).all(axis=1)
    left[seen] = uv_left[seen]
    return {"left": _pixels(left), "right": _pixels(right), "state": [int(s) for s in state]}
