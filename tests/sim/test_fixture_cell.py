# SPDX-License-Identifier: Apache-2.0
"""The simulated arm before forbidden regions: how deep it really gets."""

import numpy as np
import pytest

from trocar import _core
from trocar.sim.scene import load_scene

T_WORLD_BASE = load_scene("follow").T_world_base("PSM1")
START = np.array([0.1, -0.1, 0.13, 0.2, 0.1, -0.1, 0.0])


@pytest.mark.parametrize("speed", [0.0, 0.01])
def test_the_arm_keeps_out_to_half_a_millimetre_at_20_mm_s(speed: float) -> None:
    parameters = _core.DynamicParameters()
    parameters.gravity_base = T_WORLD_BASE[:3, :3].T @ np.array([0.0, 0.0, -9.81])
    config = _core.ArmConfig()
    config.dynamics = parameters.perturbed(0.1, 3)
    config.home_q = START
    arm = _core.Arm(config)
    port = _core.LockstepPort(arm)
    plant = _core.ArmPlant(_core.PlantModel.psm(parameters), T_WORLD_BASE, START)
    stamp_ns = 0

    def run(ticks: int = 1) -> _core.ArmState:
        nonlocal stamp_ns
        for _ in range(ticks):
            stamp_ns += _core.TICK_NS
            output = port.exchange(plant.q_true, plant.qd_true, np.zeros(7), stamp_ns)
            plant.step_torque(output.torque, brake=output.brake)
        return arm.state()

    arm.state_command(_core.StateCommand.HOME)
    assert run(1500).is_homed
    T0 = _core.psm_fk(arm.state().setpoint_q[:6])
    d = np.array([0.6, 0.0, -0.8])
    T = np.eye(4)
    T[:3, 3] = T0[:3, 3] + 0.02 * d
    ball = _core.Fixture.sphere([0, 0, 0], 0.012, shaft=False)
    twist = np.append(-speed * d, np.zeros(3))
    arm.set_fixtures([ball.placed(T, twist, stamp_ns=stamp_ns, horizon_s=1.0)])
    setpoint = measured = 0.0
    for k in range(800):
        goal = T0.copy()
        goal[:3, 3] += d * 0.02e-3 * k
        if k % 5 == 0:
            arm.servo_cp(goal)
        state = run()
        setpoint = max(setpoint, state.constraint.breach)
        measured = max(measured, state.constraint.measured_breach)
    print(f"{speed} m/s: set-point {1e3 * setpoint:.4f} mm, arm {1e3 * measured:.4f} mm")
    assert state.fault == _core.Fault.NONE
    assert state.constraint.bent
    assert setpoint <= 0.05e-3
    assert measured <= 0.5e-3
