# SPDX-License-Identifier: Apache-2.0
"""Relative teleoperation of one arm from a jog (twist) or a master pose, with dead-man and clutch.

Ages of the operator (design.md, section 2): 100 ms without news holds, 250 ms clutches out and
the dead-man must be released and pressed again; releasing it always holds.  The 5 s release of
the source is the arbiter's.  A held twist is a *rate*, so it is integrated here into a virtual
master pose; the resulting target is kept near the arm's own set-point, so nothing winds up.

The hand's pose goes through the core's tremor filter, the clutch maps it, the jaw slews.  The
filter makes the tool late by `TremorFilter.delay()`, 9.7 ms; a real master's poses enter it at
their own stamps, a jog at the ticks, both as irregular as they come.
"""

from dataclasses import dataclass
from enum import Enum

import numpy as np

from trocar import _core
from trocar.control.operator_input import OperatorInput
from trocar.geometry import Array, exp_so3, inverse, log_so3, make_transform

NS = 1_000_000_000


@dataclass(frozen=True)
class TeleopConfig:
    """Ages in s; the leash (m, rad) is how far the target may be ahead of the arm's set-point."""

    hold_age: float = 0.100
    clutch_out_age: float = 0.250
    leash_linear: float = 0.005
    leash_angular: float = np.deg2rad(10.0)
    leash_jaw: float = 0.2
    jaw_min: float = -0.698132  # Large Needle Driver 400006 (dvrk_crtk.md, 2.1)
    jaw_max: float = 1.39626


class TeleopState(Enum):
    """IDLE: dead-man up.  LOCKED: timed out or stopped, dead-man must be released first."""

    IDLE = "idle"
    ENGAGED = "engaged"
    CLUTCHED = "clutched"
    HOLDING = "holding"
    LOCKED = "locked"


@dataclass(frozen=True)
class TeleopCommand:
    """What to do in this tick: a pose for the control point and a jaw angle, or a hold."""

    state: TeleopState
    T_base_cp: Array | None  # None: hold
    jaw: float | None
    stamp_ns: int  # of the operator's sample
    reason: str = ""


