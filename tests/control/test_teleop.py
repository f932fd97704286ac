# SPDX-License-Identifier: Apache-2.0
"""Teleoperation: no jump, clutch, scale, ages, locks, wind-up."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.control.teleop import TeleopState
from trocar.geometry import exp_so3, make_transform

from .hand import DELAY, MS, SETTLE, T_CAMERA_BASE, Hand, pose

vector = st.tuples(*[st.floats(-1.0, 1.0)] * 3)
scales = st.floats(0.05, 2.0)


@settings(max_examples=100, deadline=None)
@given(vector, vector, vector, vector, scales)
def test_no_jump_on_engage_for_any_scale_and_orientation(rm, pm, rs, ps, scale):
    hand = Hand(pose(rs, ps))
    T_before = hand.T
    hand.send(scale=scale, T_camera_master=pose(rm, pm))
    command = hand.tick()
    assert command.state == TeleopState.ENGAGED
    np.testing.assert_allclose(command.T_base_cp, T_before, atol=1e-12)
    assert command.jaw == hand.jaw


def advance_of(cycles, rm, step, scale, rest=0.0):
    """How far the tool goes in clutch cycles of 5 steps forward, engaged, and back, clutched."""
    hand = Hand()
    p0 = hand.camera()[:3, 3].copy()
    for _ in range(cycles):
        for i in range(6):
            p = np.array([0.1, 0.2, 0.3]) + i * step
            T_master = make_transform(exp_so3(rm), p)
            hand.run(0.005, scale=scale, T_camera_master=T_master)
        hand.run(rest, scale=scale, T_camera_master=T_master)
        hand.send(scale=scale, clutch=True, T_camera_master=T_master)
        command = hand.tick()
        assert command.T_base_cp is None
        assert hand.teleop.state == TeleopState.CLUTCHED
    return hand.camera()[:3, 3] - p0


@settings(max_examples=50, deadline=None)
@given(vector, vector, scales, st.integers(1, 6))
def test_n_clutch_cycles_advance_n_times(rm, direction, scale, cycles):
    step = np.array(direction) * 0.0005
    once = advance_of(1, rm, step, scale)
    np.testing.assert_allclose(advance_of(cycles, rm, step, scale), cycles * once, atol=1e-12)


@settings(max_examples=5, deadline=None)
@given(vector, vector, scales)
def test_a_cycle_whose_hand_comes_to_rest_advances_by_the_scaled_way(rm, direction, scale):
    step = np.array(direction) * 0.0005
    advance = advance_of(2, rm, step, scale, rest=SETTLE)
    np.testing.assert_allclose(advance, 2 * 5 * scale * step, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(vector, vector, scales)
def test_rotation_is_about_camera_axes_and_never_scaled(rs, turn, scale):
    hand = Hand(pose(rs, [0.1, 0.1, -1.2]))
    R0 = hand.camera()[:3, :3].copy()
    R_master = exp_so3([0.5, -0.4, 1.0])
    w = np.array(turn) * 0.15
    hand.send(scale=scale, T_camera_master=make_transform(R_master))
    hand.tick()
    for i in range(1, 6):
        hand.send(scale=scale, T_camera_master=make_transform(exp_so3(w * i / 5) @ R_master))
        hand.tick()
    hand.run(SETTLE, scale=scale, T_camera_master=make_transform(exp_so3(w) @ R_master))
    np.testing.assert_allclose(hand.camera()[:3, :3], exp_so3(w) @ R0, atol=1e-9)


@settings(max_examples=10, deadline=None)
@given(vector, scales)
def test_a_jog_is_scaled_velocity_in_camera_axes(direction, scale):
    hand = Hand()
    p0 = hand.camera()[:3, 3].copy()
    v = np.array(direction) * 0.02
    twist = np.concatenate([v, np.zeros(3)])
    hand.send(twist=np.zeros(6), scale=scale)
    hand.tick()
    hand.run(SETTLE, twist=twist, scale=scale)
    moved = hand.camera()[:3, 3] - p0
    np.testing.assert_allclose(moved, scale * v * (SETTLE - DELAY), atol=1e-9)
    hand.run(SETTLE, twist=np.zeros(6), scale=scale)
    moved = hand.camera()[:3, 3] - p0
    np.testing.assert_allclose(moved, scale * v * SETTLE, atol=1e-9)


@pytest.mark.parametrize(
    "sample",
    [
        {"twist": np.array([np.nan, 0, 0, 0, 0, 0])},
        {"twist": np.array([0, 0, 0, 0, np.inf, 0])},
        {"jaw_rate": float("nan")},
        {"scale": float("nan")},
        {"scale": 50.0},
        {"T_camera_master": np.full((4, 4), np.nan)},
        {"T_camera_master": np.diag([1.0, 1.0, 1.01, 1.0])},
        {"T_camera_master": np.diag([1.0, 1.0, -1.0, 1.0])},
        {"T_camera_master": make_transform(np.eye(3), [1e200, 0.0, 0.0])},
        {"T_camera_master": np.eye(3)},
        {"jaw": float("inf")},
        {"twist": np.zeros(5)},
    ],
)
def test_bad_input_is_refused_and_counts_as_no_news(sample):
    hand = Hand()
    hand.run(0.05, twist=np.array([0.01, 0, 0, 0, 0, 0]))
    assert "operator" in hand.send(**sample)
    for _ in range(21):
        hand.send(**sample)
        command = hand.tick()
        assert command.T_base_cp is None or np.all(np.isfinite(command.T_base_cp))
    assert command.state == TeleopState.HOLDING
    assert command.T_base_cp is None


def test_a_release_counts_even_in_a_bad_sample():
    hand = Hand()
    hand.run(0.05)
    hand.send(deadman=False, jaw_rate=float("nan"))
    assert hand.tick().T_base_cp is None
    assert hand.teleop.state == TeleopState.IDLE


def test_release_holds_and_pressing_again_engages_without_a_jump():
    hand = Hand()
    hand.run(0.1, twist=np.array([0.05, 0, 0, 0, 0, 0]))
    hand.send(deadman=False, twist=np.array([0.05, 0, 0, 0, 0, 0]))
    command = hand.tick()
    assert command.T_base_cp is None
    assert command.state == TeleopState.IDLE
    T_before = hand.T
    hand.send()
    np.testing.assert_allclose(hand.tick().T_base_cp, T_before, atol=1e-12)


def test_operator_ages_hold_at_100_ms_lock_at_250_ms_and_need_a_new_press():
    hand = Hand()
    twist = np.array([0.05, 0, 0, 0, 0, 0])
    hand.run(0.1, twist=twist)
    states = {}
    sent_ns = hand.now_ns - 5 * MS
    while hand.now_ns < sent_ns + 400 * MS:
        command = hand.tick()
        states[(hand.now_ns - sent_ns) // MS] = command
    assert states[100].T_base_cp is not None
    assert states[105].T_base_cp is None
    assert states[105].state == TeleopState.HOLDING
    assert states[250].state == TeleopState.HOLDING
    assert states[255].state == TeleopState.LOCKED
    T_before = hand.T
    command = hand.run(0.2, twist=twist)  # still pressed: not by itself
    assert command.T_base_cp is None
    assert "press it again" in command.reason
    np.testing.assert_array_equal(hand.T, T_before)
    hand.send(deadman=False)
    hand.tick()
    assert hand.run(0.05, twist=twist).T_base_cp is not None


def test_a_late_sample_does_not_undo_the_time_out():
    hand = Hand()
    hand.run(0.05)
    hand.now_ns += 300 * MS  # no tick meanwhile
    hand.send()
    assert hand.tick().T_base_cp is None
    assert hand.teleop.state == TeleopState.LOCKED


def test_a_short_gap_goes_on_without_a_jump():
    hand = Hand()
    twist = np.array([0.02, 0, 0, 0, 0, 0])
    hand.run(0.1, twist=twist)
    for _ in range(40):  # 200 ms
        hand.tick()
    T_before = hand.T
    hand.send(twist=twist)
    np.testing.assert_allclose(hand.tick().T_base_cp, T_before, atol=1e-12)


def test_an_arm_that_cannot_follow_does_not_wind_up():
    hand = Hand()
    T_stuck = hand.T.copy()
    forward = np.array([0.05, 0, 0, 0, 0, 0])
    for _ in range(600):
        hand.send(twist=forward, jaw_rate=1.0)
        command = hand.tick()
        hand.T, hand.jaw = T_stuck, 0.3
    leash = hand.teleop.config.leash_linear
    assert np.linalg.norm(command.T_base_cp[:3, 3] - T_stuck[:3, 3]) <= leash + 1e-9
    assert command.jaw <= 0.3 + hand.teleop.config.leash_jaw + 1e-9
    # The way back: from one end of the leash to the other in 2 leash / speed = 0.2 s, and what
    # the filter still held of the way there and holds of the way back.
    for _ in range(41 + int(3 * DELAY / 0.005)):
        hand.send(twist=-forward)
        command = hand.tick()
        hand.T = T_stuck
    dp = (T_CAMERA_BASE[:3, :3] @ (command.T_base_cp[:3, 3] - T_stuck[:3, 3]))[0]
    assert dp <= -leash + 1e-9


def test_a_lock_ignores_a_deadman_that_is_still_pressed():
    hand = Hand()
    hand.run(0.05)
    hand.teleop.lock("hold asked for")
    command = hand.run(0.1, twist=np.array([0.05, 0, 0, 0, 0, 0]))
    assert command.T_base_cp is None
    assert command.reason == "hold asked for"


def test_a_jog_after_a_master_s_pose_and_back_does_not_jump():
    hand = Hand()
    T_master = make_transform(exp_so3([1.0, 0.2, 0.3]), [0.3, 0.2, 0.1])
    hand.run(0.1, T_camera_master=T_master)
    T_before = hand.T
    hand.run(0.05)
    np.testing.assert_allclose(hand.T, T_before, atol=1e-12)
    hand.run(0.05, T_camera_master=make_transform(np.eye(3), [-0.5, 0.0, 0.0]))
    np.testing.assert_allclose(hand.T, T_before, atol=1e-12)
