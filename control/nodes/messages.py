# SPDX-License-Identifier: Apache-2.0
"""Conversions between ROS messages and arrays; nothing is judged here."""

from collections.abc import Sequence

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped, TwistStamped
from sensor_msgs.msg import JointState

from trocar.geometry import Array, quat_xyzw_from_matrix

NS = 1_000_000_000


def to_time(stamp_ns: int) -> Time:
    """Message stamp of integer nanoseconds; 0 marks invalid data (CRTK)."""
    return Time(sec=stamp_ns // NS, nanosec=stamp_ns % NS)


def from_time(stamp: Time) -> int:
    """Integer nanoseconds of a message stamp."""
    return int(stamp.sec) * NS + int(stamp.nanosec)


def to_joint_state(
    names: Sequence[str],
    position: Array,
    velocity: Array | Sequence[float],
    effort: Array | Sequence[float],
    stamp_ns: int,
) -> JointState:
    """JointState of n joints; an unknown quantity is an empty array (CRTK)."""
    message = JointState()
    message.header.stamp = to_time(stamp_ns)
    message.name = list(names)
    message.position = np.asarray(position, dtype=float).tolist()
    message.velocity = np.asarray(velocity, dtype=float).tolist()
    message.effort = np.asarray(effort, dtype=float).tolist()
    return message


def to_pose(T_frame_cp: Array, frame_id: str, stamp_ns: int) -> PoseStamped:
    """PoseStamped of a transform (4, 4)."""
    message = PoseStamped()
    message.header.stamp = to_time(stamp_ns)
    message.header.frame_id = frame_id
    fill_pose(message.pose, T_frame_cp)
    return message


def from_pose(message: PoseStamped) -> tuple[str, list[float], list[float], int]:
    """frame_id, position (3), quat_xyzw (4) and stamp of a PoseStamped, as they came."""
    position, quat_xyzw = pose_numbers(message.pose)
    return message.header.frame_id, position, quat_xyzw, from_time(message.header.stamp)


def to_twist(twist: Array, frame_id: str, stamp_ns: int) -> TwistStamped:
    """TwistStamped of a twist (6,) = (linear, angular)."""
    message = TwistStamped()
    message.header.stamp = to_time(stamp_ns)
    message.header.frame_id = frame_id
    v, w = message.twist.linear, message.twist.angular
    v.x, v.y, v.z, w.x, w.y, w.z = np.asarray(twist, dtype=float).tolist()
    return message


def from_twist(message: TwistStamped) -> Array:
    """Twist (6,) of a TwistStamped."""
    return twist_numbers(message.twist)


def fill_pose(pose: object, T: Array) -> None:
    """Write a transform (4, 4) into a geometry_msgs/Pose."""
    p, q = pose.position, pose.orientation  # type: ignore[attr-defined]
    p.x, p.y, p.z = np.asarray(T)[:3, 3].tolist()
    q.x, q.y, q.z, q.w = quat_xyzw_from_matrix(T).tolist()


def pose_numbers(pose: object) -> tuple[list[float], list[float]]:
    """Position (3) and quat_xyzw (4) of a geometry_msgs/Pose."""
    p, q = pose.position, pose.orientation  # type: ignore[attr-defined]
    return [p.x, p.y, p.z], [q.x, q.y, q.z, q.w]


def twist_numbers(twist: object) -> Array:
    """Twist (6,) of a geometry_msgs/Twist."""
    v, w = twist.linear, twist.angular  # type: ignore[attr-defined]
    return np.array([v.x, v.y, v.z, w.x, w.y, w.z], dtype=float)
