# SPDX-License-Identifier: Apache-2.0
"""Rigid-body geometry on plain arrays.

`T_a_b` is the pose of b in a, a (4, 4) homogeneous matrix; twists and tangent
vectors are (6,) = (linear, angular); quaternions appear only at boundaries and
are `quat_xyzw`.  Equations: Murray, Li, Sastry, "A Mathematical Introduction to
Robotic Manipulation" (1994), ch. 2; Sola et al., "A micro Lie theory" (2018).
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SMALL_ANGLE = 1e-8  # rad; below it the series is exact to double precision
QUATERNION_NORM_TOLERANCE = 1e-3  # design.md, section 2: nearer is normalised, farther refused


def skew(v: ArrayLike) -> Array:
    """Cross-product matrix (3, 3) of v (3,)."""
    x, y, z = np.asarray(v, dtype=float)
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def exp_so3(w: ArrayLike) -> Array:
    """Rotation matrix (3, 3) of the rotation vector w (3,) in rad (Rodrigues)."""
    w = np.asarray(w, dtype=float)
    angle = float(np.linalg.norm(w))
    k = skew(w)
    if angle < _SMALL_ANGLE:
        return np.eye(3) + k + 0.5 * (k @ k)
    a = np.sin(angle) / angle
    b = 2.0 * np.sin(0.5 * angle) ** 2 / angle**2
    return np.eye(3) + a * k + b * (k @ k)


def log_so3(rotation: ArrayLike) -> Array:
    """Rotation vector (3,) in rad of a rotation matrix, angle in [0, pi]."""
    q = quat_xyzw_from_matrix(rotation)
    v, w = q[:3], q[3]
    n = float(np.linalg.norm(v))
    if n < _SMALL_ANGLE:
        return 2.0 * v / w
    return 2.0 * np.arctan2(n, w) / n * v


def _left_jacobian(w: Array) -> Array:
    angle = float(np.linalg.norm(w))
    k = skew(w)
    if angle < 1e-5:
        return np.eye(3) + 0.5 * k + k @ k / 6.0
    b = 2.0 * np.sin(0.5 * angle) ** 2 / angle**2
    c = (angle - np.sin(angle)) / angle**3
    return np.eye(3) + b * k + c * (k @ k)


def exp_se3(xi: ArrayLike) -> Array:
    """Transform (4, 4) of the tangent vector xi (6,) = (linear, angular)."""
    xi = np.asarray(xi, dtype=float)
    return make_transform(exp_so3(xi[3:]), _left_jacobian(xi[3:]) @ xi[:3])


def log_se3(T_a_b: ArrayLike) -> Array:
    """Tangent vector (6,) = (linear, angular) of a transform."""
    T = np.asarray(T_a_b, dtype=float)
    w = log_so3(T[:3, :3])
    return np.concatenate([np.linalg.solve(_left_jacobian(w), T[:3, 3]), w])


def make_transform(
    rotation: ArrayLike | None = None, translation: ArrayLike | None = None
) -> Array:
    """Homogeneous transform (4, 4) from a rotation (3, 3) and a translation (3,) in m."""
    T = np.eye(4)
    if rotation is not None:
        T[:3, :3] = rotation
    if translation is not None:
        T[:3, 3] = translation
    return T


def inverse(T_a_b: ArrayLike) -> Array:
    """`T_b_a` of `T_a_b`."""
    T = np.asarray(T_a_b, dtype=float)
    R_b_a = T[:3, :3].T
    return make_transform(R_b_a, -R_b_a @ T[:3, 3])


def transform_points(T_a_b: ArrayLike, p_b: ArrayLike) -> Array:
    """Points p_b (..., 3) expressed in a, in m."""
    T = np.asarray(T_a_b, dtype=float)
    return np.asarray(p_b, dtype=float) @ T[:3, :3].T + T[:3, 3]


def adjoint(T_a_b: ArrayLike) -> Array:
    """Adjoint (6, 6): maps a twist (linear, angular) in b to the same spatial twist in a."""
    T = np.asarray(T_a_b, dtype=float)
    R = T[:3, :3]
    Ad = np.zeros((6, 6))
    Ad[:3, :3] = R
    Ad[3:, 3:] = R
    Ad[:3, 3:] = skew(T[:3, 3]) @ R
    return Ad


def quat_xyzw_from_matrix(rotation: ArrayLike) -> Array:
    """Unit quaternion (x, y, z, w), w >= 0, of a rotation matrix (Shepperd 1978)."""
    R = np.asarray(rotation, dtype=float)[:3, :3]
    diagonal = np.array([R[0, 0], R[1, 1], R[2, 2], np.trace(R)])
    i = int(np.argmax(diagonal))
    q = np.empty(4)
    if i == 3:
        q[3] = 1.0 + diagonal[3]
        q[0], q[1], q[2] = R[2, 1] - R[1, 2], R[0, 2] - R[2, 0], R[1, 0] - R[0, 1]
    else:
        j, k = (i + 1) % 3, (i + 2) % 3
        q[i] = 1.0 + R[i, i] - R[j, j] - R[k, k]
        q[j] = R[j, i] + R[i, j]
        q[k] = R[k, i] + R[i, k]
        q[3] = R[k, j] - R[j, k]
    q /= np.linalg.norm(q)
    return -q if q[3] < 0.0 else q


def matrix_from_quat_xyzw(quat_xyzw: ArrayLike) -> Array:
    """Rotation matrix (3, 3) of a quaternion within 1e-3 of unit norm.

    Raises ValueError, naming the norm, where the quaternion is not finite or farther from unit.
    """
    q = np.asarray(quat_xyzw, dtype=float)
    n = float(np.linalg.norm(q))
    if q.shape != (4,) or not np.isfinite(n) or abs(n - 1.0) > QUATERNION_NORM_TOLERANCE:
        raise ValueError(
            f"quaternion {q.tolist()} has norm {n:.6g}, allowed 1 +- {QUATERNION_NORM_TOLERANCE:g}"
        )
    x, y, z, w = q / n
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def rotation_angle(R_a_b: ArrayLike) -> float:
    """Geodesic angle in rad of a rotation matrix."""
    return float(np.linalg.norm(log_so3(R_a_b)))


def look_at(eye: ArrayLike, target: ArrayLike, right: ArrayLike) -> Array:
    """Pose (4, 4) of an optical frame (x right, y down, z forward) at `eye`, looking at `target`.

    All three are in the parent frame, in m; `right` need only be roughly right of the picture.
    """
    eye = np.asarray(eye, dtype=float)
    z = np.asarray(target, dtype=float) - eye
    z /= np.linalg.norm(z)
    x = np.asarray(right, dtype=float)
    x = x - (x @ z) * z
    x /= np.linalg.norm(x)
    return make_transform(np.stack([x, np.cross(z, x), z], axis=1), eye)
