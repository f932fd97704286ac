# SPDX-License-Identifier: Apache-2.0
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from trocar.perception.joint_history import JointHistory

MS = 1_000_000


def filled(count=50, step_ms=10):
    history = JointHistory()
    for k in range(count):
        assert history.add(1_000 * MS + k * step_ms * MS, [0.001 * k, -0.002 * k])
    return history


@given(st.integers(0, 490 * MS + 20 * MS))
def test_linear_motion_is_told_exactly_between_and_shortly_after(offset_ns):
    q = filled().at(1_000 * MS + offset_ns).q
    assert np.allclose(q, np.array([1e-4, -2e-4]) * offset_ns / MS, atol=1e-12)


def test_beyond_its_limits_it_refuses_with_the_age():
    history = filled()
    late = history.at(1_490 * MS + 40 * MS)
    assert late.q is None and "40 ms older than the capture, limit 25 ms" in late.reason
    early = history.at(990 * MS)
    assert early.q is None and "10 ms older than the oldest" in early.reason
    assert JointHistory().at(5).reason == "no joint state has arrived"


def test_a_gap_is_not_bridged():
    history = filled()
    history.add(1_900 * MS, [1.0, 1.0])
    assert "gap of 410 ms" in history.at(1_700 * MS).reason
    assert np.allclose(history.at(1_905 * MS).q, [1.0, 1.0])  # no rate is known across the gap


def test_bad_samples_are_not_taken_and_a_new_clock_is():
    history = filled()
    assert not history.add(2_000 * MS, [np.nan, 0.0])
    assert not history.add(2_000 * MS, [0.0, 0.0, 0.0])
    assert not history.add(1_490 * MS, [0.0, 0.0])
    for k in range(3):
        history.add((10_000 + 10 * k) * MS, [0.0, 0.0])
    assert history.at(1_100 * MS).q is None  # forgotten
    assert history.add(100 * MS, [0.5, 0.5])
    assert history.at(10_000 * MS).q is None
    assert np.allclose(history.at(100 * MS).q, 0.5)
