# SPDX-License-Identifier: Apache-2.0
"""The arm in the transform tree, where tf2_msgs is importable.

`/tf`: PSM1 and PSM1_setpoint in the camera, nominal like `measured_cp`, at 50 Hz (the dVRK's
default period is 20 ms).  `/tf_static`: the nominal place of PSM1_base in the camera.
"""

from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.node import Node

from trocar import kinematics
from trocar.control.crtk import CAMERA_FRAME, base_frame
from trocar.control.crtk_arm import CrtkArm
from trocar.control.nodes.messages import to_time
from trocar.control.nodes.topics import EVENT, HAS_TF2_MSGS, LATCHED
from trocar.geometry import Array, quat_xyzw_from_matrix


class TfBroadcaster:
    """Broadcasts one arm; does nothing where tf2_msgs is missing."""

    def __init__(self, node: Node, crtk: CrtkArm) -> None:
        """Create the publishers and say once where the base stands."""
        self._crtk = crtk
        self._type: Any = None
        if not HAS_TF2_MSGS:
            return
        from tf2_msgs.msg import TFMessage

        self._type = TFMessage
        self._tf = node.create_publisher(TFMessage, "/tf", EVENT)
        self._static = node.create_publisher(TFMessage, "/tf_static", LATCHED)
        T = crtk.supervisor.registration.T_camera_base_nominal
        now_ns = int(node.get_clock().now().nanoseconds)
        self._static.publish(
            TFMessage(transforms=[to_transform(T, CAMERA_FRAME, base_frame(crtk.name), now_ns)])
        )

    def publish(self) -> None:
        """Measured and set-point pose of the newest tick."""
        state, crtk = self._crtk.supervisor.state, self._crtk
        if self._type is None or state.tick == 0:
            return
        poses = ((crtk.name, state.q), (f"{crtk.name}_setpoint", state.setpoint_q))
        transforms = [
            to_transform(
                crtk.measured_cp(kinematics.forward_kinematics(q[:6])),
                CAMERA_FRAME,
                child,
                state.stamp_ns,
            )
            for child, q in poses
        ]
        self._tf.publish(self._type(transforms=transforms))


def to_transform(T_parent_child: Array, parent: str, child: str, stamp_ns: int) -> TransformStamped:
    """TransformStamped of a transform (4, 4)."""
    message = TransformStamped()
    message.header.stamp = to_time(stamp_ns)
    message.header.frame_id, message.child_frame_id = parent, child
    p, q = message.transform.translation, message.transform.rotation
    p.x, p.y, p.z = T_parent_child[:3, 3].tolist()
    q.x, q.y, q.z, q.w = quat_xyzw_from_matrix(T_parent_child).tolist()
    return message
