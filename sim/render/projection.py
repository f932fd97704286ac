# SPDX-License-Identifier: Apache-2.0
"""Pinhole camera to OpenGL clip space, with integer pixel centres.

OpenGL puts the centre of pixel i at window coordinate i + 0.5, this project at i, so the
half pixel is added here and nowhere else.  The picture's first row is the framebuffer's
first row (v grows with the window's y): read-back needs no flip, and windings mirror.
"""

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import Array, make_transform

NEAR = 0.005  # m; nearer than any part of the cell comes to the lens
FAR = 0.6  # m; farther than the cavity wall


def clip_from_camera(eye: Intrinsics, near: float = NEAR, far: float = FAR) -> Array:
    """Matrix (4, 4) from points of the optical frame (m) to clip space; w is the metric depth."""
    P = np.zeros((4, 4))
    P[0, 0] = 2.0 * eye.fx / eye.width
    P[0, 2] = 2.0 * (eye.cx + 0.5) / eye.width - 1.0
    P[1, 1] = 2.0 * eye.fy / eye.height
    P[1, 2] = 2.0 * (eye.cy + 0.5) / eye.height - 1.0
    P[2, 2] = (far + near) / (far - near)
    P[2, 3] = -2.0 * far * near / (far - near)
    P[3, 2] = 1.0
    return P


def scaled_intrinsics(eye: Intrinsics, width: int, height: int) -> Intrinsics:
    """The same eye at another size: focal lengths scale, centres by the half-pixel rule."""
    sx, sy = width / eye.width, height / eye.height
    return Intrinsics(
        width,
        height,
        eye.fx * sx,
        eye.fy * sy,
        (eye.cx + 0.5) * sx - 0.5,
        (eye.cy + 0.5) * sy - 0.5,
        eye.distortion,
    )


def scaled_rig(rig: StereoRig, width: int, height: int) -> StereoRig:
    """A stereo rig with both eyes at another size in px; the baseline (m) stays."""
    return StereoRig(
        scaled_intrinsics(rig.left, width, height),
        scaled_intrinsics(rig.right, width, height),
        make_transform(rig.T_left_right[:3, :3], rig.T_left_right[:3, 3]),
    )
