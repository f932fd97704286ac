# SPDX-License-Identifier: Apache-2.0
"""Tissue following: the jaw tip stands off a tracked point along its normal and moves with it.

The goal p = p_target + stand_off * n is made in the camera frame, carried to now by the
target's own velocity, and brought into the arm's base frame through the *corrected*
registration.  The orientation is the one held at engagement.  The way in is limited in speed
relative to the tissue and in order (`approach.py`), so the jaw is never below the stand-off on
the way.  While the camera has not registered the arm, the tip only comes into view: 25 mm
off the target, between its normal and the line of sight, by what was believed last.

The command is given at the image's stamp with the tissue's velocity; the loop carries it to its
own now (`ageing.carried_s` says how far).  Without usable news for 4 frame periods this holds,
after 1 s it gives up and waits for `engage`: it never begins again by itself.
"""

from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol

import numpy as np

from trocar import kinematics
from trocar.control.ageing import carried_s, rate_share
from trocar.control.approach import Approach
from trocar.control.follow_config import FollowConfig
from trocar.control.registration import Registration, RegistrationStatus
from trocar.estimates import Health, TargetEstimate
from trocar.geometry import Array, inverse, make_transform, transform_points

NS = 1_000_000_000
# The loop refuses a stamp older than `hold_s` by its own clock; the rate is nearly spent by then.
BOUNDARY_S = 0.015


