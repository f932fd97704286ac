# SPDX-License-Identifier: Apache-2.0
"""Pictures and calibration as ROS messages."""

from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Time
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from trocar.camera import Intrinsics, StereoRig

_ENCODINGS = {
    ("uint8", 3): "rgb8",
    ("uint8", 1): "mono8",
    ("float32", 1): "32FC1",
    ("float32", 2): "32FC2",
}


def time_message(stamp_ns: int) -> Any:
    """builtin_interfaces/Time of an integer nanosecond stamp."""
    seconds, nanoseconds = divmod(stamp_ns, 1_000_000_000)
    return Time(sec=seconds, nanosec=nanoseconds)


def image_message(image: NDArray[Any], stamp_ns: int, frame_id: str) -> Any:
    """sensor_msgs/Image of (H, W, 3) or (H, W) uint8, (H, W) or (H, W, 2) float32 (_ENCODINGS)."""
    channels = image.shape[2] if image.ndim == 3 else 1
    message = Image(height=image.shape[0], width=image.shape[1])
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame_id
    message.encoding = _ENCODINGS[image.dtype.name, channels]
    message.step = image.shape[1] * channels * image.itemsize
    # array.array goes over as it is; a list takes 1000 times as long, an ndarray 3000 times.
    data = array("B")
    data.frombytes(np.ascontiguousarray(image).view(np.uint8).data)
    message.data = data
    return message


def camera_info_message(eye: Intrinsics, baseline: float, stamp_ns: int, frame_id: str) -> Any:
    """sensor_msgs/CameraInfo of one eye of a rectified pair; baseline in m, 0 for the left eye."""
    message = CameraInfo(height=eye.height, width=eye.width, distortion_model="plumb_bob")
    message.header.stamp = time_message(stamp_ns)
    message.header.frame_id = frame_id
    message.d = [float(k) for k in eye.distortion]
    message.k = [float(x) for x in eye.matrix.ravel()]
    message.r = [float(x) for x in np.eye(3).ravel()]
    projection = np.column_stack([eye.matrix, [-eye.fx * baseline, 0.0, 0.0]])
    message.p = [float(x) for x in projection.ravel()]
    return message


def eyes(rig: StereoRig) -> tuple[tuple[str, Intrinsics, float], ...]:
    """Name, intrinsics and baseline (m) as CameraInfo counts it, of both eyes."""
    return (("left", rig.left, 0.0), ("right", rig.right, rig.baseline))
