# SPDX-License-Identifier: Apache-2.0
"""The cell's ROS topics: a call for the second instrument in; truth and diagnostics out.

/sim/second_instrument (std_msgs/Empty) starts a pass.  With `truth`, at 15 Hz, in the left
optical frame `endoscope_left`: /truth/PSM1/measured_cp (control point) and /truth/target (the
material work point, z along the outward normal), both geometry_msgs/PoseStamped.
"""

from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseStamped
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Empty

from trocar.geometry import Array, inverse, make_transform, quat_xyzw_from_matrix
from trocar.sim.cell import Cell
from trocar.sim.truth import WORK_POINT

FRAME = "endoscope_left"


class CellTopics:
    """Publishers and the one subscription of the sim process."""

    def __init__(self, node: Any, cell: Cell, truth: bool) -> None:
        """Without `truth` no /truth topic exists."""
        self._cell = cell
        self._tool = self._target = None
        if truth:
            make, qos = node.create_publisher, qos_profile_sensor_data
            self._tool = make(PoseStamped, "/truth/PSM1/measured_cp", qos)
            self._target = make(PoseStamped, "/truth/target", qos)
        node.create_subscription(Empty, "/sim/second_instrument", self._on_call, 1)

    def publish_truth(self) -> None:
        """Both poses of the present state; nothing where truth is off."""
        if self._tool is None or self._target is None:
            return
        snapshot, truth = self._cell.snapshot(), self._cell.truth
        stamp_ns = self._cell.stamp_ns
        self._tool.publish(pose_message(truth.T_camera_control_point(snapshot), stamp_ns))
        point = truth.tissue.point(WORK_POINT, snapshot.time_s)
        normal = truth.tissue.normal(WORK_POINT, snapshot.time_s)
        T_world_target = make_transform(_frame_about(normal), point)
        T_camera_target = inverse(self._cell.scene.T_world_camera) @ T_world_target
        self._target.publish(pose_message(T_camera_target, stamp_ns))

    def _on_call(self, _message: Empty) -> None:
        self._cell.start_pass()


def pose_message(T_camera_x: Array, stamp_ns: int) -> PoseStamped:
    """A pose in the left optical frame."""
    message = PoseStamped()
    message.header.frame_id = FRAME
    message.header.stamp = Time(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    p, o = message.pose.position, message.pose.orientation
    p.x, p.y, p.z = (float(v) for v in T_camera_x[:3, 3])
    o.x, o.y, o.z, o.w = (float(v) for v in quat_xyzw_from_matrix(T_camera_x))
    return message


def _frame_about(z: Array) -> Array:
    """Rotation (3, 3) with the given z and x as near as can be to the world's x."""
    x = np.array([1.0, 0.0, 0.0]) - z[0] * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)