class FollowState(Enum):
    """What the follower is doing.

    OFF: not asked for.  WAITING: no usable target yet.  VIEWING: going where the camera can see
    the tool, or there until it is registered.  HOLDING: a datum is too old.  GIVEN_UP: ask anew.
    """

    OFF = "off"
    WAITING = "waiting"
    VIEWING = "coming into view"
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
        self._is_viewing = False
        self._p_base_tip: Array | None = None  # commanded tip at the last tick
        self._updated_ns = 0
        self._engaged_ns = 0
        c = self.config
        self._approach = Approach(c.clearance, c.capture, c.escape)

    def engage(self, now_ns: int) -> None:
        """Begin as soon as there is a GOOD target."""
        self.state, self.reason = FollowState.WAITING, "no target yet"
        self._engaged_ns = self._updated_ns = now_ns
        self._target, self._p_base_tip = None, None

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
        """True while it moves the arm by sight."""
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
            if news:
                return self._hold(news)
            self._begin(now_ns, arm_state)
        if age > self.config.give_up_age:
            limit = f"{self.config.give_up_age:g} s"
            return self._give_up(
                f"no usable target for {limit}: {news or 'no newer image'}; ask again"
            )
        if age > self.config.hold_s - BOUNDARY_S:
            return self._pause(f"target {age:.2f} s old: {news or 'no newer image'}")
        if self._is_viewing:
            return self._view(now_ns, age, dt, status, arm_state)
        if status.speed == 0.0:
            return self._pause(status.reason)
        return self._command(age, dt, status, arm_state)

    def _pause(self, reason: str) -> FollowCommand:
        self.state, self._p_base_tip = FollowState.HOLDING, None
        return self._hold(reason)

    def _give_up(self, reason: str) -> FollowCommand:
        self.state, self._p_base_tip = FollowState.GIVEN_UP, None
        return self._hold(reason)

    # --- the target ----------------------------------------------------------------
    def can_begin(self, target: TargetEstimate | None, now_ns: int) -> bool:
        """Whether that target is good and new enough to begin with."""
        if target is None or target.health != Health.GOOD:
            return False
        return (now_ns - target.stamp_ns) / NS <= self.config.hold_s - BOUNDARY_S

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
            if (now_ns - target.stamp_ns) / NS > self.config.hold_s - BOUNDARY_S:
                return "target too old to begin"
        if self._target is None or target.stamp_ns > self._target.stamp_ns:
            self._target = target
        return ""

    # --- the way -------------------------------------------------------------------
    def _begin(self, now_ns: int, arm_state: ArmSetpoint) -> None:
        self.state, self.reason = FollowState.VIEWING, ""
        self._is_viewing, self._engaged_ns = True, now_ns
        self._approach.restart()
        self._R_base_cp = kinematics.forward_kinematics(arm_state.setpoint_q[:6])[:3, :3]
        self._p_base_tip = None

    def _view(
        self, now_ns: int, age: float, dt: float, status: RegistrationStatus, arm: ArmSetpoint
    ) -> FollowCommand:
        """Come into view and wait there; by sight as soon as the registration has settled."""
        if status.speed > 0.0 and status.is_settled:
            self._is_viewing = False
            self._approach.restart()
            return self._command(age, dt, status, arm)
        if now_ns - self._engaged_ns > self.config.view_patience * NS:
            return self._give_up(
                f"the camera does not register the tool: {status.reason}; ask again"
            )
        return self._command(age, dt, replace(status, speed=1.0), arm)

    def _end(self, p_camera_target: Array, n_camera: Array) -> Array:
        """Where the way ends, relative to the target, in camera axes."""
        if not self._is_viewing:
            return self.config.stand_off * n_camera
        sight = n_camera - p_camera_target / np.linalg.norm(p_camera_target)
        return self.config.view_distance * sight / np.linalg.norm(sight)

    def _command(
        self, age: float, dt: float, status: RegistrationStatus, arm_state: ArmSetpoint
    ) -> FollowCommand:
        target, c = self._target, self.config
        assert target is not None  # for the type checker: `update` has checked
        T_base_camera = inverse(status.T_camera_base)
        R_base_camera = T_base_camera[:3, :3]
        p_camera_target, n_camera = target.T_camera_target[:3, 3], target.T_camera_target[:3, 2]
        v_base = status.speed * R_base_camera @ target.twist[:3]
        carried = carried_s(age, c.extrapolate_s, c.hold_s)
        p_base_target = transform_points(T_base_camera, p_camera_target) + v_base * carried
        end = R_base_camera @ self._end(p_camera_target, n_camera)
        if self._p_base_tip is None:  # engaged just now, or after a hold: from where the arm is
            T_base_cp = kinematics.forward_kinematics(arm_state.setpoint_q[:6])
            self._p_base_tip = (T_base_cp @ kinematics.T_CONTROL_POINT_JAW_TIP)[:3, 3]
        share = rate_share(age, c.extrapolate_s, c.hold_s)
        moved = self._p_base_tip + v_base * share * dt  # with the tissue, before any approach
        way_point = self._approach.next(moved - p_base_target, end, R_base_camera @ n_camera)
        gap = p_base_target + way_point - moved
        step = c.approach_speed * status.speed * share * dt
        self._p_base_tip = moved + gap * min(1.0, step / max(float(np.linalg.norm(gap)), 1e-12))
        self._name_state(self._p_base_tip - p_base_target - end)
        self.reason = status.reason
        p_base_cp = self._p_base_tip - v_base * carried  # at the image's stamp
        p_base_cp = p_base_cp - self._R_base_cp @ kinematics.T_CONTROL_POINT_JAW_TIP[:3, 3]
        return FollowCommand(
            self.state,
            make_transform(self._R_base_cp, p_base_cp),
            np.concatenate([v_base, np.zeros(3)]),
            target.stamp_ns,
            status.reason,
        )

    def _name_state(self, rest: Array) -> None:
        is_there = self._approach.is_descending and np.linalg.norm(rest) <= self.config.settled
        if self._is_viewing:
            self.state = FollowState.VIEWING
        else:
            self.state = FollowState.FOLLOWING if is_there else FollowState.APPROACHING

    def _hold(self, reason: str) -> FollowCommand:
        self.reason = reason
        stamp_ns = 0 if self._target is None else self._target.stamp_ns
        return FollowCommand(self.state, None, np.zeros(6), stamp_ns, reason)
