# SPDX-License-Identifier: Apache-2.0
"""`TargetTracker`: a smooth frame that rides on one material point of the tissue.

Origin on the locally fitted surface at the selected point, z along the outward normal
(towards the camera), x turning with the tissue about it.  While the patch is hidden the
frame rides on carried and neighbouring points; with nothing to ride on it is predicted
with growing covariance, DEGRADED, then LOST.  Everything is in the camera frame of the
points it is given.
"""

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import Health, TargetEstimate, TissuePoints
from trocar.geometry import Array, make_transform
from trocar.perception.tissue.config import TargetConfig
from trocar.perception.tissue.deformation import fit_local_affine
from trocar.perception.tissue.motion_filter import OrientationFilter, PositionFilter
from trocar.perception.tissue.surface import Projective, SurfaceFix, measure, to_projective

_NORMAL_FLOOR_RAD = 0.02  # tissue is rougher than a quadratic
_SPIN_SIGMA = 0.05  # rad/s


class TargetTracker:
    """One target; `select` moves it, `update` follows it."""

    def __init__(self, config: TargetConfig | None = None) -> None:
        """Nothing is tracked before the first frame with enough points."""
        self.config = config or TargetConfig()
        self._wanted_uv: Array | None = np.array(self.config.select_uv)
        self._forget()

    def _forget(self) -> None:
        self._delta: dict[int, Array] = {}
        self._linear: Array = np.eye(2)
        self._position: PositionFilter | None = None
        self._orientation: OrientationFilter | None = None
        self._normal_variance = 1.0
        self._stamp_ns = 0
        self._blind_s = 0.0
        self.uv: Array | None = None

    def select(self, uv: Array | tuple[float, float]) -> None:
        """Follow the material point at left pixel uv (2,), from the next fit frame on."""
        wanted = np.asarray(uv, dtype=float)
        if wanted.shape != (2,) or not np.isfinite(wanted).all():
            raise ValueError(
                f"select: uv is {wanted.tolist()}, it must be two finite pixels (u, v)"
            )
        self._wanted_uv = wanted

    def update(self, points: TissuePoints) -> TargetEstimate | None:
        """Target at the points' stamp; None until one could be selected."""
        p = to_projective(points)
        if self._wanted_uv is not None:
            self._try_select(p, self._wanted_uv)
        if not self._delta and self._position is None:
            return None
        dt = max((points.stamp_ns - self._stamp_ns) * 1e-9, 1e-4) if self._stamp_ns else 1e-4
        self._stamp_ns = points.stamp_ns
        member = np.array([int(i) in self._delta for i in p.ids], dtype=bool)
        inside = _pick(p, member)
        delta = np.array([self._delta[int(i)] for i in inside.ids]).reshape(-1, 2)
        fix = measure(inside, delta, self._linear, self.config)
        visible = int(inside.visible.sum())
        self._filter(fix, dt)
        self._blind_s = 0.0 if visible >= self.config.min_visible else self._blind_s + dt
        if fix is not None:
            self._linear = fix.linear
            if fix.effective > 0.5 and visible >= self.config.min_visible:
                self._adopt(p, member, fix)
            self._locate(inside, fix)
        present = set(points.ids.tolist())
        self._delta = {i: d for i, d in self._delta.items() if i in present}
        return self._estimate(points.stamp_ns, visible, fix)

    # --- patch ----------------------------------------------------------------------------

    def _try_select(self, p: Projective, uv: Array) -> None:
        c = self.config
        seen = p.visible & (p.var_q < (c.select_disparity_sigma / c.baseline_m) ** 2)
        near = seen & np.isfinite(p.uv).all(axis=1)
        if near.sum() < c.min_points:
            return
        at = fit_local_affine(p.uv[near], p.xy[near], uv[None], c.min_points)
        xy = at.value[0]
        offset = p.xy - xy
        rows = near & (np.linalg.norm(offset, axis=1) < c.radius)
        if rows.sum() < c.min_points:
            return
        self._forget()
        self._wanted_uv = None
        self._delta = {int(i): d for i, d in zip(p.ids[rows], offset[rows], strict=True)}

    def _adopt(self, p: Projective, member: NDArray[np.bool_], fix: SurfaceFix) -> None:
        """Visible newcomers join with the offset that today's map gives them."""
        offset = (p.xy - fix.xy) @ np.linalg.inv(fix.linear).T
        # a newborn without a disparity has no place in the patch yet
        joins = p.visible & ~member & (np.linalg.norm(offset, axis=1) < self.config.radius)
        joins &= p.var_xy < 4.0 * self.config.model_sigma**2
        for i, d in zip(p.ids[joins], offset[joins], strict=True):
            self._delta[int(i)] = d

    def _locate(self, inside: Projective, fix: SurfaceFix) -> None:
        if len(inside.ids) >= 3:
            self.uv = fit_local_affine(
                inside.xy, inside.uv, fix.xy[None], self.config.min_points
            ).value[0]

    # --- filter ---------------------------------------------------------------------------

    def _filter(self, fix: SurfaceFix | None, dt: float) -> None:
        c = self.config
        if self._position is None or self._orientation is None:
            if fix is not None:
                self._position = PositionFilter(
                    fix.position, fix.covariance, c.jerk_density, c.acceleration_memory_s
                )
                self._orientation = OrientationFilter(
                    _frame(fix), c.normal_time_constant_s, c.spin_time_constant_s
                )
                self._normal_variance = fix.normal_variance
            return
        self._position.predict(dt)
        if fix is None:
            self._orientation.step(None, dt, 0.0)
            return
        self._position.correct(fix.position, fix.covariance, c.gate)
        self._orientation.step(_frame(fix), dt, fix.effective)
        self._normal_variance += (1.0 - np.exp(-dt / c.normal_time_constant_s)) * (
            fix.normal_variance - self._normal_variance
        )

    # --- report ---------------------------------------------------------------------------

    def _estimate(
        self, stamp_ns: int, visible: int, fix: SurfaceFix | None
    ) -> TargetEstimate | None:
        position, orientation = self._position, self._orientation
        if position is None or orientation is None:
            return None
        covariance, twist_covariance = np.zeros((6, 6)), np.zeros((6, 6))
        covariance[:3, :3] = position.covariance[:3, :3]
        covariance[3:, 3:] = np.eye(3) * (self._normal_variance + _NORMAL_FLOOR_RAD**2)
        twist_covariance[:3, :3] = position.covariance[3:6, 3:6]
        twist_covariance[3:, 3:] = np.eye(3) * _SPIN_SIGMA**2
        health, reason = self._judge(
            visible, float(np.sqrt(np.linalg.eigvalsh(covariance[:3, :3])[-1]))
        )
        return TargetEstimate(
            stamp_ns,
            make_transform(orientation.rotation, position.position),
            np.concatenate([position.velocity, orientation.spin]),
            covariance,
            twist_covariance,
            visible,
            health,
            reason,
        )

    def _judge(self, visible: int, sigma: float) -> tuple[Health, str]:
        c, members = self.config, len(self._delta)
        seen = f"{visible} of {members} patch points visible"
        if not members:
            return Health.LOST, "target patch is gone; select a new point"
        if sigma > c.lost_sigma_m:
            return (
                Health.LOST,
                f"target uncertain by {1e3 * sigma:.1f} mm, limit {1e3 * c.lost_sigma_m:.0f} mm",
            )
        if self._blind_s > c.lost_after_s:
            return Health.LOST, f"target hidden for {self._blind_s:.1f} s; {seen}"
        if visible < c.min_visible:
            return Health.DEGRADED, f"target hidden: {seen}, {c.min_visible} needed"
        if sigma > c.good_sigma_m:
            return Health.DEGRADED, f"target uncertain by {1e3 * sigma:.1f} mm; {seen}"
        return Health.GOOD, ""


def _frame(fix: SurfaceFix) -> Array:
    """Axes (3, 3) in camera: z the outward normal, x the camera's x turned with the tissue."""
    A = fix.linear
    angle = np.arctan2(A[1, 0] - A[0, 1], A[0, 0] + A[1, 1])
    z = fix.normal
    x = np.array([np.cos(angle), np.sin(angle), 0.0])
    x -= (x @ z) * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)


def _pick(p: Projective, rows: NDArray[np.bool_]) -> Projective:
    return Projective(
        p.ids[rows],
        p.xy[rows],
        p.q[rows],
        p.var_xy[rows],
        p.var_q[rows],
        p.visible[rows],
        p.uv[rows],
    )
