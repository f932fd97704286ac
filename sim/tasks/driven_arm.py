# SPDX-License-Identifier: Apache-2.0
"""One PSM of a task: the real controller, in lockstep with its plant, enabled from the start.

What commands it knows the nominal base and the measured joints only; `simulated.tool()` is truth.
"""

from __future__ import annotations

import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array, inverse
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP, forward_kinematics
from trocar.sim.arms import SimulatedArm
from trocar.sim.scene import CellTruth, Scene

_READY_TICKS = 200  # enabling and homing where it stands takes about 15
_T_TIP_CP = inverse(T_CONTROL_POINT_JAW_TIP)


class DrivenArm:
    """`simulated` is the arm itself; poses are `T_world_tip` (4, 4) by the nominal base."""

    def __init__(self, scene: Scene, name: str, cell: CellTruth) -> None:
        """Stand at the scene's joints in a realised cell."""
        self.name = name
        self._T_world_base = scene.T_world_base(name)
        self._T_base_world = inverse(self._T_world_base)
        config = _core.ArmConfig()
        dynamics = _core.DynamicParameters()
        dynamics.gravity_base = scene.gravity_base(name)
        config.dynamics = dynamics
        measured = scene.initial_q[name] + cell.joint_bias[name]
        config.home_q = np.clip(measured, config.q_min, config.q_max)
        self._arm = _core.Arm(config)
        self.simulated = SimulatedArm(scene, cell, name, self._arm)

    def start(self) -> None:
        """Power on, enable, take the present place for home."""
        self._arm.state_command(_core.StateCommand.ENABLE)
        self._arm.state_command(_core.StateCommand.HOME)
        for _ in range(_READY_TICKS):
            self.simulated.run(1, 0)
            state = self._arm.state()
            if state.is_homed and not state.is_busy:
                return
        raise ConfigurationError(
            f"{self.name}: not ready after {_READY_TICKS} ms ({self.fault or 'still homing'}); "
            "give initial_q inside the joint limits"
        )

    def servo(self, T_world_tip: Array, velocity: Array, jaw: float) -> None:
        """Follow a tip pose that moves at velocity (3,) m/s, and a jaw angle in rad."""
        twist = np.zeros(6)
        twist[:3] = self._T_base_world[:3, :3] @ velocity
        self._arm.servo_cp(self._T_base_world @ T_world_tip @ _T_TIP_CP, twist)
        self._arm.jaw_servo_jp(jaw)

    def measured(self) -> tuple[Array, float, float]:
        """`T_world_tip` by encoders and nominal base, jaw rad, motor effort of the jaw N m."""
        state = self._arm.state()
        T_base_cp = np.asarray(forward_kinematics(state.q[:6]))
        T_world_tip = self._T_world_base @ T_base_cp @ T_CONTROL_POINT_JAW_TIP
        return T_world_tip, float(state.q[6]), float(state.tau[6])

    def force(self) -> Array:
        """What pushes the arm, (3,) N in world axes, by its own observer; 0 where it cannot say."""
        state = self._arm.state()
        if not state.wrench_valid:
            return np.zeros(3)
        return np.asarray(self._T_world_base[:3, :3] @ state.wrench[:3])

    @property
    def fault(self) -> str:
        """Why the controller has stopped, "" while it has not."""
        state = self._arm.state()
        if state.operating_state == _core.OperatingState.ENABLED:
            return ""
        return _core.describe(state.fault) if state.fault else state.operating_state.name
