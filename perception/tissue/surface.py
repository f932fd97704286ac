# SPDX-License-Identifier: Apache-2.0
"""Where a material point is now, from the patch of points round it, in one frame.

Points are taken as (x, y, q) = (X/Z, Y/Z, 1/Z) in the camera frame: there the image noise
is simple and a plane stays a plane (n . P = 1  <=>  q = n . (x, y, 1)).  The patch keeps an
offset `delta` per member; the frame's affine map  xy_i = xy + A delta_i  gives the image
position, a quadratic  q = a + g . r + r^T H r  with a curvature prior gives depth and normal.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import PointState, TissuePoints
from trocar.geometry import Array
from trocar.perception.tissue.config import TargetConfig

_REWEIGHTINGS = 2
_HUBER = 2.0  # sigmas


@dataclass(frozen=True)
class Projective:
    """Points as (x, y, q): ids (N,), xy (N, 2), q (N,) 1/m, variances var_xy (N,), var_q (N,)."""

    ids: NDArray[np.int32]
    xy: Array
    q: Array
    var_xy: Array
    var_q: Array
    visible: NDArray[np.bool_]
    uv: Array


def to_projective(points: TissuePoints) -> Projective:
    """All points of a frame that have a position; lost ones are left out."""
    p, S = points.p_camera, points.covariance
    with np.errstate(invalid="ignore"):
        rows = np.isfinite(p).all(axis=1) & (p[:, 2] > 1e-3) & (points.state != PointState.LOST)
    p, S = p[rows], S[rows]
    z = p[:, 2]
    variance = []
    for axis in (0, 1):
        slope = np.zeros_like(p)
        slope[:, axis], slope[:, 2] = 1.0 / z, -p[:, axis] / z**2
        variance.append(np.einsum("ni,nij,nj->n", slope, S, slope))
    return Projective(
        points.ids[rows],
        p[:, :2] / z[:, None],
        1.0 / z,
        np.maximum(np.mean(variance, axis=0), 1e-12),
        np.maximum(S[:, 2, 2] / z**4, 1e-12),
        points.state[rows] == PointState.VISIBLE,
        points.uv_left[rows],
    )


@dataclass(frozen=True)
class SurfaceFix:
    """One frame's measurement of the material point.

    position (3,) m, covariance (3, 3) m2, normal (3,) towards the camera, normal_variance
    rad2 per axis, linear (2, 2) the patch's affine map, effective: weight of seen members
    over all weight in [0, 1].
    """

    xy: Array
    position: Array
    covariance: Array
    normal: Array
    normal_variance: float
    linear: Array
    effective: float


def _robust_solve(
    design: Array, value: Array, variance: Array, near: Array, prior: Array, mean: Array
) -> tuple[Array, Array]:
    """Huber-weighted least squares with prior information `prior` (P,) about `mean` (P, D).

    Returns the solution (P, D) and the parameters' covariance (P, P) for one column.
    """
    weight = near / variance
    for _ in range(_REWEIGHTINGS + 1):
        information = (design * weight[:, None]).T @ design + np.diag(prior)
        covariance = np.asarray(np.linalg.inv(information), dtype=float)
        solution = covariance @ (design.T @ (weight[:, None] * value) + prior[:, None] * mean)
        residual = np.linalg.norm(value - design @ solution, axis=1) / np.sqrt(
            value.shape[1] * variance
        )
        weight = near / variance * np.minimum(1.0, _HUBER / np.maximum(residual, 1e-9))
    # members agree worse than their sigmas say: believe the residual
    chi2 = float((near * np.minimum(residual, 3.0) ** 2).sum() / max(near.sum(), 1e-9))
    scale: float = max(1.0, chi2)
    return solution, covariance * scale


def measure(
    p: Projective, delta: Array, linear_before: Array, config: TargetConfig
) -> SurfaceFix | None:
    """Fix from members p with offsets delta (N, 2); None with fewer than four members."""
    if len(delta) < 4:
        return None
    distance2 = (delta**2).sum(axis=1)
    for spread in config.spreads:
        near = np.exp(-0.5 * distance2 / spread**2)
        if near[p.visible].sum() >= config.min_points:
            break
    seen = float(near[p.visible].sum() / max(near.sum(), 1e-12))
    hidden = near * ~p.visible
    design = np.column_stack([np.ones(len(delta)), delta])
    prior = np.array([0.0, 1.0, 1.0]) / 0.05**2  # the map changes by per cents within a frame
    mean = np.vstack([np.zeros(2), linear_before.T])
    solution, cov_xy = _robust_solve(
        design, p.xy, p.var_xy + config.model_sigma**2, near, prior, mean
    )
    xy, linear = solution[0], solution[1:].T
    r = p.xy - xy
    quadratic = np.column_stack([np.ones(len(r)), r, r[:, 0] ** 2, r[:, 0] * r[:, 1], r[:, 1] ** 2])
    bend = 1.0 / config.curvature_sigma**2
    prior = np.array([0.0, 1e-6, 1e-6, bend, bend, bend])
    q_fit, cov_q = _robust_solve(quadratic, p.q[:, None], p.var_q, near, prior, np.zeros((6, 1)))
    q, slope = float(q_fit[0, 0]), q_fit[1:3, 0]
    if q <= 0.0:
        return None
    # carried members err together, so their number does not average their error away
    common = (hidden.sum() / near.sum()) ** 2
    carried_xy = common * (hidden @ p.var_xy) / max(hidden.sum(), 1e-12)
    carried_q = common * (hidden @ p.var_q) / max(hidden.sum(), 1e-12)
    bias_q = config.disparity_bias / config.baseline_m
    S = np.diag(
        [cov_xy[0, 0] + carried_xy + config.image_bias**2] * 2
        + [cov_q[0, 0] + carried_q + bias_q**2]
    )
    z = 1.0 / q
    J = np.array([[z, 0.0, -xy[0] * z**2], [0.0, z, -xy[1] * z**2], [0.0, 0.0, -(z**2)]])
    plane = np.array([slope[0], slope[1], q - slope @ xy])
    return SurfaceFix(
        xy,
        np.array([xy[0] * z, xy[1] * z, z]),
        J @ S @ J.T,
        -plane / np.linalg.norm(plane),
        float(max(cov_q[1, 1], cov_q[2, 2])) * z**2,
        linear,
        seen,
    )
