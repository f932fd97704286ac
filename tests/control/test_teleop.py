# SPDX-License-Identifier: Apache-2.0
"""Teleoperation: no jump, clutch, scale, ages, wind-up, tremor and its delay, jaw."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core
from trocar.control.operator_input import OperatorInput
from trocar.control.teleop import Teleop, TeleopState
from trocar.geometry import exp_so3, log_so3, make_transform

MS = 1_000_000
DELAY = _core.TremorFilter.delay(0.0)  # s, of a steady motion
SETTLE = 3.0  # s, after which what the filter holds back of a motion is below 1e-8 of it
T_CAMERA_BASE = make_transform(exp_so3([2.0, -0.3, 0.4]), [-0.11, -0.09, 0.0])

vector = st.tuples(*[st.floats(-1.0, 1.0)] * 3)
scales = st.floats(0.05, 2.0)


def pose(rotation, position):
    return make_transform(exp_so3(np.array(rotation) * 3.0), np.array(position) * 0.1)


class Hand:
    """An operator and an ideal arm: what is commanded is the next set-point."""

    def __init__(self, T_base_cp=None, jaw=0.3):
        self.teleop = Teleop()
        self.now_ns = 1000 * MS
        self.T = pose([0.9, 0.1, -0.2], [0.1, 0.2, -1.4]) if T_base_cp is None else T_base_cp
        self.jaw = jaw

    def send(self, **sample):
        sample.setdefault("deadman", True)
        return self.teleop.add(OperatorInput(self.now_ns, **sample))

    def tick(self, ms=5):
        self.now_ns += ms * MS
        command = self.teleop.update(self.now_ns, T_CAMERA_BASE, self.T, self.jaw)
        if command.T_base_cp is not None:
            self.T, self.jaw = command.T_base_cp, command.jaw
        return command

    def run(self, seconds, **sample):
        command = None
        for _ in range(int(seconds * 200)):
            self.send(**sample)
            command = self.tick()
        return command

    def camera(self):
        return T_CAMERA_BASE @ self.T


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


def test_changing_the_scale_moves_nothing():
    hand = Hand()
    T_master = make_transform(exp_so3([0.1, 0, 0]), [0.2, 0.1, 0.0])
    hand.run(0.005, scale=1.0, T_camera_master=T_master)
    T_master = make_transform(T_master[:3, :3], [0.203, 0.1, 0.0])
    hand.run(SETTLE, scale=1.0, T_camera_master=T_master)
    T_before = hand.T
    hand.send(scale=0.1, T_camera_master=T_master)
    np.testing.assert_allclose(hand.tick().T_base_cp, T_before, atol=1e-9)


def test_changing_the_scale_in_motion_does_not_jump():
    hand, v = Hand(), 0.02
    for tick in range(200):
        scale = 1.0 if tick // 10 % 2 == 0 else 0.1
        p_before = hand.camera()[:3, 3].copy()
        hand.run(0.005, twist=np.array([v, 0, 0, 0, 0, 0]), scale=scale)
        step = hand.camera()[0, 3] - p_before[0]
        assert 0.0 <= step <= 1.3 * scale * v * 0.005  # the filter overshoots by 25 % at the start


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


def test_jaw_follows_its_rate_within_the_tool_limits():
    hand = Hand(jaw=1.3)
    hand.run(0.5, jaw_rate=1.0)
    assert hand.jaw == pytest.approx(1.39626)
    hand.run(1.0, jaw_rate=-1.0)
    assert hand.jaw == pytest.approx(1.39626 - 1.0, abs=0.01)


def test_the_angle_of_a_jog_is_the_integral_of_its_rate():
    hand = Hand()
    R0 = (T_CAMERA_BASE @ hand.T)[:3, :3].copy()
    hand.send()
    hand.tick()
    hand.run(1.0, twist=np.array([0, 0, 0, 0.0, 0.4, 0.0]), scale=0.1)
    hand.run(SETTLE, scale=0.1)
    w = log_so3((T_CAMERA_BASE @ hand.T)[:3, :3] @ R0.T)
    np.testing.assert_allclose(w, [0.0, 0.4, 0.0], atol=1e-9)


@pytest.mark.parametrize("hz", [8.0, 9.0, 10.0, 11.0, 12.0])
@pytest.mark.parametrize("is_jog", [False, True])
def test_tremor_at_the_console_s_irregular_rate_hardly_reaches_the_tool(hz, is_jog):
    """A hand seen every 15 ms +- 30 %, as a pose or as the mouse's velocity; ticks at 200 Hz."""
    random = np.random.default_rng(int(hz))
    hand, scale, amplitude = Hand(), 0.5, 2e-4
    next_ns, x_seen, tool, seen = 0, 0.0, [], []
    p0 = hand.camera()[0, 3]
    for _ in range(1000):
        if hand.now_ns >= next_ns:
            period = 0.015 * random.uniform(0.7, 1.3)
            x = amplitude * np.sin(2 * np.pi * hz * hand.now_ns / 1e9)
            if is_jog:  # this way until the next sample
                twist = np.array([(x - x_seen) / 0.015, 0, 0, 0, 0, 0])
                hand.send(twist=twist, scale=scale)
            else:
                hand.send(T_camera_master=make_transform(np.eye(3), [x, 0, 0]), scale=scale)
            x_seen = x
            next_ns = hand.now_ns + int(period * 1e9)
        hand.tick()
        tool.append(hand.camera()[0, 3] - p0)
        seen.append(hand.teleop._T_camera_master[0, 3])
    # Of the tone itself: a velocity that is held too long or too short adds noise of its own.
    wave = np.exp(2j * np.pi * hz * 0.005 * np.arange(1000))[400:]
    left = np.abs(wave @ tool[400:]) / (scale * np.abs(wave @ seen[400:]))
    assert left < 0.3
    if not is_jog:
        assert np.std(tool[400:]) < 0.3 * scale * np.std(seen[400:])


