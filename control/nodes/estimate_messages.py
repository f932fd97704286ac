# SPDX-License-Identifier: Apache-2.0
"""Conversions of what perception and the operator say; a layout that is wrong raises ValueError."""

import numpy as np
from geometry_msgs.msg import PoseWithCovarianceStamped, TwistWithCovarianceStamped
from sensor_msgs.msg import Joy

from trocar.control.nodes.messages import (
    fill_pose,
    from_time,
    pose_numbers,
    to_time,
    twist_numbers,
)
from trocar.control.operator_input import OperatorInput
from trocar.estimates import Health, TargetEstimate, ToolEstimate
from trocar.geometry import Array, make_transform, matrix_from_quat_xyzw

# Health does not travel in the message, the covariance does: a target known better than this
# is good enough to begin to follow (the goal of the tissue tracker is 0.8 mm median, 2 mm p95).
GOOD_SIGMA = 0.002  # m


def to_pose_with_covariance(
    T: Array, covariance: Array, frame_id: str, stamp_ns: int
) -> PoseWithCovarianceStamped:
    """PoseWithCovarianceStamped of a transform (4, 4) and a covariance (6, 6)."""
    message = PoseWithCovarianceStamped()
    message.header.stamp = to_time(stamp_ns)
    message.header.frame_id = frame_id
    fill_pose(message.pose.pose, T)
    message.pose.covariance = np.asarray(covariance, dtype=float).ravel()
    return message


def from_pose_with_covariance(message: PoseWithCovarianceStamped) -> tuple[Array, Array, int]:
    """Transform (4, 4), covariance (6, 6), stamp; raises ValueError for a bad quaternion."""
    position, quat_xyzw = pose_numbers(message.pose.pose)
    T = make_transform(matrix_from_quat_xyzw(quat_xyzw), np.array(position))
    covariance = np.array(message.pose.covariance, dtype=float).reshape(6, 6)
    return T, covariance, from_time(message.header.stamp)


def to_twist_with_covariance(
    twist: Array, covariance: Array, frame_id: str, stamp_ns: int
) -> TwistWithCovarianceStamped:
    """TwistWithCovarianceStamped of a twist (6,) and a covariance (6, 6)."""
    message = TwistWithCovarianceStamped()
    message.header.stamp = to_time(stamp_ns)
    message.header.frame_id = frame_id
    v, w = message.twist.twist.linear, message.twist.twist.angular
    v.x, v.y, v.z, w.x, w.y, w.z = np.asarray(twist, dtype=float).tolist()
    message.twist.covariance = np.asarray(covariance, dtype=float).ravel()
    return message


def from_target(
    pose: PoseWithCovarianceStamped, twist: TwistWithCovarianceStamped
) -> TargetEstimate:
    """The target of two messages of one stamp; raises ValueError where they cannot be one."""
    T, covariance, stamp_ns = from_pose_with_covariance(pose)
    if from_time(twist.header.stamp) != stamp_ns:
        raise ValueError("target and target_twist have different stamps")
    block = covariance[:3, :3]
    variance = float(np.linalg.eigvalsh(block)[-1]) if np.all(np.isfinite(block)) else np.inf
    health = Health.GOOD if variance <= GOOD_SIGMA**2 else Health.DEGRADED
    return TargetEstimate(
        stamp_ns,
        T,
        twist_numbers(twist.twist.twist),
        covariance,
        np.array(twist.twist.covariance, dtype=float).reshape(6, 6),
        0,
        health,
        "" if health == Health.GOOD else f"known to {np.sqrt(variance) * 1e3:.1f} mm",
    )


def from_correction(
    message: PoseWithCovarianceStamped, arm: str, T_camera_base: Array, T_base_cp: Array
) -> ToolEstimate:
    """The tool estimate of a correction: the tool is where it puts the present T_base_cp."""
    T_correction, covariance, stamp_ns = from_pose_with_covariance(message)
    T_camera_tool = T_correction @ T_camera_base @ T_base_cp
    return ToolEstimate(stamp_ns, arm, T_correction, T_camera_tool, covariance, Health.GOOD)


def to_operator(sample: OperatorInput) -> Joy:
    """Joy of one sample of the operator's hand (docs/contracts.md)."""
    message = Joy()
    message.header.stamp = to_time(sample.stamp_ns)
    message.axes = [*np.asarray(sample.twist, dtype=float).tolist(), sample.jaw_rate, sample.scale]
    message.buttons = [int(sample.deadman), int(sample.clutch)]
    return message


def from_operator(message: Joy, now_ns: int) -> OperatorInput:
    """The sample of a Joy; raises ValueError for another layout.

    A stamp of 0, or one from a clock ahead of ours, is arrival: it must not outlive its age.
    """
    if len(message.axes) != 8 or len(message.buttons) != 2:
        raise ValueError(
            f"/operator/input has {len(message.axes)} axes and {len(message.buttons)} buttons,"
            " allowed 8 (twist, jaw rate, scale) and 2 (dead-man, clutch)"
        )
    axes = np.array(message.axes, dtype=float)
    stamp_ns = from_time(message.header.stamp)
    return OperatorInput(
        now_ns if stamp_ns == 0 else min(stamp_ns, now_ns),
        deadman=bool(message.buttons[0]),
        clutch=bool(message.buttons[1]),
        scale=float(axes[7]),
        twist=axes[:6],
        jaw_rate=float(axes[6]),
    )
