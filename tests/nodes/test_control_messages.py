# SPDX-License-Identifier: Apache-2.0
"""Conversions round-trip; bad layouts are refused."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

from trocar.control.nodes import estimate_messages as estimates  # noqa: E402
from trocar.control.nodes import messages  # noqa: E402
from trocar.control.operator_input import OperatorInput  # noqa: E402
from trocar.estimates import Health  # noqa: E402
from trocar.geometry import (  # noqa: E402
    exp_so3,
    make_transform,
    matrix_from_quat_xyzw,
)

NS = 1_000_000_000
vector = st.tuples(*[st.floats(-2.0, 2.0)] * 3).map(np.array)
stamps = st.integers(0, 2**31 * NS - 1)
sixes = st.tuples(*[st.floats(-5.0, 5.0)] * 6).map(np.array)


@given(stamps)
def test_stamps_survive_to_the_nanosecond(stamp_ns):
    assert messages.from_time(messages.to_time(stamp_ns)) == stamp_ns


@given(vector, vector, stamps)
def test_poses_survive(w, p, stamp_ns):
    T = make_transform(exp_so3(w), p)
    frame, position, quat, back_ns = messages.from_pose(messages.to_pose(T, "base", stamp_ns))
    assert (frame, back_ns) == ("base", stamp_ns)
    np.testing.assert_allclose(make_transform(matrix_from_quat_xyzw(quat), position), T, atol=1e-12)


@given(sixes)
def test_twists_survive(twist):
    np.testing.assert_array_equal(messages.from_twist(messages.to_twist(twist, "c", 1)), twist)


@given(sixes, sixes, sixes)
def test_joint_states_survive(q, qd, tau):
    message = messages.to_joint_state(tuple("abcdef"), q, qd, tau, 5)
    np.testing.assert_array_equal(
        [message.position, message.velocity, message.effort], [q, qd, tau]
    )


@given(vector, vector, sixes, st.integers(1, 10**18))
def test_targets_survive_in_two_halves(w, p, twist, stamp_ns):
    T, cov = make_transform(exp_so3(w), p), np.diag([1e-6] * 3 + [1e-4] * 3)
    pose = estimates.to_pose_with_covariance(T, cov, "endoscope_left", stamp_ns)
    rate = estimates.to_twist_with_covariance(twist, 2.0 * cov, "endoscope_left", stamp_ns)
    target = estimates.from_target(pose, rate)
    assert (target.stamp_ns, target.health) == (stamp_ns, Health.GOOD)
    np.testing.assert_allclose(target.T_camera_target, T, atol=1e-12)
    np.testing.assert_array_equal(target.twist, twist)
    np.testing.assert_array_equal(target.covariance, cov)
    np.testing.assert_array_equal(target.twist_covariance, 2.0 * cov)
    vague = estimates.to_pose_with_covariance(T, cov * 1e3, "endoscope_left", stamp_ns)
    assert estimates.from_target(vague, rate).health == Health.DEGRADED
    late = estimates.to_twist_with_covariance(twist, cov, "endoscope_left", stamp_ns + 1)
    with pytest.raises(ValueError, match="stamps"):
        estimates.from_target(pose, late)


@given(vector, vector)
def test_corrections_say_where_the_tool_is(w, p):
    T, cov = make_transform(exp_so3(w), p), np.eye(6)
    T_camera_base = make_transform(exp_so3([0.1, 0.2, 0.3]), [0.1, 0.0, 0.2])
    T_base_cp = make_transform(exp_so3([0.3, 0.0, 0.1]), [0.0, 0.1, 0.0])
    message = estimates.to_pose_with_covariance(T, cov, "endoscope_left", 7)
    estimate = estimates.from_correction(message, "PSM1", T_camera_base, T_base_cp)
    np.testing.assert_allclose(estimate.T_correction, T, atol=1e-12)
    np.testing.assert_allclose(
        estimate.T_camera_tool, estimate.T_correction @ T_camera_base @ T_base_cp, atol=1e-12
    )


@given(sixes, st.floats(-3, 3), st.floats(0.05, 2.0), st.booleans(), st.booleans())
def test_operator_input_survives_in_single_precision(twist, jaw, scale, deadman, clutch):
    sample = OperatorInput(123, deadman, clutch, scale, twist, jaw)
    back = estimates.from_operator(estimates.to_operator(sample), 10**9)
    assert (back.stamp_ns, back.deadman, back.clutch) == (123, deadman, clutch)
    np.testing.assert_allclose(back.twist, twist, rtol=1e-6, atol=1e-30)
    np.testing.assert_allclose([back.jaw_rate, back.scale], [jaw, scale], rtol=1e-6, atol=1e-30)


def test_operator_stamps_never_lie_in_the_future():
    message = estimates.to_operator(OperatorInput(5 * NS, True))
    assert estimates.from_operator(message, 2 * NS).stamp_ns == 2 * NS
    message = estimates.to_operator(OperatorInput(0, True))
    assert estimates.from_operator(message, 2 * NS).stamp_ns == 2 * NS


def test_wrong_layouts_are_named():
    message = estimates.to_operator(OperatorInput(1, True))
    message.axes = message.axes[:7]
    with pytest.raises(ValueError, match="7 axes"):
        estimates.from_operator(message, 2)
    pose = estimates.to_pose_with_covariance(np.eye(4), np.eye(6), "c", 1)
    pose.pose.pose.orientation.w = 0.5
    with pytest.raises(ValueError, match="norm"):
        estimates.from_pose_with_covariance(pose)
