# SPDX-License-Identifier: Apache-2.0
"""The registration of one arm to the camera, as far as control believes it.

Perception says where it sees the tool (`ToolEstimate`); this module decides whether to
believe it, and moves *one latched correction* towards it, slowly enough for the arm.
The same latched value is used to publish poses and to understand commands, so a set-point
sent back unchanged moves nothing while the correction changes (design.md, section 3).

T_camera_base (corrected) = T_correction @ T_camera_base (nominal).
"""

from collections import deque
from dataclasses import dataclass

import numpy as np

from trocar.estimates import Health, ToolEstimate
from trocar.geometry import Array, exp_so3, inverse, log_so3, make_transform, transform_points

NS = 1_000_000_000


@dataclass(frozen=True)
class RegistrationConfig:
    """Gates, rates and ages; lengths in m, angles in rad, ages in s.

    The rates are those of the control point as seen by the camera.  The gates allow for the
    tool tracker's prior (5-10 mm, 3-5 deg) having been overcome by images; the angular one
    is wide because rotation about the shaft is weakly observed and hardly moves the tip.
    """

    linear_rate: float = 0.010
    angular_rate: float = np.deg2rad(5.0)
    time_constant: float = 0.15  # smooths what the images jitter, adds 0.15 s to a change
    sigma_linear_max: float = 0.003
    sigma_angular_max: float = np.deg2rad(8.0)
    correction_linear_max: float = 0.040  # 10 mm/5 deg at the RCM is 25 mm at the tip, p95
    correction_angular_max: float = np.deg2rad(15.0)
    datum_age_max: float = 0.5  # an estimate older than this on arrival is not news
    slow_age: float = 3.0  # a base does not move by itself: what ages is the confidence
    hold_age: float = 8.0
    settled_linear: float = 0.0015  # the latched correction has arrived
    history_s: float = 1.0


@dataclass(frozen=True)
class RegistrationStatus:
    """Where the registration stands: `speed` in [0, 1] is what a consumer may still do with it."""

    T_camera_base: Array
    age_s: float  # of the last believed estimate; inf where none was
    speed: float
    is_settled: bool
    reason: str


