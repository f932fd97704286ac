# SPDX-License-Identifier: Apache-2.0
"""Operator shaping through the bindings: clutch, tremor filter, jaw slew, pose extrapolation."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core
from trocar.geometry import exp_so3, log_so3, make_transform

vector = st.tuples(*[st.floats(-1.0, 1.0)] * 3).map(np.array)
scales = st.floats(0.01, 10.0)
BAD_POSES = {
    "not finite": make_transform(np.eye(3), [np.nan, 0, 0]),
    "rotation": make_transform(1.01 * np.eye(3)),
    "too far": make_transform(np.eye(3), [1e300, 0, 0]),
    "shape": np.eye(3),
}


def pose(rotation, position):
    return make_transform(exp_so3(3.0 * rotation), position)


@settings(max_examples=200, deadline=None)
@given(vector, vector, vector, vector, vector, vector, scales, scales)
def test_clutch_latches_scales_positions_and_never_rotations(rm, pm, rs, ps, turn, shift, s1, s2):
    T_master, T_slave = pose(rm, pm), pose(rs, ps)
    clutch = _core.Clutch()
    assert not clutch.is_engaged
    clutch.engage(T_master, T_slave, s1)
    assert clutch.is_engaged and clutch.scale == s1
    np.testing.assert_allclose(clutch.map(T_master), T_slave, atol=1e-14)
    R_turn = exp_so3(turn)
    T_moved = make_transform(R_turn @ T_master[:3, :3], pm + shift)
    T = clutch.map(T_moved)
    np.testing.assert_allclose(T[:3, :3], R_turn @ T_slave[:3, :3], atol=1e-13)
    np.testing.assert_allclose(T[:3, 3], ps + s1 * shift, atol=1e-13)
    clutch.rescale(T_moved, s2)
    np.testing.assert_allclose(clutch.map(T_moved), T, atol=1e-13)
    clutch.pull_to(T_moved, T_slave)
    np.testing.assert_allclose(clutch.map(T_moved), T_slave, atol=1e-14)
    clutch.release()
    with pytest.raises(ValueError, match="comes before engage"):
        clutch.map(T_moved)


@pytest.mark.parametrize("fault", BAD_POSES)
def test_bad_poses_are_named_in_one_line_and_change_nothing(fault):
    clutch, tremor, T = _core.Clutch(), _core.TremorFilter(), BAD_POSES[fault]
    clutch.engage(np.eye(4), np.eye(4), 1.0)
    tremor.start(np.eye(4), 0)
    calls = {
        "T_camera_master": [
            lambda: clutch.engage(T, np.eye(4), 1.0),
            lambda: clutch.map(T),
            lambda: clutch.rescale(T, 0.5),
            lambda: clutch.pull_to(T, np.eye(4)),
        ],
        "T_camera_slave": [lambda: clutch.pull_to(np.eye(4), T)],
        "T_camera_hand": [lambda: tremor.start(T, 1), lambda: tremor.step(T, 1)],
        "T_base_target": [lambda: _core.PoseExtrapolator().set(T, np.zeros(6))],
    }
    for name, attempts in calls.items():
        for attempt in attempts:
            with pytest.raises(ValueError, match=f"^{name} .*{fault}") as raised:
                attempt()
            assert "\n" not in str(raised.value)
    assert clutch.scale == 1.0
    np.testing.assert_array_equal(clutch.map(np.eye(4)), np.eye(4))
    np.testing.assert_array_equal(tremor.step(np.eye(4), 1), np.eye(4))


@pytest.mark.parametrize("scale", [0.0, -1.0, 10.1, np.nan, np.inf])
def test_scales_are_checked(scale):
    clutch = _core.Clutch()
    with pytest.raises(ValueError, match="scale is out of range: allowed above 0, up to 10"):
        clutch.engage(np.eye(4), np.eye(4), scale)
    assert not clutch.is_engaged


@settings(max_examples=50, deadline=None)
@given(st.floats(8.0, 12.0), st.floats(0.0, 6.0), vector, vector, st.integers(0, 2**32 - 1))
def test_a_tone_of_the_band_loses_70_percent_in_position_and_rotation(hz, phase, u, r0, seed):
    """At the console's 67 Hz with 30 % jitter, on any axis, from any orientation."""
    if np.linalg.norm(u) < 0.1:
        u = np.array([1.0, 0.0, 0.0])
    u /= np.linalg.norm(u)
    random, tremor, R0 = np.random.default_rng(seed), _core.TremorFilter(), exp_so3(3.0 * r0)
    t = np.cumsum(0.015 * random.uniform(0.7, 1.3, 200))
    x = 1e-4 * np.sin(2 * np.pi * hz * t + phase)
    tremor.start(make_transform(exp_so3(u * x[0]) @ R0, u * x[0]), 0)
    out = np.zeros((len(t), 2))
    for k in range(1, len(t)):
        T = tremor.step(make_transform(exp_so3(u * x[k]) @ R0, u * x[k]), int((t[k] - t[0]) * 1e9))
        out[k] = u @ T[:3, 3], u @ log_so3(T[:3, :3] @ R0.T)
    late = slice(100, None)
    # The start is at rest at x[0]: a constant that the filter keeps.
    left = np.std(out[late], axis=0) / np.std(x[late])
    assert np.all(left < 0.3)


