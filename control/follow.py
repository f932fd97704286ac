# SPDX-License-Identifier: Apache-2.0
"""Tissue following: the jaw tip stands off a tracked point along its normal and moves with it.

The goal p = p_target + stand_off * n is made in the camera frame, carried to now by the
target's own velocity, and brought into the arm's base frame through the *corrected*
registration.  The orientation is the one held at engagement.  The way in is limited in speed
relative to the tissue and in order: up to a safe height, across, then down along the normal,
so the jaw is never below the stand-off on the way.

The command is given at the image's stamp with the tissue's velocity; the loop carries it to its
own now (`ageing.carried_s` says how far).  Without usable news for 4 frame periods this holds,
after 1 s it gives up and waits for `engage`: it never begins again by itself.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from trocar import kinematics
from trocar.control.ageing import carried_s, rate_share
from trocar.control.registration import Registration
from trocar.estimates import Health, TargetEstimate
from trocar.geometry import Array, inverse, make_transform, transform_points

NS = 1_000_000_000


@dataclass(frozen=True)
class FollowConfig:
    """Lengths in m, speeds in m/s, times in s.  Frame periods as in design.md, section 2."""

    stand_off: float = 0.010
    clearance: float = 0.006  # extra height while crossing: the tissue round the point is lumpy
    capture: float = 0.0015  # lateral distance at which the descent begins
    escape: float = 0.004  # lateral distance at which it goes back up and across
    approach_speed: float = 0.030
    speed_max: float = 0.060  # of the tissue; a faster target is not believed
    frame_period: float = 1.0 / 15.0
    extrapolate_periods: float = 2.5
    hold_periods: float = 4.0
    give_up_age: float = 1.0
    sigma_max: float = 0.004  # of the target's position
    settled: float = 0.003  # tip this near to its goal: following, no more approaching

    @property
    def extrapolate_s(self) -> float:
        """Age in s up to which the target is carried with its full velocity."""
        return self.extrapolate_periods * self.frame_period

    @property
    def hold_s(self) -> float:
        """Age in s from which it stands still."""
        return self.hold_periods * self.frame_period


class FollowState(Enum):
    """OFF: not asked for.  WAITING: asked for, no usable target yet.  GIVEN_UP: `engage` anew."""

    OFF = "off"
    WAITING = "waiting"
    APPROACHING = "approaching"
    FOLLOWING = "following"
    HOLDING = "holding"
    GIVEN_UP = "given up"


class ArmSetpoint(Protocol):
    """What the follower needs of the arm's state: `_core.ArmState` has it."""

    @property
    def setpoint_q(self) -> Array:
        """Set-point of the axes (>= 6,)."""


@dataclass(frozen=True)
class FollowCommand:
    """A pose for `Arm.servo_cp(source=FOLLOW)` at the stamp of its image, or a hold.

    T_base_cp (4, 4) or None = hold; twist_base (6,) of the control point in base axes.
    """

    state: FollowState
    T_base_cp: Array | None
    twist_base: Array
    stamp_ns: int
    reason: str = ""


