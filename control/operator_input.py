# SPDX-License-Identifier: Apache-2.0
"""What the operator's hand says: one sample of the console's jog or of a master arm."""

from dataclasses import dataclass, field

import numpy as np

from trocar import _core
from trocar.geometry import Array

SCALE_RANGE = (0.05, 2.0)  # dVRK's panel allows 0.1 .. 1.0; a little more for a mouse
LINEAR_SPEED_MAX = 0.2  # m/s of the hand, before the scale
# m/s of the tool, after the scale: at the arm's deceleration this much stops within the 150 ms
# that letting go may take (test_letting_go_at_full_speed_stops_in_time; 0.1 m/s took 190 ms).
TOOL_SPEED_MAX = 0.06
ANGULAR_SPEED_MAX = 3.0  # rad/s


@dataclass(frozen=True)
class OperatorInput:
    """One sample.  twist (6,) of the hand in camera axes (m/s, rad/s), jaw_rate in rad/s.

    `scale` multiplies translation only.  `T_camera_master` (4, 4), where given, is the pose of a
    real master in camera axes and replaces the twist; `jaw` (rad) is its grip and replaces the
    jaw's rate.
    """

    stamp_ns: int
    deadman: bool
    clutch: bool = False
    scale: float = 1.0
    twist: Array = field(default_factory=lambda: np.zeros(6))
    jaw_rate: float = 0.0
    T_camera_master: Array | None = None
    jaw: float | None = None

    def fault(self) -> str:
        """Why this sample cannot be used, or ""."""
        numbers = [self.scale, self.jaw_rate, *np.asarray(self.twist, dtype=float).ravel()]
        numbers.append(0.0 if self.jaw is None else self.jaw)
        if self.T_camera_master is not None:
            numbers.extend(np.asarray(self.T_camera_master, dtype=float).ravel())
        if not np.all(np.isfinite(numbers)):
            return "operator input is not finite"
        if self.T_camera_master is not None:
            try:
                _core.Clutch().engage(self.T_camera_master, np.eye(4), 1.0)
            except ValueError as error:
                return f"operator input: {error}"
        if np.shape(self.twist) != (6,):
            return f"operator twist has shape {np.shape(self.twist)}, allowed (6,)"
        if not SCALE_RANGE[0] <= self.scale <= SCALE_RANGE[1]:
            return (
                f"operator scale {self.scale:g}, allowed {SCALE_RANGE[0]:g} .. {SCALE_RANGE[1]:g}"
            )
        return ""

    def limited_twist(self) -> Array:
        """The twist (6,), shortened to what a hand can mean and what the tool can stop from."""
        v, w = np.array(self.twist[:3], dtype=float), np.array(self.twist[3:], dtype=float)
        speed_max = min(LINEAR_SPEED_MAX, TOOL_SPEED_MAX / self.scale)
        v *= min(1.0, speed_max / max(float(np.linalg.norm(v)), 1e-12))
        w *= min(1.0, ANGULAR_SPEED_MAX / max(float(np.linalg.norm(w)), 1e-12))
        return np.concatenate([v, w])
