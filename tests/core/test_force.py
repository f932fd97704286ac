# SPDX-License-Identifier: Apache-2.0
"""The observer and the control laws through the arm's Python face, on the rigid toy plant."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core

from .toy_plant import LockstepCell


def settings_of(mode, **gains):
    chosen = _core.ControllerSettings(mode)
    for name, value in gains.items():
        setattr(chosen, name, value)
    return chosen


@pytest.fixture(scope="module")
def cell():
    cell = LockstepCell()
    cell.home()
    return cell


def test_an_arm_without_power_says_nothing_of_forces():
    state = LockstepCell().run(5)
    assert not state.wrench_valid
    np.testing.assert_array_equal(state.wrench, np.zeros(6))
    np.testing.assert_array_equal(state.tau_external, np.zeros(7))


def test_laws_change_without_a_jump(cell):
    last = cell.run().setpoint_tau
    for mode in (
        _core.ControlMode.IMPEDANCE,
        _core.ControlMode.JOINT_PD,
        _core.ControlMode.IMPEDANCE,
        _core.ControlMode.COMPUTED_TORQUE,
    ):
        cell.arm.set_controller(settings_of(mode))
        for _ in range(500):
            state = cell.run()
            step = np.abs(state.setpoint_tau - last) / _core.EFFORT_MAX
            assert step.max() < 0.03, mode
            last = state.setpoint_tau
        assert state.controller == mode
        assert state.operating_state == _core.OperatingState.ENABLED
    assert np.abs(cell.plant.q - state.setpoint_q).max() < 0.02


@pytest.mark.parametrize(
    ("gains", "message"),
    [
        ({"kp": [-1.0] + 6 * [0.0]}, "kp is out of range, allowed 0 to"),
        ({"kd": [np.nan] * 7}, "kd is out of range"),
        ({"stiffness": [3001.0] + 5 * [0.0]}, "stiffness is out of range, allowed 0 to 3000 N/m"),
        ({"stiffness": 5 * [0.0] + [2.1]}, "2 N m/rad"),
        ({"damping_ratio": 0.0}, "damping_ratio is out of range, allowed 0.3 to 1.5"),
        ({"friction_share": 1.0}, "friction_share is out of range, allowed 0 to 0.9"),
    ],
)
def test_bad_settings_are_refused_and_change_nothing(cell, gains, message):
    before = cell.run().controller
    with pytest.raises(ValueError, match=message) as error:
        cell.arm.set_controller(settings_of(_core.ControlMode.IMPEDANCE, **gains))
    assert "\n" not in str(error.value)
    assert cell.run(5).controller == before


def test_wrong_shapes_are_refused_by_name():
    chosen = _core.ControllerSettings()
    with pytest.raises(ValueError, match=r"stiffness has shape \(3,\), allowed \(6,\)"):
        chosen.stiffness = np.zeros(3)
    with pytest.raises(ValueError, match=r"kp has shape \(6,\), allowed \(7,\)"):
        chosen.kp = np.zeros(6)
    chosen.kd[2] = 50.0  # a view
    assert chosen.kd[2] == 50.0


@settings(max_examples=30, deadline=None)
@given(
    stiffness=st.lists(st.floats(0.0, 2.0), min_size=6, max_size=6),
    ratio=st.floats(0.3, 1.5),
    share=st.floats(0.0, 0.9),
    mode=st.sampled_from(list(_core.ControlMode)),
)
def test_any_allowed_settings_keep_the_arm_inside_its_limits(cell, stiffness, ratio, share, mode):
    k = np.array(stiffness) * [1500, 1500, 1500, 1, 1, 1]
    cell.arm.set_controller(
        settings_of(mode, stiffness=k, damping_ratio=ratio, friction_share=share)
    )
    state = cell.run(40)
    assert (np.abs(state.setpoint_tau) <= _core.EFFORT_MAX).all()
    assert state.operating_state == _core.OperatingState.ENABLED
