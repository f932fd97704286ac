# SPDX-License-Identifier: Apache-2.0
"""Wrenches that the simulator applies, and what the arm's observer says of them."""

import numpy as np
import pytest

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.sim.scene import load_scene

T_WORLD_BASE = load_scene("follow").T_world_base("PSM1")
R_WORLD_BASE = T_WORLD_BASE[:3, :3]
Q = np.array([0.3, -0.2, 0.15, 0.5, 0.9, -0.7, 0.4])


def parameters():
    p = _core.DynamicParameters()
    p.gravity_base = R_WORLD_BASE.T @ np.array([0.0, 0.0, -9.81])
    return p


@pytest.fixture
def plant():
    return _core.ArmPlant(_core.PlantModel.psm(parameters()), T_WORLD_BASE, Q, name="PSM1")


def test_the_effort_is_the_jacobian_transposed(plant):
    rng = np.random.default_rng(1)
    for _ in range(50):
        q = rng.uniform(_core.Q_MIN, _core.Q_MAX)
        plant.reset(q)
        force, torque = rng.uniform(-5.0, 5.0, 3), rng.uniform(-0.1, 0.1, 3)
        plant.apply_wrench(force, torque)
        wrench = np.concatenate([R_WORLD_BASE.T @ force, R_WORLD_BASE.T @ torque])
        expected = np.append(_core.psm_jacobian(q[:6]).T @ wrench, 0.0)
        np.testing.assert_allclose(plant.external_effort(), expected, atol=1e-12)


def test_it_accelerates_the_arm_and_ends_with_zeros_or_a_reset(plant):
    hold = plant.bias_effort()
    plant.apply_wrench([0.0, 0.0, 3.0])
    effort = plant.external_effort()
    plant.step_torque(hold)
    assert plant.qd_true @ effort > 0.0  # it goes where it is pushed
    plant.apply_wrench(np.zeros(3))
    np.testing.assert_array_equal(plant.external_effort(), np.zeros(7))
    plant.apply_wrench([1.0, 0.0, 0.0])
    plant.reset(Q)
    np.testing.assert_array_equal(plant.external_effort(), np.zeros(7))


def test_brakes_hold_against_it(plant):
    plant.apply_wrench([3.0, 2.0, -3.0], [0.02, 0.0, 0.01])
    for _ in range(20):
        plant.step_torque(np.zeros(7), brake=True)
    np.testing.assert_allclose(plant.q_true, Q, atol=1e-9)


@pytest.mark.parametrize(
    ("force", "torque", "name"),
    [
        ([0.0, 0.0], np.zeros(3), "force"),
        ([0.0, 0.0, np.nan], np.zeros(3), "force"),
        (np.zeros(3), [np.inf, 0.0, 0.0], "torque"),
    ],
)
def test_other_wrenches_are_refused_and_change_nothing(plant, force, torque, name):
    plant.apply_wrench([1.0, 0.0, 0.0])
    before = plant.external_effort()
    with pytest.raises(
        ConfigurationError, match=f"PSM1: apply_wrench: {name} (is|has) .*, allowed"
    ):
        plant.apply_wrench(force, torque)
    np.testing.assert_array_equal(plant.external_effort(), before)


def test_the_arm_says_which_wrench_is_on_it(plant):
    config = _core.ArmConfig()
    config.dynamics = parameters()
    arm = _core.Arm(config)
    cell = _core.LockstepArm(arm, plant)

    def run(ticks):
        cell.run(ticks)
        return arm.state()

    state = run(3)
    assert not state.wrench_valid and not state.wrench.any() and not state.tau_external.any()
    arm.state_command(_core.StateCommand.ENABLE)
    state = run(500)
    assert state.wrench_valid
    assert np.abs(state.wrench[:3]).max() < 0.3
    force, torque = np.array([2.0, -3.0, 4.0]), np.array([0.02, -0.01, 0.015])
    plant.apply_wrench(force, torque)
    state = run(3000)
    np.testing.assert_allclose(state.wrench[:3], R_WORLD_BASE.T @ force, atol=0.3)
    np.testing.assert_allclose(state.wrench[3:], R_WORLD_BASE.T @ torque, atol=0.01)
    np.testing.assert_allclose(state.tau_external, plant.external_effort(), atol=0.02)
    arm.press_estop()
    state = run(600)
    assert not state.powered and not state.wrench_valid and not state.wrench.any()
