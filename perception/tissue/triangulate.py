# SPDX-License-Identifier: Apache-2.0
"""Points in 3-D from a rectified pair, with the covariance that pixels and disparity give them.

Z = f b / d, X = (u - cx) Z / f, Y = (v - cy) Z / f;  covariance = J S J^T with
S = diag(sigma_u^2, sigma_v^2, sigma_d^2) and J the derivative of (X, Y, Z) by (u, v, d).
"""

import numpy as np

from trocar.camera import StereoRig
from trocar.geometry import Array


def triangulate(rig: StereoRig, uv: Array, disparity: Array, sigma: Array) -> tuple[Array, Array]:
    """Points (N, 3) m in the rectified left frame and covariances (N, 3, 3) m^2.

    uv (N, 2) px, disparity (N,) px, sigma (N, 3) px of (u, v, disparity).  A disparity that
    is not positive gives NaN: it is no point in front of the cameras.
    """
    eye = rig.left
    disparity = np.where(disparity > 0.0, disparity, np.nan)
    depth = eye.fx * rig.baseline / disparity
    point = eye.unproject(uv, depth)
    jacobian = np.zeros((len(uv), 3, 3))
    jacobian[:, 0, 0] = depth / eye.fx
    jacobian[:, 1, 1] = depth / eye.fy
    jacobian[:, :, 2] = -point / disparity[:, None]
    scaled = jacobian * sigma[:, None, :]
    return point, scaled @ np.swapaxes(scaled, 1, 2)
