# SPDX-License-Identifier: Apache-2.0
"""Arms of a whole cell: errors, cables, the link, the moving endoscope, what they feel."""

import dataclasses

import numpy as np
import pytest

from trocar import _core
from trocar.errors import CommandRefusedError, ConfigurationError
from trocar.sim.cell import Cell, plant_gravity_base
from trocar.sim.errors import draw_errors
from trocar.sim.scene import load_scene
from trocar.sim.scene_parameters import (
    DriveParameters,
    EncoderParameters,
    ErrorParameters,
    LinkParameters,
)


def controllers(scene):
    arms = {}
    for name in scene.psms:
        config = _core.ArmConfig()
        dynamics = _core.DynamicParameters()
        dynamics.gravity_base = plant_gravity_base(scene, name)
        config.dynamics = dynamics
        config.home_q = scene.initial_q[name]
        arms[name] = _core.Arm(config)
    return arms


def started(scene, seed=0, **kwargs):
    """The cell with every arm enabled and at home where it stands."""
    arms = controllers(scene)
    cell = Cell(scene, seed, arms, watch_clearance=False, **kwargs)
    cell.run(10)
    for arm in arms.values():
        arm.state_command(_core.StateCommand.ENABLE)
        arm.state_command(_core.StateCommand.HOME)
    cell.run(3000)
    for arm in arms.values():
        assert arm.state().is_homed and arm.state().fault == _core.Fault.NONE
    return cell, arms


def bare(**changes):
    """The whole cell without errors, noise and soft bodies."""
    scene = dataclasses.replace(
        load_scene("cell"), errors=ErrorParameters(), soft={}, encoder=EncoderParameters(),
        drive=DriveParameters(),
    )  # fmt: skip
    return dataclasses.replace(scene, **changes)


def test_every_instrument_needs_a_driver_and_no_other():
    scene = load_scene("cell")
    arms = controllers(scene)
    with pytest.raises(ConfigurationError, match="drivers for PSM1; one is needed"):
        Cell(scene, 0, {"PSM1": arms["PSM1"]})


def test_challenge_errors_stay_on_the_first_three_joints_and_within_their_limits():
    limits = ErrorParameters("challenge", 0.0, 0.0, np.deg2rad(5.0), 0.005)
    drawn = np.array([draw_errors(limits, np.random.default_rng(s))[1] for s in range(400)])
    assert np.all(drawn[:, 3:] == 0.0)
    assert np.all(np.abs(drawn[:, :2]) <= np.deg2rad(5.0))
    assert np.all(np.abs(drawn[:, 2]) <= 0.005)
    for axis, most in enumerate((np.deg2rad(5.0), np.deg2rad(5.0), 0.005)):
        share = drawn[:, axis] / most
        # Uniform in -1 .. 1: mean 0, standard deviation 0.577; 400 draws.
        assert abs(share.mean()) < 0.1 and share.std() == pytest.approx(0.577, abs=0.05)


def test_a_soft_wrist_gives_way_and_its_encoder_does_not_see_it():
    """1 N across the tip: the link moves by torque / stiffness, what is measured stays."""
    soft = DriveParameters(stiffness=(0.0, 0.0, 0.0, 0.0, 0.4, 0.0, 0.0))
    moved = {}
    for name, drive in (("rigid", DriveParameters()), ("soft", soft)):
        cell, arms = started(bare(drive=drive))
        plant = cell.plants["PSM1"]
        before, seen = plant.q_true.copy(), arms["PSM1"].state().q.copy()
        T = plant.T_world_cp
        plant.apply_wrench(T[:3, 0])  # across, about the pitch axis
        torque = plant.external_effort()[4]
        cell.arms["PSM1"].run(2000, 0)
        moved[name] = plant.q_true[4] - before[4], arms["PSM1"].state().q[4] - seen[4]
        cell.close()
    assert abs(torque) > 0.005  # N m
    assert abs(moved["rigid"][0]) < 2e-3
    assert moved["soft"][0] == pytest.approx(torque / 0.4, rel=0.2)
    assert abs(moved["soft"][1]) < 2e-3


def test_backlash_loses_its_width_at_a_reversal():
    drive = DriveParameters(backlash=(0.0, 0.0, 0.0, 0.0, 0.02, 0.0, 0.0))
    cell, arms = started(bare(drive=drive))
    arm, plant = arms["PSM1"], cell.plants["PSM1"]
    start = arm.state().setpoint_q[:6].copy()
    off = []
    for target in (0.1, -0.1, 0.1):
        goal = start.copy()
        goal[4] += target
        arm.move_jp(goal)
        cell.run(2500)
        off.append(plant.q_true[4] - plant.theta_true[4])
    assert off[0] == pytest.approx(-0.01, abs=1e-3)  # behind the motor by half the gap
    assert off[1] == pytest.approx(0.01, abs=1e-3)
    assert off[2] == pytest.approx(-0.01, abs=1e-3)
    cell.close()


def test_a_slow_and_lossy_link_is_survived_and_counted():
    link = LinkParameters(state_delay_ms=2, command_delay_ms=2, loss=0.01)
    cell, arms = started(bare(link=link))
    cell.run(5000)
    for name, arm in arms.items():
        assert arm.state().fault == _core.Fault.NONE, name
        assert cell.arms[name].missed > 20
        np.testing.assert_allclose(arm.state().q, arm.state().setpoint_q, atol=2e-3)
    cell.close()


def test_the_ecm_carries_the_camera_and_refuses_what_it_cannot():
    cell, _ = started(bare())
    scene, ecm = cell.scene, cell.ecm
    before = scene.camera_pose(cell.snapshot())
    np.testing.assert_allclose(before, scene.T_world_camera, atol=1e-4)
    ecm.servo.move([0.1, 0.0, 0.1, 0.0])
    cell.run(2500)
    np.testing.assert_allclose(ecm.plant.q_true, [0.1, 0.0, 0.1, 0.0], atol=1e-3)
    after = scene.camera_pose(cell.snapshot())
    turn = np.arccos(0.5 * (np.trace(before[:3, :3].T @ after[:3, :3]) - 1.0))
    assert turn == pytest.approx(0.1, abs=2e-3)
    with pytest.raises(CommandRefusedError, match="ECM: insertion is 0.9, allowed"):
        ecm.servo.move([0.1, 0.0, 0.9, 0.0])
    with pytest.raises(CommandRefusedError, match="ECM: yaw is nan"):
        ecm.servo.move([np.nan, 0.0, 0.1, 0.0])
    cell.close()


def test_the_arm_feels_the_tissue_that_it_presses_and_truth_says_how_much():
    scene = dataclasses.replace(
        load_scene("cell"), errors=ErrorParameters(), encoder=EncoderParameters()
    )
    cell, arms = started(scene)
    assert np.all(cell.truth.wrenches["PSM1"] == 0.0)
    arm = arms["PSM1"]
    from trocar.kinematics import forward_kinematics

    T = np.array(forward_kinematics(arm.state().setpoint_q[:6]))
    down = cell.tools()["PSM1"].tip[2] + 0.004
    T[:3, 3] += scene.T_world_base("PSM1")[:3, :3].T @ [0.0, 0.0, -down]
    arm.move_cp(T)
    cell.run(3000)
    felt = cell.truth.wrenches["PSM1"]
    assert felt[2] > 0.1  # N, up
    pushed = scene.T_world_base("PSM1")[:3, :3] @ arm.state().wrench[:3]
    np.testing.assert_allclose(pushed, felt[:3], atol=0.15)  # the observer agrees
    assert np.all(cell.truth.wrenches["PSM2"] == 0.0)
    cell.close()
