# SPDX-License-Identifier: Apache-2.0
"""ROS messages to this room's types and back; what cannot be read raises ConfigurationError.

`/tissue/points` is a PointCloud2, 53 bytes a point: id int32; x, y, z float32 in m; covariance
float32[6] in m^2 (xx, xy, xz, yy, yz, zz); u, v float32 in raw left px; state uint8 of
`PointState`.  Stamps are integer ns.
"""

from array import array

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovarianceStamped, TwistWithCovarianceStamped
from sensor_msgs.msg import JointState, PointCloud2, PointField

from trocar.errors import ConfigurationError
from trocar.estimates import TissuePoints
from trocar.geometry import (
    Array,
    make_transform,
    matrix_from_quat_xyzw,
    quat_xyzw_from_matrix,
)
from trocar.kinematics import JOINT_NAMES

FRAME_ID = "endoscope_left"
_UPPER = np.triu_indices(3)
_CLOUD = np.dtype(
    [
        ("id", "<i4"),
        ("x", "<f4"),
        ("y", "<f4"),
        ("z", "<f4"),
        ("covariance", "<f4", (6,)),
        ("u", "<f4"),
        ("v", "<f4"),
        ("state", "u1"),
    ]
)
_FIELD_TYPES = {"<i4": PointField.INT32, "<f4": PointField.FLOAT32, "|u1": PointField.UINT8}


def to_time(stamp_ns: int) -> Time:
    """builtin_interfaces/Time of an integer nanosecond stamp."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def from_time(time: Time) -> int:
    """Integer nanosecond stamp of a builtin_interfaces/Time."""
    return int(time.sec) * 1_000_000_000 + int(time.nanosec)


def from_joint_state(message: JointState) -> Array:
    """Joints q (6,) in the order of `JOINT_NAMES`, by name where the names are known."""
    position = np.array(message.position, dtype=float)
    names = list(message.name)
    if len(names) == len(position) and set(JOINT_NAMES) <= set(names):
        position = position[[names.index(name) for name in JOINT_NAMES]]
    if position.shape != (len(JOINT_NAMES),):
        raise ConfigurationError(
            f"measured_js has {len(position)} positions, allowed {len(JOINT_NAMES)}: "
            f"{', '.join(JOINT_NAMES)}"
        )
    return position


def to_cloud(points: TissuePoints) -> PointCloud2:
    """PointCloud2 of tracked points, in `FRAME_ID`."""
    rows = np.zeros(len(points.ids), _CLOUD)
    rows["id"], rows["state"] = points.ids, points.state
    rows["x"], rows["y"], rows["z"] = points.p_camera.T
    rows["covariance"] = points.covariance[:, _UPPER[0], _UPPER[1]]
    rows["u"], rows["v"] = points.uv_left.T
    message = PointCloud2(height=1, width=len(rows), point_step=_CLOUD.itemsize)
    message.header.stamp, message.header.frame_id = to_time(points.stamp_ns), FRAME_ID
    message.row_step = rows.nbytes
    message.fields = [_field(name) for name in _CLOUD.names or ()]
    data = array("B")
    data.frombytes(rows.tobytes())
    message.data = data
    return message


def _field(name: str) -> PointField:
    fields = _CLOUD.fields
    assert fields is not None  # _CLOUD is a structured type
    kind, offset = fields[name][:2]
    count = int(np.prod(kind.shape, dtype=int))
    return PointField(name=name, offset=offset, datatype=_FIELD_TYPES[kind.base.str], count=count)


def from_cloud(message: PointCloud2) -> TissuePoints:
    """Points of a `/tissue/points` message; right-eye pixels do not travel and are NaN."""
    if message.point_step != _CLOUD.itemsize or [f.name for f in message.fields] != list(
        _CLOUD.names or ()
    ):
        raise ConfigurationError(
            f"point cloud has fields {[f.name for f in message.fields]}, "
            f"allowed {list(_CLOUD.names or ())}"
        )
    rows = np.frombuffer(bytes(message.data), _CLOUD)
    covariance = np.zeros((len(rows), 3, 3))
    covariance[:, _UPPER[0], _UPPER[1]] = rows["covariance"]
    covariance[:, _UPPER[1], _UPPER[0]] = rows["covariance"]
    return TissuePoints(
        from_time(message.header.stamp),
        rows["id"].astype(np.int32),
        np.stack([rows["u"], rows["v"]], axis=1).astype(float),
        np.full((len(rows), 2), np.nan),
        rows["state"].copy(),
        np.stack([rows["x"], rows["y"], rows["z"]], axis=1).astype(float),
        covariance,
    )


def to_pose(T: Array, covariance: Array, stamp_ns: int) -> PoseWithCovarianceStamped:
    """Pose of a transform (4, 4) in `FRAME_ID` with covariance (6, 6), (linear, angular)."""
    message = PoseWithCovarianceStamped()
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), FRAME_ID
    p, q = message.pose.pose.position, message.pose.pose.orientation
    p.x, p.y, p.z = T[:3, 3].tolist()
    q.x, q.y, q.z, q.w = quat_xyzw_from_matrix(T[:3, :3]).tolist()
    message.pose.covariance = np.asarray(covariance, dtype=float).ravel()
    return message


def from_pose(message: PoseWithCovarianceStamped) -> tuple[Array, Array, int]:
    """Transform (4, 4), covariance (6, 6), stamp; ValueError for a quaternion far from unit."""
    p, q = message.pose.pose.position, message.pose.pose.orientation
    rotation = matrix_from_quat_xyzw([q.x, q.y, q.z, q.w])
    covariance = np.array(message.pose.covariance, dtype=float).reshape(6, 6)
    return (
        make_transform(rotation, np.array([p.x, p.y, p.z])),
        covariance,
        from_time(message.header.stamp),
    )


def to_twist(twist: Array, covariance: Array, stamp_ns: int) -> TwistWithCovarianceStamped:
    """Twist (6,) = (linear, angular) in `FRAME_ID` axes with covariance (6, 6)."""
    message = TwistWithCovarianceStamped()
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), FRAME_ID
    v, w = message.twist.twist.linear, message.twist.twist.angular
    v.x, v.y, v.z, w.x, w.y, w.z = np.asarray(twist, dtype=float).tolist()
    message.twist.covariance = np.asarray(covariance, dtype=float).ravel()
    return message


def from_twist(message: TwistWithCovarianceStamped) -> tuple[Array, Array, int]:
    """Twist (6,), covariance (6, 6), stamp."""
    v, w = message.twist.twist.linear, message.twist.twist.angular
    covariance = np.array(message.twist.covariance, dtype=float).reshape(6, 6)
    return np.array([v.x, v.y, v.z, w.x, w.y, w.z]), covariance, from_time(message.header.stamp)
