# SPDX-License-Identifier: Apache-2.0
"""A PSM that is where it is told to be: no controller, no motors, no friction, nothing yields.

For perception work only: what learns or passes on such an arm has met no dynamics.  It has hidden
errors where the cell has them, but neither noise nor a force on its control point.
"""

from __future__ import annotations

import numpy as np

from trocar.geometry import Array, inverse
from trocar.kinematics import (
    T_CONTROL_POINT_JAW_TIP,
    IkStatus,
    forward_kinematics,
    inverse_kinematics,
    link_frames,
)
from trocar.sim.objects.handling import LOOK_TICKS
from trocar.sim.objects.load import Load
from trocar.sim.objects.tool import ToolPose
from trocar.sim.scene import CellTruth, Scene

# N m: jaws that feel this do not close further, a grip of about 5 N.
_GRIP = 0.05
_COMMAND_S = 1e-3 * LOOK_TICKS
_T_TIP_CP = inverse(T_CONTROL_POINT_JAW_TIP)


class IdealArm:
    """Stands in for `DrivenArm`, and for its `simulated` arm and that one's plant."""

    fault = ""

    def __init__(self, scene: Scene, name: str, cell: CellTruth) -> None:
        """Stand at the scene's joints in a realised cell."""
        self.name = name
        self.simulated = self.plant = self
        self._T_world_base, self._T_world_true = scene.T_world_base(name), cell.T_world_base[name]
        self._bias = cell.joint_bias[name]
        self._q = np.array(scene.initial_q[name], dtype=float)
        self._goal = self._q.copy()
        self._left = 1  # ticks until the goal is reached
        self._velocity = np.zeros(7)
        self._linear = np.zeros(3)
        self._grip = 0.0

    def start(self) -> None:
        """Ready at once."""

    def servo(self, T_world_tip: Array, velocity: Array, jaw: float) -> None:
        """Be at this tip pose, moved on by velocity (3,) m/s, and jaw angle, in 10 ms."""
        T = T_world_tip.copy()
        T[:3, 3] += _COMMAND_S * velocity
        found = inverse_kinematics(
            inverse(self._T_world_base) @ T @ _T_TIP_CP, self._q[:6] + self._bias[:6]
        )
        if found.status == IkStatus.OK:  # else it stays where it is going
            self._goal[:6] = found.q - self._bias[:6]
        self._goal[6], self._linear, self._left = jaw, velocity, LOOK_TICKS

    def run(self, ticks: int, stamp_ns: int) -> None:
        """So many milliseconds of the way; stamps do not matter to it."""
        step = (self._goal - self._q) * min(1.0, ticks / max(self._left, 1))
        if self._grip >= _GRIP:
            step[6] = max(step[6], 0.0)
        self._q = self._q + step
        self._velocity = step / (1e-3 * ticks)
        self._left = max(self._left - ticks, 0)

    def feel(self, load: Load | None) -> None:
        """What is between the jaws stops them; nothing else does anything."""
        self._grip = 0.0 if load is None else load.grip

    def tool(self) -> ToolPose:
        """Where the instrument truly is."""
        frames = self._T_world_true @ np.asarray(link_frames(self._q[:6]))
        twist = np.concatenate([self._linear, np.zeros(3)])
        return ToolPose(
            np.concatenate([frames, frames[6:]]), float(self._q[6]), float(self._velocity[6]), twist
        )

    @property
    def q_true(self) -> Array:
        """True joints (7,)."""
        return self._q

    def measured(self) -> tuple[Array, float, float]:
        """`T_world_tip` by encoders and nominal base, jaw rad, effort of the jaw N m."""
        T_base_cp = np.asarray(forward_kinematics(self._q[:6] + self._bias[:6]))
        T_world_tip = self._T_world_base @ T_base_cp @ T_CONTROL_POINT_JAW_TIP
        return T_world_tip, float(self._q[6]), -self._grip

    def force(self) -> Array:
        """It feels nothing: zeros (3,)."""
        return np.zeros(3)
