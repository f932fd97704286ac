# SPDX-License-Identifier: Apache-2.0
"""Pinhole cameras and the stereo rig.

Camera frames are optical (x right, y down, z forward); image coordinates are
(u, v) in px with integer pixel centres.  Distortion is OpenCV's (k1, k2, p1, p2, k3).
The camera frame `camera` is the left eye's.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array


@dataclass(frozen=True)
class Intrinsics:
    """One eye: focal lengths and principal point in px, distortion (5,), size in px."""

    width: int
    height: int
    fx: float
    fy: float
    cx: float
    cy: float
    distortion: tuple[float, ...] = (0.0, 0.0, 0.0, 0.0, 0.0)

    @property
    def matrix(self) -> Array:
        """Camera matrix (3, 3) in px."""
        return np.array([[self.fx, 0.0, self.cx], [0.0, self.fy, self.cy], [0.0, 0.0, 1.0]])

    def project(self, p_camera: ArrayLike) -> Array:
        """Pixels (..., 2) of points (..., 3) in m by the pinhole model, distortion left out."""
        p = np.asarray(p_camera, dtype=float)
        with np.errstate(divide="ignore", invalid="ignore"):
            u = self.fx * p[..., 0] / p[..., 2] + self.cx
            v = self.fy * p[..., 1] / p[..., 2] + self.cy
        return np.stack([u, v], axis=-1)

    def unproject(self, uv: ArrayLike, depth: ArrayLike) -> Array:
        """Points (..., 3) in m of undistorted pixels (..., 2) at depths (...) in m."""
        uv = np.asarray(uv, dtype=float)
        z = np.asarray(depth, dtype=float)
        x = (uv[..., 0] - self.cx) / self.fx * z
        y = (uv[..., 1] - self.cy) / self.fy * z
        return np.stack([x, y, np.broadcast_to(z, x.shape)], axis=-1)


@dataclass(frozen=True)
class StereoRig:
    """Two eyes; `T_left_right` is the pose of the right eye in the left (translation in m)."""

    left: Intrinsics
    right: Intrinsics
    T_left_right: Array = field(default_factory=lambda: np.eye(4))

    @property
    def baseline(self) -> float:
        """Distance between the eyes in m."""
        return float(np.linalg.norm(self.T_left_right[:3, 3]))