def test_the_filter_starts_without_a_transient_on_a_moving_hand():
    hand, v = Hand(), 0.02
    p0 = hand.camera()[0, 3]
    for tick in range(100):
        x = v * 0.005 * tick
        hand.run(0.005, T_camera_master=make_transform(np.eye(3), [x, 0, 0]))
        moved = hand.camera()[0, 3] - p0
        assert 0.0 <= x - moved <= 1.8 * DELAY * v  # overshoots at first


def test_a_jog_after_a_master_s_pose_and_back_does_not_jump():
    hand = Hand()
    T_master = make_transform(exp_so3([1.0, 0.2, 0.3]), [0.3, 0.2, 0.1])
    hand.run(0.1, T_camera_master=T_master)
    T_before = hand.T
    hand.run(0.05)
    np.testing.assert_allclose(hand.T, T_before, atol=1e-12)
    hand.run(0.05, T_camera_master=make_transform(np.eye(3), [-0.5, 0.0, 0.0]))
    np.testing.assert_allclose(hand.T, T_before, atol=1e-12)


def test_the_jaw_rematches_the_grip_at_36_degrees_a_second_then_follows_at_720():
    hand, slow, fast = Hand(jaw=0.3), np.deg2rad(36.0) * 0.005, np.deg2rad(720.0) * 0.005
    for _ in range(2):  # engaged, and again after a clutch
        before, ticks = hand.jaw, 0
        while hand.jaw != 0.5:
            hand.run(0.005, jaw=0.5)
            assert abs(hand.jaw - before) <= slow * (1 + 1e-9)
            before, ticks = hand.jaw, ticks + 1
            assert ticks < 100
        assert ticks == pytest.approx(0.2 / slow, abs=2)
        hand.run(0.005, jaw=0.9)
        assert hand.jaw - 0.5 == pytest.approx(fast)
        hand.send(clutch=True, jaw=0.5)
        hand.tick()
        hand.jaw = 0.7


def test_a_jaw_that_cannot_follow_goes_on_slowly_from_where_it_is():
    hand = Hand(jaw=0.3)
    for _ in range(400):
        hand.run(0.005, jaw=1.2)
        hand.jaw = 0.3  # stuck
    assert hand.teleop._jaw.is_rematching
    hand.run(0.005, jaw=1.2)
    before = hand.jaw
    hand.run(0.005, jaw=1.2)
    assert hand.jaw - before <= np.deg2rad(36.0) * 0.005 * (1 + 1e-9)
