# SPDX-License-Identifier: Apache-2.0
"""Lens distortion as OpenCV and `Intrinsics.distortion` mean it: Brown-Conrady, both ways.

x, y on the plane z = 1, r2 = x^2 + y^2 (OpenCV, "Camera Calibration and 3D Reconstruction"):

    x' = x (1 + k1 r2 + k2 r2^2 + k3 r2^3) + 2 p1 x y + p2 (r2 + 2 x^2)
    y' = y (1 + k1 r2 + k2 r2^2 + k3 r2^3) + p1 (r2 + 2 y^2) + 2 p2 x y
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from trocar.camera import Intrinsics
from trocar.errors import ConfigurationError
from trocar.geometry import Array

_MARGIN_LIMIT = 0.5  # of the picture's width; more is a fish-eye, which this model does not fit


def distort(xy: ArrayLike, k: Sequence[float]) -> Array:
    """Distorted points (..., 2) of points (..., 2) on the plane z = 1."""
    x, y = np.moveaxis(np.asarray(xy, dtype=float), -1, 0)
    k1, k2, p1, p2, k3 = k
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    return np.stack(
        [
            x * radial + 2.0 * p1 * x * y + p2 * (r2 + 2.0 * x * x),
            y * radial + p1 * (r2 + 2.0 * y * y) + 2.0 * p2 * x * y,
        ],
        axis=-1,
    )


def _jacobian(xy: Array, k: Sequence[float]) -> Array:
    """d(distorted)/d(undistorted) (..., 2, 2)."""
    x, y = np.moveaxis(xy, -1, 0)
    k1, k2, p1, p2, k3 = k
    r2 = x * x + y * y
    radial = 1.0 + r2 * (k1 + r2 * (k2 + r2 * k3))
    slope = 2.0 * (k1 + r2 * (2.0 * k2 + 3.0 * k3 * r2))
    cross = slope * x * y + 2.0 * (p1 * x + p2 * y)
    J = np.empty((*xy.shape, 2))
    J[..., 0, 0] = radial + slope * x * x + 2.0 * p1 * y + 6.0 * p2 * x
    J[..., 1, 1] = radial + slope * y * y + 6.0 * p1 * y + 2.0 * p2 * x
    J[..., 0, 1] = J[..., 1, 0] = cross
    return J


def undistort(xy_distorted: ArrayLike, k: Sequence[float], iterations: int = 20) -> Array:
    """Inverse of `distort` by Newton's method; NaN where it does not converge."""
    target = np.asarray(xy_distorted, dtype=float)
    xy = target.copy()
    with np.errstate(all="ignore"):
        for _ in range(iterations):
            J, r = _jacobian(xy, k), distort(xy, k) - target
            det = J[..., 0, 0] * J[..., 1, 1] - J[..., 0, 1] * J[..., 1, 0]
            dx = (J[..., 1, 1] * r[..., 0] - J[..., 0, 1] * r[..., 1]) / det
            dy = (J[..., 0, 0] * r[..., 1] - J[..., 1, 0] * r[..., 0]) / det
            xy = xy - np.stack([dx, dy], axis=-1)
        bad = ~(np.abs(distort(xy, k) - target).max(axis=-1) < 1e-9)
        # A root beyond the first fold of the lens is a root of the polynomial, not of the lens.
        bad |= np.linalg.det(np.nan_to_num(_jacobian(xy, k))) <= 0.0
    xy[bad] = np.nan
    return xy


def raw_pixels(eye: Intrinsics, p_eye: ArrayLike) -> Array:
    """Pixels (..., 2) of points (..., 3) in m of the eye's frame, distortion included."""
    if not any(eye.distortion):
        return eye.project(p_eye)
    p = np.asarray(p_eye, dtype=float)
    with np.errstate(divide="ignore", invalid="ignore"):
        xy = distort(p[..., :2] / p[..., 2:], eye.distortion)
    return xy * [eye.fx, eye.fy] + [eye.cx, eye.cy]


def ideal_pixels(eye: Intrinsics) -> Array:
    """(H, W, 2) where each pixel of the raw picture lies in the pinhole's; refuses folds."""
    v, u = np.mgrid[: eye.height, : eye.width].astype(float)
    focal, centre = np.array([eye.fx, eye.fy]), np.array([eye.cx, eye.cy])
    xy = undistort((np.stack([u, v], -1) - centre) / focal, eye.distortion)
    uv = xy * focal + centre
    reach = np.abs(uv - np.stack([u, v], -1)).max()
    if not np.isfinite(uv).all() or reach > _MARGIN_LIMIT * eye.width:
        raise ConfigurationError(
            f"endoscope.distortion {tuple(eye.distortion)}: the lens folds or leaves the picture's "
            "plane inside the picture; use smaller coefficients (k1, k2, p1, p2, k3)"
        )
    return np.asarray(uv)
