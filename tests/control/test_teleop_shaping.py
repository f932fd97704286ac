# SPDX-License-Identifier: Apache-2.0
"""What teleoperation makes of a hand: scale, tremor and its delay, jaw."""

import numpy as np
import pytest

from trocar.geometry import exp_so3, log_so3, make_transform

from .hand import DELAY, SETTLE, T_CAMERA_BASE, Hand


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