class Teleop:
    """The operator's side of one arm.  Feed `add` with samples and `update` at every tick."""

    def __init__(self, config: TeleopConfig | None = None) -> None:
        """Begin idle: the first press of the dead-man engages."""
        self.config = config or TeleopConfig()
        self.state = TeleopState.IDLE
        self.reason = ""
        self._input: OperatorInput | None = None
        self._updated_ns = 0
        self._clutch = _core.Clutch()
        self._filter = _core.TremorFilter()
        self._jaw = _core.JawSlew()
        self._T_camera_base = np.eye(4)
        self._T_camera_master = np.eye(4)  # the hand as it is, a jog's integral
        self._T_camera_hand = np.eye(4)  # without its tremor
        self._hand_ns = 0
        self._is_jog = True

    # --- samples -------------------------------------------------------------------
    def add(self, sample: OperatorInput) -> str:
        """Take one sample; returns "" or why it was refused (it then counts as no news)."""
        fault = sample.fault()
        if (
            not sample.deadman and self._input is not None
        ):  # a release counts, whatever else is in it
            self._disengage(TeleopState.IDLE, "dead-man released")
        if fault:
            return fault
        if self._input is not None and sample.stamp_ns < self._input.stamp_ns:
            return "operator input is older than the last one"
        self._time_out(sample.stamp_ns)  # a late sample must not undo the time-out it came after
        self._input = sample
        if not sample.deadman:
            self._disengage(TeleopState.IDLE, "dead-man released")
        elif self.state == TeleopState.IDLE:
            self._disengage(TeleopState.CLUTCHED, "")  # engages in `update`, where the arm is known
        elif sample.clutch and self.state != TeleopState.LOCKED:
            self._disengage(TeleopState.CLUTCHED, "clutch pressed")
        return ""

    @property
    def is_pressed(self) -> bool:
        """True while a dead-man that counts is held: not after a lock or a time-out."""
        return self.state not in (TeleopState.IDLE, TeleopState.LOCKED)

    def lock(self, reason: str) -> None:
        """Hold, and ignore a dead-man that is still pressed until it is released."""
        if self.is_pressed:
            self._disengage(TeleopState.LOCKED, reason)

    # --- ticks ---------------------------------------------------------------------
    def update(
        self, now_ns: int, T_camera_base: Array, T_base_setpoint: Array, jaw_setpoint: float
    ) -> TeleopCommand:
        """What the operator asks of the arm now.

        T_camera_base (4, 4) is latched while engaged; T_base_setpoint (4, 4) and jaw_setpoint
        are the arm's own set-point, from which it engages and near which the target stays.
        """
        self._time_out(now_ns)
        dt = min(max(0.0, (now_ns - self._updated_ns) / NS), 0.05)
        self._updated_ns = max(now_ns, self._updated_ns)
        sample = self._input
        if sample is None or not self.is_pressed:
            return self._hold(self.reason)
        if (now_ns - sample.stamp_ns) / NS > self.config.hold_age:
            self._disengage(TeleopState.HOLDING, "no operator input for more than 100 ms")
        if self.state == TeleopState.HOLDING and self._is_stale(now_ns):
            return self._hold(self.reason)
        if sample.clutch:
            return self._hold("clutch pressed")
        is_jog = sample.T_camera_master is None
        if not self._clutch.is_engaged or is_jog != self._is_jog:
            self._engage(sample, T_camera_base, T_base_setpoint, jaw_setpoint)
            dt = 0.0  # no jump on engage, not even by one tick of rate
        return self._move(sample, dt, T_base_setpoint, jaw_setpoint)

    def _move(
        self, sample: OperatorInput, dt: float, T_base_setpoint: Array, jaw_setpoint: float
    ) -> TeleopCommand:
        self._clutch.rescale(self._T_camera_hand, sample.scale)
        self._move_hand(sample, dt)
        T_camera_cp = self._clutch.map(self._T_camera_hand)
        T_camera_setpoint = self._T_camera_base @ T_base_setpoint
        leashed = self._leashed(T_camera_setpoint, T_camera_cp)
        if leashed is not T_camera_cp:
            self._clutch.pull_to(self._T_camera_hand, leashed)
        jaw = self._moved_jaw(sample, dt, jaw_setpoint)
        T_base_cp = inverse(self._T_camera_base) @ leashed
        return TeleopCommand(self.state, T_base_cp, jaw, sample.stamp_ns)

    def _move_hand(self, sample: OperatorInput, dt: float) -> None:
        if sample.T_camera_master is not None:
            self._T_camera_master = np.array(sample.T_camera_master, dtype=float)
        else:
            step = sample.limited_twist() * dt
            T = self._T_camera_master
            self._T_camera_master = make_transform(
                exp_so3(step[3:]) @ T[:3, :3], T[:3, 3] + step[:3]
            )
        stamp_ns = self._stamp_of_hand(sample)
        if stamp_ns > self._hand_ns:  # between two samples the hand is where it was
            self._T_camera_hand = self._filter.step(self._T_camera_master, stamp_ns)
            self._hand_ns = stamp_ns

    def _stamp_of_hand(self, sample: OperatorInput) -> int:
        return self._updated_ns if sample.T_camera_master is None else sample.stamp_ns

    def _moved_jaw(self, sample: OperatorInput, dt: float, jaw_setpoint: float) -> float:
        """The grip, or where the rate leads, slewed; kept near the set-point like the pose."""
        c = self.config
        target = self._jaw.angle + sample.jaw_rate * dt if sample.jaw is None else sample.jaw
        jaw = self._jaw.step(float(np.clip(target, c.jaw_min, c.jaw_max)), dt)
        leashed = float(np.clip(jaw, jaw_setpoint - c.leash_jaw, jaw_setpoint + c.leash_jaw))
        if leashed != jaw:
            self._jaw.pull_to(leashed)
        return leashed

    def _leashed(self, T_camera_setpoint: Array, T_camera_cp: Array) -> Array:
        """The target itself, or the nearest one within the leash of the set-point."""
        c = self.config
        dp = T_camera_cp[:3, 3] - T_camera_setpoint[:3, 3]
        w = log_so3(T_camera_cp[:3, :3] @ T_camera_setpoint[:3, :3].T)
        shares = (
            min(1.0, c.leash_linear / max(float(np.linalg.norm(dp)), 1e-12)),
            min(1.0, c.leash_angular / max(float(np.linalg.norm(w)), 1e-12)),
        )
        if shares == (1.0, 1.0):
            return T_camera_cp
        R = exp_so3(w * shares[1]) @ T_camera_setpoint[:3, :3]
        return make_transform(R, T_camera_setpoint[:3, 3] + dp * shares[0])

    # --- states --------------------------------------------------------------------
    def _engage(
        self, sample: OperatorInput, T_camera_base: Array, T_base_setpoint: Array, jaw: float
    ) -> None:
        self._T_camera_base = np.array(T_camera_base, dtype=float)
        self._is_jog = sample.T_camera_master is None
        self._T_camera_master = (
            np.eye(4) if sample.T_camera_master is None else np.array(sample.T_camera_master)
        )
        self._hand_ns = self._stamp_of_hand(sample)
        self._filter.start(self._T_camera_master, self._hand_ns)
        self._T_camera_hand = self._T_camera_master
        T_camera_slave = self._T_camera_base @ T_base_setpoint
        self._clutch.engage(self._T_camera_hand, T_camera_slave, sample.scale)
        self._jaw.engage(jaw)
        self.state, self.reason = TeleopState.ENGAGED, ""

    def _disengage(self, state: TeleopState, reason: str) -> None:
        self.state, self.reason = state, reason
        self._clutch.release()

    def _is_stale(self, now_ns: int) -> bool:
        return self._input is None or (now_ns - self._input.stamp_ns) / NS > self.config.hold_age

    def _time_out(self, now_ns: int) -> None:
        if self._input is None or not self.is_pressed:
            return
        age = (now_ns - self._input.stamp_ns) / NS
        if age > self.config.clutch_out_age:
            self._disengage(
                TeleopState.LOCKED,
                "no operator input for more than 250 ms; release the dead-man and press it again",
            )

    def _hold(self, reason: str) -> TeleopCommand:
        stamp_ns = 0 if self._input is None else self._input.stamp_ns
        return TeleopCommand(self.state, None, None, stamp_ns, reason)