def test_the_delay_and_gain_that_the_filter_states():
    assert _core.TremorFilter.delay() <= 0.010
    assert _core.TremorFilter.delay(0.0) == pytest.approx(_core.TremorFilter.delay(1e-3))
    assert _core.TremorFilter.gain(0.0) == 1.0
    band = [_core.TremorFilter.gain(hz) for hz in np.linspace(8.0, 12.0, 401)]
    assert max(band) < 0.24
    everywhere = [_core.TremorFilter.gain(hz) for hz in np.geomspace(0.01, 1e3, 2001)]
    assert max(everywhere) < 1.13
    for call in (_core.TremorFilter.delay, _core.TremorFilter.gain):
        with pytest.raises(ValueError, match="hz: allowed 0 to"):
            call(np.nan)


def test_time_that_goes_backwards_is_refused():
    tremor = _core.TremorFilter()
    with pytest.raises(ValueError, match="step comes before engage or start"):
        tremor.step(np.eye(4), 5)
    tremor.start(np.eye(4), 5)
    for stamp_ns in (5, 4, -(2**63)):
        with pytest.raises(ValueError, match="stamp_ns is not later than the last one"):
            tremor.step(np.eye(4), stamp_ns)
    np.testing.assert_array_equal(tremor.step(np.eye(4), 2**63 - 1), np.eye(4))


@settings(max_examples=100, deadline=None)
@given(
    st.floats(-1.0, 1.0),
    st.lists(st.tuples(st.floats(-1.0, 1.4), st.floats(0.0, 0.05)), min_size=1, max_size=60),
)
def test_the_jaw_slews_at_36_then_at_720_degrees_a_second(start, steps):
    jaw = _core.JawSlew()
    jaw.engage(start)
    angle, matched = start, False
    for target, dt in steps:
        rate = np.deg2rad(720.0 if matched else 36.0)
        assert jaw.is_rematching != matched
        now = jaw.step(target, dt)
        assert abs(now - angle) <= rate * dt * (1 + 1e-12)
        matched = matched or now == target
        assert now == target or abs(now - angle) == pytest.approx(rate * dt, abs=1e-15)
        angle = now


def test_the_jaw_refuses_what_is_no_angle_or_no_time():
    jaw = _core.JawSlew()
    with pytest.raises(ValueError, match="step comes before engage"):
        jaw.step(0.0, 0.005)
    jaw.engage(0.1)
    for call, what in (
        (lambda: jaw.step(np.nan, 0.005), "target is not finite"),
        (lambda: jaw.step(1e9, 0.005), "target is too far"),
        (lambda: jaw.step(0.0, np.inf), "dt is not finite"),
        (lambda: jaw.step(0.0, -0.005), "dt is not later"),
        (lambda: jaw.engage(np.inf), "jaw is not finite"),
        (lambda: jaw.pull_to(np.nan), "jaw is not finite"),
    ):
        with pytest.raises(ValueError, match=what):
            call()
    assert jaw.angle == 0.1


@settings(max_examples=100, deadline=None)
@given(vector, vector, vector, vector, st.floats(0.0, 0.2), st.floats(0.001, 0.3))
def test_extrapolation_is_exact_at_first_then_decays_to_a_hold(r, p, v, w, full, decay):
    hold_s = full + decay
    extrapolator = _core.PoseExtrapolator()
    T = pose(r, p)
    extrapolator.set(T, np.concatenate([v, w]))
    for age in (-1.0, 0.0):
        np.testing.assert_allclose(extrapolator.at(age, full, hold_s), T, atol=1e-15)
    moved = make_transform(exp_so3(w * full) @ T[:3, :3], p + v * full)
    np.testing.assert_allclose(extrapolator.at(full, full, hold_s), moved, atol=1e-12)
    held = full + 0.5 * decay  # the integral of the ramp
    end = make_transform(exp_so3(w * held) @ T[:3, :3], p + v * held)
    for age in (hold_s, 2 * hold_s, 1e6):
        np.testing.assert_allclose(extrapolator.at(age, full, hold_s), end, atol=1e-12)
        np.testing.assert_array_equal(extrapolator.twist_at(age, full, hold_s), np.zeros(6))
    np.testing.assert_array_equal(extrapolator.twist_at(0.0, full, hold_s), np.concatenate([v, w]))


def test_extrapolation_refuses_bad_input():
    extrapolator = _core.PoseExtrapolator()
    with pytest.raises(ValueError, match="twist: allowed finite"):
        extrapolator.set(np.eye(4), [0, 0, 0, 0, np.nan, 0])
    with pytest.raises(ValueError, match="twist has shape"):
        extrapolator.set(np.eye(4), np.zeros(5))
    for horizon in ((-0.1, 0.1), (0.2, 0.1), (0.1, np.inf), (np.nan, 0.1)):
        with pytest.raises(ValueError, match="allowed 0 <= extrapolate_s <= hold_s"):
            extrapolator.at(0.0, *horizon)
    with pytest.raises(ValueError, match="age_s is not finite"):
        extrapolator.twist_at(np.nan, 0.1, 0.2)


def test_threads_may_share_a_filter():
    tremor = _core.TremorFilter()
    tremor.start(np.eye(4), 0)
    stamps = iter(range(1, 100_000_000, 1000))
    lock, faults = threading.Lock(), []

    def work():
        for _ in range(500):
            with lock:
                stamp = next(stamps)
            try:
                if not np.all(np.isfinite(tremor.step(np.eye(4), stamp))):
                    faults.append("not finite")
            except ValueError as error:  # another thread's stamp was later
                if "stamp_ns" not in str(error):
                    faults.append(str(error))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
