# SPDX-License-Identifier: Apache-2.0
"""Truth as ROS messages: poses, wrenches, and points that both eyes see."""

from array import array
from typing import Any

import numpy as np
from geometry_msgs.msg import PoseStamped, WrenchStamped
from numpy.typing import ArrayLike, NDArray
from sensor_msgs.msg import PointCloud2, PointField

from trocar.geometry import Array, quat_xyzw_from_matrix
from trocar.sim.nodes.camera_messages import time_message

CAMERA, WORLD = "endoscope_left", "world"  # frames; the camera moves where an ECM carries it
LEFT_SEES, RIGHT_SEES = 1, 2  # bits of `visible`
# One record a point: id; x, y, z in m in `endoscope_left`; pixels of both eyes; who sees it.
POINT_TYPE = np.dtype(
    [("id", "<u4"), *((n, "<f4") for n in ("x", "y", "z", "u_l", "v_l", "u_r", "v_r"))]
    + [("visible", "u1"), ("_pad", "u1", 3)]
)
_KINDS = {"u4": PointField.UINT32, "f4": PointField.FLOAT32, "u1": PointField.UINT8}


def pose_message(T_frame_x: Array, stamp_ns: int, frame_id: str = CAMERA) -> Any:
    """geometry_msgs/PoseStamped of a pose (4, 4)."""
    message = PoseStamped()
    message.header.frame_id = frame_id
    message.header.stamp = time_message(stamp_ns)
    p, o = message.pose.position, message.pose.orientation
    p.x, p.y, p.z = (float(v) for v in T_frame_x[:3, 3])
    o.x, o.y, o.z, o.w = (float(v) for v in quat_xyzw_from_matrix(T_frame_x))
    return message


def wrench_message(wrench: Array, stamp_ns: int, frame_id: str) -> Any:
    """geometry_msgs/WrenchStamped of (6,): force in N, torque in N m."""
    message = WrenchStamped()
    message.header.frame_id = frame_id
    message.header.stamp = time_message(stamp_ns)
    f, t = message.wrench.force, message.wrench.torque
    f.x, f.y, f.z, t.x, t.y, t.z = (float(v) for v in wrench)
    return message


def points_message(
    ids: ArrayLike,
    p_camera: Array,
    uv_left: Array,
    uv_right: Array,
    visible_left: NDArray[np.bool_],
    visible_right: NDArray[np.bool_],
    stamp_ns: int,
) -> Any:
    """sensor_msgs/PointCloud2 of N points with the fields of `POINT_TYPE`."""
    records = np.zeros(len(p_camera), POINT_TYPE)
    records["id"] = ids
    for k, name in enumerate("xyz"):
        records[name] = p_camera[:, k]
    for k, name in enumerate("uv"):
        records[f"{name}_l"], records[f"{name}_r"] = uv_left[:, k], uv_right[:, k]
    records["visible"] = LEFT_SEES * visible_left + RIGHT_SEES * visible_right
    message = PointCloud2(height=1, width=len(records), is_dense=True)
    message.header.frame_id = CAMERA
    message.header.stamp = time_message(stamp_ns)
    message.fields = [
        PointField(name=name, offset=int(offset), datatype=_KINDS[kind.str[1:]], count=1)
        for name, (kind, offset, *_) in (POINT_TYPE.fields or {}).items()
        if name != "_pad"
    ]
    message.point_step = POINT_TYPE.itemsize
    message.row_step = POINT_TYPE.itemsize * len(records)
    data = array("B")
    data.frombytes(records.tobytes())
    message.data = data
    return message


def points_from(message: Any) -> NDArray[Any]:
    """The records (N,) of a message of `points_message`."""
    return np.frombuffer(bytes(message.data), POINT_TYPE)