class TissueFollower:
    """One arm's follower; `update` at every tick while it has the arm."""

    def __init__(self, config: FollowConfig | None = None) -> None:
        """Begin switched off."""
        self.config = config or FollowConfig()
        self.state = FollowState.OFF
        self.reason = "not engaged"
        self._target: TargetEstimate | None = None
        self._R_base_cp = np.eye(3)
        self._p_base_tip: Array | None = None  # commanded tip at the last tick
        self._updated_ns = 0
        self._engaged_ns = 0
        self._is_descending = False

    def engage(self, now_ns: int) -> None:
        """Begin as soon as there is a GOOD target and a registration."""
        self.state, self.reason = FollowState.WAITING, "no target yet"
        self._engaged_ns = self._updated_ns = now_ns
        self._target, self._p_base_tip, self._is_descending = None, None, False

    def disengage(self, reason: str = "not engaged") -> None:
        """Stop commanding."""
        self.state, self.reason = FollowState.OFF, reason
        self._p_base_tip = None

    @property
    def is_engaged(self) -> bool:
        """True while it means to follow."""
        return self.state not in (FollowState.OFF, FollowState.GIVEN_UP)

    @property
    def is_commanding(self) -> bool:
        """True while it moves the arm."""
        return self.state in (FollowState.APPROACHING, FollowState.FOLLOWING)

    def update(
        self,
        now_ns: int,
        target: TargetEstimate | None,
        registration: Registration,
        arm_state: ArmSetpoint,
    ) -> FollowCommand:
        """The command of this tick; `target` is the newest estimate, also where it is not new."""
        dt = min(max(0.0, (now_ns - self._updated_ns) / NS), 0.05)
        self._updated_ns = max(self._updated_ns, now_ns)
        if not self.is_engaged:
            return self._hold(self.reason)
        news = self._take(target, now_ns)
        status = registration.status(now_ns)
        if self._target is None:
            return self._hold(news or "no target yet")
        age = (now_ns - self._target.stamp_ns) / NS
        if self.state == FollowState.WAITING:
            if news or status.speed == 0.0 or not status.is_settled:
                return self._hold(news or status.reason or "the registration is still settling")
            self._begin(arm_state)
        if age > self.config.give_up_age:
            self.state = FollowState.GIVEN_UP
            self._p_base_tip = None
            limit = f"{self.config.give_up_age:g} s"
            return self._hold(f"no usable target for {limit}: {news or 'no news'}; ask again")
        if age > self.config.hold_s or status.speed == 0.0:
            self.state = FollowState.HOLDING
            self._p_base_tip = None
            return self._hold(
                status.reason if status.speed == 0.0 else f"target {age:.2f} s old: {news}"
            )
        return self._command(age, dt, status.T_camera_base, status.speed, status.reason, arm_state)

    # --- the target ----------------------------------------------------------------
    def _take(self, target: TargetEstimate | None, now_ns: int) -> str:
        """Keep the newest usable target; returns why the one given is not, or ""."""
        if target is None:
            return "no target"
        if target.health == Health.LOST:
            return f"target lost: {target.reason or 'no reason given'}"
        if not all(np.all(np.isfinite(a)) for a in (target.T_camera_target, target.twist)):
            return "target is not finite"
        if not np.all(np.isfinite(target.covariance[:3, :3])):
            return "target covariance is not finite"
        sigma = float(np.sqrt(max(0.0, np.linalg.eigvalsh(target.covariance[:3, :3])[-1])))
        limit = self.config.sigma_max
        if sigma > limit:
            return f"target uncertain by {sigma * 1e3:.1f} mm, allowed {limit * 1e3:g} mm"
        if float(np.linalg.norm(target.twist[:3])) > self.config.speed_max:
            return f"target faster than {self.config.speed_max * 1e3:g} mm/s"
        if self.state == FollowState.WAITING:
            if target.health != Health.GOOD:
                return f"target not good enough to begin: {target.reason or 'degraded'}"
            if (now_ns - target.stamp_ns) / NS > self.config.extrapolate_s:
                return "target too old to begin"
        if self._target is None or target.stamp_ns > self._target.stamp_ns:
            self._target = target
        return ""

    # --- the way -------------------------------------------------------------------
    def _begin(self, arm_state: ArmSetpoint) -> None:
        self.state, self.reason = FollowState.APPROACHING, ""
        self._is_descending = False
        self._R_base_cp = kinematics.forward_kinematics(arm_state.setpoint_q[:6])[:3, :3]
        self._p_base_tip = None

    def _command(
        self,
        age: float,
        dt: float,
        T_camera_base: Array,
        speed: float,
        reason: str,
        arm_state: ArmSetpoint,
    ) -> FollowCommand:
        target, c = self._target, self.config
        assert target is not None  # for the type checker: `update` has checked
        T_base_camera = inverse(T_camera_base)
        R_base_camera = T_base_camera[:3, :3]
        v_base = speed * R_base_camera @ target.twist[:3]
        carried = carried_s(age, c.extrapolate_s, c.hold_s)
        p_base_target = (
            transform_points(T_base_camera, target.T_camera_target[:3, 3]) + v_base * carried
        )
        n_base = R_base_camera @ target.T_camera_target[:3, 2]
        if self._p_base_tip is None:  # engaged just now, or after a hold: from where the arm is
            T_base_cp = kinematics.forward_kinematics(arm_state.setpoint_q[:6])
            self._p_base_tip = (T_base_cp @ kinematics.T_CONTROL_POINT_JAW_TIP)[:3, 3]
        share = rate_share(age, c.extrapolate_s, c.hold_s)
        moved = self._p_base_tip + v_base * share * dt  # with the tissue, before any approach
        p_goal = p_base_target + self._way_point(moved - p_base_target, n_base)
        step = c.approach_speed * speed * share * dt
        gap = p_goal - moved
        distance = float(np.linalg.norm(gap))
        self._p_base_tip = moved + gap * min(1.0, step / max(distance, 1e-12))
        goal_distance = float(
            np.linalg.norm(self._p_base_tip - p_base_target - c.stand_off * n_base)
        )
        is_there = self._is_descending and goal_distance <= c.settled
        self.state = FollowState.FOLLOWING if is_there else FollowState.APPROACHING
        self.reason = reason
        p_at_image = self._p_base_tip - v_base * carried
        p_base_cp = p_at_image - self._R_base_cp @ kinematics.T_CONTROL_POINT_JAW_TIP[:3, 3]
        return FollowCommand(
            self.state,
            make_transform(self._R_base_cp, p_base_cp),
            np.concatenate([v_base, np.zeros(3)]),
            target.stamp_ns,
            reason,
        )

    def _way_point(self, offset: Array, n: Array) -> Array:
        """Where to go next relative to the target, for a tip that is at `offset` from it."""
        c = self.config
        height = float(offset @ n)
        lateral = offset - height * n
        distance = float(np.linalg.norm(lateral))
        if distance < c.capture:
            self._is_descending = True
        elif distance > c.escape:
            self._is_descending = False
        if self._is_descending:
            return c.stand_off * n
        if height < c.stand_off:  # too low and beside the point: straight up first
            return lateral + (c.stand_off + c.clearance) * n
        return max(height, c.stand_off + c.clearance) * n

    def _hold(self, reason: str) -> FollowCommand:
        self.reason = reason
        stamp_ns = 0 if self._target is None else self._target.stamp_ns
        return FollowCommand(self.state, None, np.zeros(6), stamp_ns, reason)