class Registration:
    """Latches the corrections of one arm; `T_camera_base_nominal` (4, 4) from the site file.

    `is_fixed` keeps the nominal transform and takes no estimates: kinematics only.
    """

    def __init__(
        self,
        T_camera_base_nominal: Array,
        config: RegistrationConfig | None = None,
        *,
        is_fixed: bool = False,
    ) -> None:
        """Start from the nominal transform, with nothing believed yet."""
        self.config = config or RegistrationConfig()
        self.T_camera_base_nominal = np.array(T_camera_base_nominal, dtype=float)
        self.is_fixed = is_fixed
        self.rejected = 0
        self.accepted = 0
        self._T_goal = np.eye(4)
        self._T_latched = np.eye(4)
        self._p_base_tool = np.zeros(3)
        self._stamp_ns: int | None = None
        self._updated_ns: int | None = None
        self._reason = "no tool estimate yet"
        self._history: deque[tuple[int, Array]] = deque()

    # --- estimates in --------------------------------------------------------------
    def add(self, estimate: ToolEstimate, now_ns: int) -> str:
        """Take one estimate; returns "" where it is believed, otherwise why not."""
        if self.is_fixed:
            return "the registration is fixed"
        reason = self._gate(estimate, now_ns)
        if reason:
            self.rejected += 1
            self._reason = reason
            return reason
        self.accepted += 1
        self._reason = ""
        self._stamp_ns = estimate.stamp_ns
        self._T_goal = np.array(estimate.T_correction, dtype=float)
        T_camera_base = self._T_goal @ self.T_camera_base_nominal
        self._p_base_tool = (inverse(T_camera_base) @ estimate.T_camera_tool)[:3, 3]
        return ""

    def _gate(self, estimate: ToolEstimate, now_ns: int) -> str:
        c = self.config
        if estimate.health == Health.LOST:
            return f"tool lost: {estimate.reason or 'no reason given'}"
        arrays = (estimate.T_correction, estimate.T_camera_tool, estimate.covariance)
        if not all(np.all(np.isfinite(a)) for a in arrays):
            return "tool estimate is not finite"
        if self._stamp_ns is not None and estimate.stamp_ns <= self._stamp_ns:
            return "tool estimate is not newer than the last one"
        age = (now_ns - estimate.stamp_ns) / NS
        if age > c.datum_age_max:
            return f"tool estimate is {age:.2f} s old, allowed {c.datum_age_max:g} s"
        sigma = np.sqrt(np.maximum(_largest_variances(estimate.covariance), 0.0))
        if sigma[0] > c.sigma_linear_max:
            limit = c.sigma_linear_max * 1e3
            return f"tool uncertain by {sigma[0] * 1e3:.1f} mm, allowed {limit:g} mm"
        if sigma[1] > c.sigma_angular_max:
            limit = np.rad2deg(c.sigma_angular_max)
            return f"tool uncertain by {np.rad2deg(sigma[1]):.1f} deg, allowed {limit:g} deg"
        return self._gate_size(estimate)

    def _gate_size(self, estimate: ToolEstimate) -> str:
        c = self.config
        p_seen = estimate.T_camera_tool[:3, 3]
        p_nominal = transform_points(inverse(estimate.T_correction), p_seen)
        distance = float(np.linalg.norm(p_seen - p_nominal))
        angle = float(np.linalg.norm(log_so3(estimate.T_correction[:3, :3])))
        if distance > c.correction_linear_max or angle > c.correction_angular_max:
            return (
                f"correction of {distance * 1e3:.0f} mm, {np.rad2deg(angle):.0f} deg is larger than"
                f" the site file can be wrong ({c.correction_linear_max * 1e3:.0f} mm,"
                f" {np.rad2deg(c.correction_angular_max):.0f} deg); check T_camera_base"
            )
        return ""

    # --- time ----------------------------------------------------------------------
    def advance(self, now_ns: int) -> None:
        """Move the latched correction towards the believed one, within the rates."""
        dt = 0.0 if self._updated_ns is None else max(0.0, (now_ns - self._updated_ns) / NS)
        self._updated_ns = now_ns if self._updated_ns is None else max(now_ns, self._updated_ns)
        if dt > 0.0:
            self._step(dt)
        self._remember(self._updated_ns)

    def _step(self, dt: float) -> None:
        p_tool = self._p_camera_tool(self._T_latched)
        dp = self._p_camera_tool(self._T_goal) - p_tool
        w = log_so3(self._T_goal[:3, :3] @ self._T_latched[:3, :3].T)
        share = -np.expm1(-dt / self.config.time_constant)
        dp = _limited(dp * share, self.config.linear_rate * dt)
        w = _limited(w * share, self.config.angular_rate * dt)
        R = exp_so3(w)
        # A rotation about the tool, then its translation: the tip's own rate is what is limited.
        T_step = make_transform(R, p_tool + dp - R @ p_tool)
        self._T_latched = T_step @ self._T_latched

    def _p_camera_tool(self, T_correction: Array) -> Array:
        return transform_points(T_correction @ self.T_camera_base_nominal, self._p_base_tool)

    def _remember(self, now_ns: int) -> None:
        history = self._history
        if history and history[-1][0] >= now_ns:
            history.pop()
        history.append((now_ns, self._T_latched.copy()))
        while history[0][0] < now_ns - self.config.history_s * NS:
            history.popleft()

    # --- out -----------------------------------------------------------------------
    @property
    def T_correction(self) -> Array:
        """The latched correction (4, 4), in camera axes."""
        return self._T_latched.copy()

    @property
    def last_refusal(self) -> str:
        """Why the newest estimate was not believed; "" where it was."""
        return self._reason

    @property
    def lag_m(self) -> float:
        """Distance in m that the control point still has to move in the camera's eyes."""
        gap = self._p_camera_tool(self._T_goal) - self._p_camera_tool(self._T_latched)
        return float(np.linalg.norm(gap))

    def T_correction_at(self, stamp_ns: int) -> Array:
        """The correction latched at that stamp, within the last second; else the nearest kept."""
        for kept_ns, T in reversed(self._history):
            if kept_ns <= stamp_ns:
                return T.copy()
        return self._history[0][1].copy() if self._history else self.T_correction

    def T_camera_base_corrected(self, now_ns: int) -> Array:
        """Corrected pose of the base in the camera after moving on to `now_ns`."""
        self.advance(now_ns)
        return self._T_latched @ self.T_camera_base_nominal

    T_camera_base = T_camera_base_corrected

    def age_s(self, now_ns: int) -> float:
        """Age in s of the last believed estimate; inf where none was, 0 where fixed."""
        if self.is_fixed:
            return 0.0
        return float("inf") if self._stamp_ns is None else (now_ns - self._stamp_ns) / NS

    def status(self, now_ns: int) -> RegistrationStatus:
        """Corrected transform with its age and how far it may be used: full, slowed, held."""
        T_camera_base = self.T_camera_base_corrected(now_ns)
        age = self.age_s(now_ns)
        c = self.config
        if np.isinf(age):
            speed, reason = 0.0, f"not registered: {self._reason}"
        else:
            speed = float(np.clip((c.hold_age - age) / (c.hold_age - c.slow_age), 0.0, 1.0))
            reason = "" if speed == 1.0 else f"registration is {age:.1f} s old: {self._reason}"
        return RegistrationStatus(T_camera_base, age, speed, self.lag_m <= c.settled_linear, reason)


def _largest_variances(covariance: Array) -> Array:
    return np.array([np.linalg.eigvalsh(covariance[i : i + 3, i : i + 3])[-1] for i in (0, 3)])


def _limited(v: Array, length: float) -> Array:
    n = float(np.linalg.norm(v))
    return v if n <= length else v * (length / n)
