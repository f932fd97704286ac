# SPDX-License-Identifier: Apache-2.0
"""Pictures and calibrations from ROS; what cannot be read raises ConfigurationError."""

from array import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform
from trocar.perception.nodes.messages import to_time


def from_image(message: Image) -> NDArray[np.uint8]:
    """Picture (H, W, 3) uint8 RGB; rgb8 without padding is a view, never written to."""
    channels = {"rgb8": 3, "bgr8": 3, "mono8": 1}.get(message.encoding)
    if channels is None:
        raise ConfigurationError(
            f"image encoding {message.encoding!r} cannot be read; allowed: rgb8, bgr8, mono8"
        )
    height, width, step = message.height, message.width, message.step
    data = np.frombuffer(message.data, np.uint8)
    if step < width * channels or data.size != height * step:
        raise ConfigurationError(
            f"image of {data.size} bytes is not {height} rows of step {step} "
            f"for {width} px {message.encoding}; the driver fills it wrongly"
        )
    rows = data.reshape(height, step)[:, : width * channels].reshape(height, width, channels)
    if message.encoding == "rgb8":
        return rows
    if message.encoding == "bgr8":
        return np.ascontiguousarray(rows[:, :, ::-1])
    return np.repeat(rows, 3, axis=2)


def to_image(image_rgb: NDArray[np.uint8], stamp_ns: int, frame_id: str) -> Image:
    """Image rgb8 of a picture (H, W, 3) uint8."""
    message = Image(height=image_rgb.shape[0], width=image_rgb.shape[1], encoding="rgb8")
    message.header.stamp, message.header.frame_id = to_time(stamp_ns), frame_id
    message.step = 3 * image_rgb.shape[1]
    data = array("B")  # taken as it is; a list costs a thousand times as much
    data.frombytes(np.ascontiguousarray(image_rgb).data)
    message.data = data
    return message


def to_rig(left: CameraInfo, right: CameraInfo) -> StereoRig:
    """Stereo rig of two calibrations: K and D per eye, R and P for the way between them."""
    baseline = -right.p[3] / right.p[0] if right.p[0] else 0.0
    if not left.k[0] or not right.k[0] or baseline <= 0.0:
        raise ConfigurationError(
            "camera_info holds no stereo calibration: K must be set and the right eye's "
            f"P[0, 3] = -fx * baseline negative, got baseline {baseline:g} m; "
            "calibrate or use the site file"
        )
    R_left, R_right = (_rotation(info) for info in (left, right))
    offset = R_left.T @ np.array([baseline, 0.0, 0.0])
    return StereoRig(_eye(left), _eye(right), make_transform(R_left.T @ R_right, offset))


def _rotation(info: CameraInfo) -> Array:
    R = np.array(info.r, dtype=float).reshape(3, 3)
    return R if R.any() else np.eye(3)


def _eye(info: CameraInfo) -> Intrinsics:
    if info.distortion_model not in ("", "plumb_bob", "rational_polynomial"):
        raise ConfigurationError(
            f"camera_info distortion model {info.distortion_model!r} cannot be used; "
            "allowed: plumb_bob, rational_polynomial"
        )
    d = [float(k) for k in info.d] or [0.0] * 5
    fx, cx, fy, cy = (float(info.k[i]) for i in (0, 2, 4, 5))
    return Intrinsics(info.width, info.height, fx, fy, cx, cy, tuple(d))


def is_same_calibration(a: CameraInfo, b: CameraInfo) -> bool:
    """Whether two messages of one eye say the same, stamps aside."""
    heads = [(m.width, m.height, m.distortion_model) for m in (a, b)]
    keys = ("d", "k", "r", "p")
    same = (np.array_equal(getattr(a, key), getattr(b, key)) for key in keys)
    return heads[0] == heads[1] and all(same)


def is_same_rig(a: StereoRig, b: StereoRig) -> bool:
    """Whether two rigs are one within 1e-6 px and 1e-9 m: a message's rounding."""
    eyes = all(
        (x.width, x.height) == (y.width, y.height)
        and np.allclose(x.matrix, y.matrix, rtol=0.0, atol=1e-6)
        and x.distortion == y.distortion
        for x, y in ((a.left, b.left), (a.right, b.right))
    )
    return eyes and np.allclose(a.T_left_right, b.T_left_right, rtol=0.0, atol=1e-9)
