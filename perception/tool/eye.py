# SPDX-License-Identifier: Apache-2.0
"""One eye of the endoscope as the tool tracker needs it: projection and its derivative."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import Array, inverse, transform_points


@dataclass(frozen=True)
class Eye:
    """One camera: intrinsics, and the pose of the left camera in it."""

    name: str
    intrinsics: Intrinsics
    T_eye_camera: Array

    def project(self, p_camera: Array) -> Array:
        """Pixels (..., 2) of points (..., 3) given in `camera`."""
        return self.intrinsics.project(transform_points(self.T_eye_camera, p_camera))

    def depth(self, p_camera: Array) -> Array:
        """Depth (...) in m of points (..., 3) given in `camera`."""
        return np.asarray(p_camera @ self.T_eye_camera[2, :3] + self.T_eye_camera[2, 3])

    def is_inside(self, uv: Array, margin_px: float = 0.0) -> NDArray[np.bool_]:
        """Boolean (...): pixel at least `margin_px` from the border."""
        u, v = uv[..., 0], uv[..., 1]
        far_u = self.intrinsics.width - 1 - margin_px
        far_v = self.intrinsics.height - 1 - margin_px
        return (u >= margin_px) & (u <= far_u) & (v >= margin_px) & (v <= far_v)

    def pixel_jacobian(self, p_camera: Array) -> Array:
        """Derivative (N, 2, 3) of the pixels of points (N, 3)."""
        p = transform_points(self.T_eye_camera, p_camera)
        f = np.array([self.intrinsics.fx, self.intrinsics.fy])
        J = np.zeros((len(p), 2, 3))
        J[:, 0, 0], J[:, 1, 1] = (f / p[:, 2:3]).T
        J[:, :, 2] = -f * p[:, :2] / p[:, 2:3] ** 2
        return J @ self.T_eye_camera[:3, :3]


def make_eyes(rig: StereoRig) -> tuple[Eye, Eye]:
    """Left and right eye of a rectified rig."""
    return (
        Eye("left", rig.left, np.eye(4)),
        Eye("right", rig.right, inverse(rig.T_left_right)),
    )
