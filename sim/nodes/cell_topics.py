# SPDX-License-Identifier: Apache-2.0
"""The cell's ROS topics: a call for the second instrument in; truth out.

/sim/second_instrument (std_msgs/Empty) starts a pass.  With `truth`, at 15 Hz, best effort:

/truth/<PSM>/measured_cp              PoseStamped, control point, in `endoscope_left`
/truth/<PSM>/contact                  WrenchStamped on the tool about its control point, `world`
/truth/ECM/measured_cp                PoseStamped of the left eye in `world`, where there is an ECM
/truth/objects/<name>/measured_cp     PoseStamped in `endoscope_left`
/truth/target                         PoseStamped, material work point, z along the outward normal

What the pictures show comes from the render process (truth_topics.py).
"""

from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped, WrenchStamped
from rclpy.qos import qos_profile_sensor_data
from std_msgs.msg import Empty

from trocar.geometry import Array, inverse, make_transform
from trocar.sim.cell import Cell
from trocar.sim.nodes.truth_messages import WORLD, pose_message, wrench_message
from trocar.sim.nodes.truth_topics import topic_name
from trocar.sim.scene import ECM
from trocar.sim.truth import WORK_POINT


class CellTopics:
    """Publishers and the one subscription of the sim process."""

    def __init__(self, node: Any, cell: Cell, truth: bool) -> None:
        """Without `truth` no /truth topic exists."""
        self._cell = cell
        self._poses: dict[str, Any] = {}
        self._contacts: dict[str, Any] = {}
        if truth:
            make, qos, scene = node.create_publisher, qos_profile_sensor_data, cell.scene
            names = [f"{arm}/measured_cp" for arm in scene.arms]
            names += [f"objects/{topic_name(name)}/measured_cp" for name in scene.objects]
            self._poses = {n: make(PoseStamped, f"/truth/{n}", qos) for n in (*names, "target")}
            self._contacts = {
                arm: make(WrenchStamped, f"/truth/{arm}/contact", qos) for arm in scene.psms
            }
        node.create_subscription(Empty, "/sim/second_instrument", self._on_call, 1)

    def publish_truth(self) -> None:
        """Poses and wrenches of the present state; nothing where truth is off."""
        if not self._poses:
            return
        snapshot, truth = self._cell.snapshot(), self._cell.truth
        stamp_ns = self._cell.stamp_ns
        T_world_camera = truth.scene.camera_pose(snapshot)
        T_camera_world = inverse(T_world_camera)
        tools = truth.cast.instruments(snapshot)
        poses = {
            f"{arm}/measured_cp": T_camera_world @ tools[arm].T_world_cp for arm in truth.scene.psms
        }
        for name in truth.scene.objects:
            T = T_camera_world @ snapshot.objects[name]
            poses[f"objects/{topic_name(name)}/measured_cp"] = T
        point = truth.tissue.point(WORK_POINT, snapshot.time_s)
        normal = truth.tissue.normal(WORK_POINT, snapshot.time_s)
        poses["target"] = T_camera_world @ make_transform(_frame_about(normal), point)
        for name, T in poses.items():
            self._poses[name].publish(pose_message(T, stamp_ns))
        if ECM in truth.scene.arms:
            eye = pose_message(T_world_camera, stamp_ns, WORLD)
            self._poses[f"{ECM}/measured_cp"].publish(eye)
        for arm, publisher in self._contacts.items():
            publisher.publish(wrench_message(truth.wrenches[arm], stamp_ns, WORLD))

    def _on_call(self, _message: Empty) -> None:
        self._cell.start_pass()


def _frame_about(z: Array) -> Array:
    """Rotation (3, 3) with the given z and x as near as can be to the world's x."""
    x = np.array([1.0, 0.0, 0.0]) - z[0] * z
    x /= np.linalg.norm(x)
    return np.stack([x, np.cross(z, x), z], axis=1)
