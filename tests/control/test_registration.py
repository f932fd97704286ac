# SPDX-License-Identifier: Apache-2.0
"""The latched correction: gates, rates, both directions."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.control.registration import Registration, RegistrationConfig
from trocar.control.visual import VisualFrame
from trocar.estimates import Health, ToolEstimate
from trocar.geometry import exp_se3, exp_so3, log_so3, make_transform, transform_points

NS = 1_000_000_000
MS = 1_000_000
T_CAMERA_BASE = make_transform(exp_so3([2.0, -0.3, 0.4]), [-0.11, -0.09, 0.0])
T_BASE_CP = make_transform(exp_so3([3.0, 0.1, 0.2]), [0.01, 0.02, -0.14])
SMALL = np.diag([1e-7] * 3 + [1e-4] * 3)


def estimate(xi, stamp_ns, health=Health.GOOD, covariance=SMALL):
    """An estimate whose correction is exp(xi), at the fixed pose of the arm."""
    T_correction = exp_se3(xi)
    T_camera_tool = T_correction @ T_CAMERA_BASE @ T_BASE_CP
    return ToolEstimate(stamp_ns, "PSM1", T_correction, T_camera_tool, covariance, health)


def run(registration, seconds, start_ns=0, period_ns=5 * MS):
    for now_ns in range(start_ns, start_ns + int(seconds * NS) + 1, period_ns):
        registration.advance(now_ns)
    return start_ns + int(seconds * NS)


def test_nothing_believed_is_nominal_and_says_so():
    registration = Registration(T_CAMERA_BASE)
    status = registration.status(NS)
    np.testing.assert_array_equal(status.T_camera_base, T_CAMERA_BASE)
    assert status.speed == 0.0
    assert np.isinf(status.age_s)
    assert "not registered" in status.reason


def test_fixed_registration_is_always_usable_and_takes_nothing():
    registration = Registration(T_CAMERA_BASE, is_fixed=True)
    assert registration.add(estimate([0.005, 0, 0, 0, 0, 0], 1), 1) != ""
    status = registration.status(100 * NS)
    assert status.speed == 1.0
    assert status.is_settled
    np.testing.assert_array_equal(status.T_camera_base, T_CAMERA_BASE)


finite = st.floats(-1.0, 1.0)


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[finite] * 6), st.integers(1, 40))
def test_the_tip_never_moves_faster_than_its_rates_and_arrives(direction, period_ms):
    xi = np.array(direction) * np.array([0.008] * 3 + [0.05] * 3)
    config = RegistrationConfig()
    registration = Registration(T_CAMERA_BASE, config)
    registration.advance(0)
    assert registration.add(estimate(xi, 1), 1) == ""
    earlier = registration.T_camera_base(0) @ T_BASE_CP
    dt = period_ms * 1e-3
    for i in range(1, int(6.0 / dt)):
        T = registration.T_camera_base(i * period_ms * MS) @ T_BASE_CP
        assert np.linalg.norm(T[:3, 3] - earlier[:3, 3]) <= config.linear_rate * dt + 1e-12
        angle = np.linalg.norm(log_so3(T[:3, :3] @ earlier[:3, :3].T))
        assert angle <= config.angular_rate * dt + 1e-9
        earlier = T
    np.testing.assert_allclose(earlier, exp_se3(xi) @ T_CAMERA_BASE @ T_BASE_CP, atol=1e-5)


@pytest.mark.parametrize(
    ("bad", "word"),
    [
        (estimate([0.001] * 6, 2 * NS, Health.LOST), "lost"),
        (estimate([0.001] * 6, 2 * NS, covariance=np.eye(6)), "uncertain"),
        (estimate([0.001] * 6, 2 * NS, covariance=np.diag([1e-7] * 3 + [1.0] * 3)), "deg"),
        (estimate([0.001] * 6, NS), "old"),
        (estimate([0.001] * 6, NS // 2), "not newer"),
        (estimate([np.nan] * 6, 2 * NS), "finite"),
        (estimate([0.2, 0, 0, 0, 0, 0], 2 * NS), "site file"),
        (estimate([0, 0, 0, 0.5, 0, 0], 2 * NS), "site file"),
    ],
)
def test_what_is_not_believed_changes_nothing_and_is_named(bad, word):
    registration = Registration(T_CAMERA_BASE)
    good = estimate([0.003, 0, 0, 0, 0, 0], NS * 9 // 10)
    assert registration.add(good, NS) == ""
    now_ns = run(registration, 1.0, NS)
    reason = registration.add(bad, now_ns)
    assert word in reason
    before = registration.T_correction
    run(registration, 1.0, now_ns)
    # still on its way to the good one, and no farther
    np.testing.assert_allclose(
        registration.T_correction, exp_se3([0.003, 0, 0, 0, 0, 0]), atol=1e-5
    )
    assert np.abs(before[:3, 3]).max() < 0.0031


def test_age_slows_then_holds_with_the_last_good_one():
    config = RegistrationConfig()
    registration = Registration(T_CAMERA_BASE, config)
    registration.add(estimate([0.002, 0, 0, 0, 0, 0], 0), 0)
    speeds = [registration.status(int(s * NS)).speed for s in (1.0, 3.0, 5.5, 8.0, 20.0)]
    assert speeds[0] == speeds[1] == 1.0
    assert 0.4 < speeds[2] < 0.6
    assert speeds[3] == speeds[4] == 0.0
    status = registration.status(20 * NS)
    assert "old" in status.reason
    np.testing.assert_allclose(
        status.T_camera_base, exp_se3([0.002, 0, 0, 0, 0, 0]) @ T_CAMERA_BASE, atol=1e-6
    )


@settings(max_examples=40, deadline=None)
@given(st.tuples(*[finite] * 6), st.integers(0, 30), st.booleans())
def test_own_setpoint_sent_back_moves_nothing_while_the_correction_changes(
    xi, delay_ms, is_stamped
):
    registration = Registration(T_CAMERA_BASE)
    visual = VisualFrame(registration)
    registration.add(estimate(np.array(xi) * np.array([0.008] * 3 + [0.05] * 3), 1), 1)
    T_base_setpoint = T_BASE_CP
    changed = 0.0
    for now_ns in range(10 * MS, 500 * MS, 10 * MS):
        earlier = registration.T_correction
        registration.advance(now_ns)
        T_camera_cp = visual.publish_setpoint(T_base_setpoint, now_ns)
        later_ns = now_ns + delay_ms * MS
        registration.advance(later_ns)
        changed += np.abs(registration.T_correction - earlier).max()
        T_base_setpoint = visual.command(T_camera_cp, now_ns if is_stamped else 0, later_ns)
    np.testing.assert_allclose(T_base_setpoint, T_BASE_CP, atol=1e-12)
    if np.abs(xi).max() > 0.1:
        assert changed > 1e-5  # the correction did change meanwhile


def test_a_new_visual_command_goes_where_the_camera_sees_it():
    registration = Registration(T_CAMERA_BASE)
    visual = VisualFrame(registration)
    xi = [0.003, -0.002, 0.001, 0.01, 0.0, -0.01]
    registration.add(estimate(xi, 1), 1)
    now_ns = run(registration, 5.0)
    T_goal = make_transform(T_BASE_CP[:3, :3], transform_points(T_CAMERA_BASE, [0.0, 0.0, -0.15]))
    T_base_cp = visual.command(T_goal, 0, now_ns)
    np.testing.assert_allclose(exp_se3(xi) @ T_CAMERA_BASE @ T_base_cp, T_goal, atol=1e-5)
