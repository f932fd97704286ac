# SPDX-License-Identifier: Apache-2.0
"""Messages to types and back, pairing and counting: no process, no DDS."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
from sensor_msgs.msg import CameraInfo, Image, JointState

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import PointState, TissuePoints
from trocar.geometry import exp_so3, make_transform
from trocar.kinematics import JOINT_NAMES
from trocar.perception.nodes import camera_messages, messages
from trocar.perception.nodes.pairing import StereoPairer
from trocar.perception.nodes.statistics import Rate, Spread
from trocar.perception.rectify import Rectifier

pytestmark = pytest.mark.ros
number = st.floats(-1.0, 1.0)


@given(st.integers(0, 2**31 * 10**9 - 1))
def test_stamps_survive(stamp_ns):
    assert messages.from_time(messages.to_time(stamp_ns)) == stamp_ns


@given(seed=st.integers(0, 1000), count=st.integers(0, 40))
def test_cloud_round_trip(seed, count):
    """float32 in the message: relative error 6e-8."""
    rng = np.random.default_rng(seed)
    half = rng.normal(size=(count, 3, 3)) * 1e-4
    points = TissuePoints(
        rng.integers(1, 2**60),
        rng.integers(0, 2**31 - 1, count).astype(np.int32),
        rng.uniform(0, 640, (count, 2)),
        np.full((count, 2), np.nan),
        rng.choice([PointState.VISIBLE, PointState.OCCLUDED, PointState.LOST], count).astype(
            np.uint8
        ),
        rng.normal(size=(count, 3)),
        half @ half.swapaxes(1, 2),
    )
    if count:
        points.p_camera[0] = np.nan
    back = messages.from_cloud(messages.to_cloud(points))
    assert back.stamp_ns == points.stamp_ns
    assert np.array_equal(back.ids, points.ids) and np.array_equal(back.state, points.state)
    assert np.allclose(back.p_camera, points.p_camera, rtol=1e-6, equal_nan=True)
    assert np.allclose(back.uv_left, points.uv_left, rtol=1e-6)
    assert np.allclose(back.covariance, points.covariance, rtol=1e-6, atol=1e-20)


def test_a_foreign_cloud_is_refused():
    cloud = messages.to_cloud(
        TissuePoints(1, *(np.zeros((0, *s)) for s in ((), (2,), (2,), (), (3,), (3, 3))))
    )
    cloud.fields[1].name = "q"
    with pytest.raises(ConfigurationError, match="'id', 'x', 'y', 'z'"):
        messages.from_cloud(cloud)


@given(w=st.tuples(number, number, number), p=st.tuples(number, number, number))
def test_pose_and_twist_round_trip(w, p):
    T, covariance = make_transform(exp_so3(w), np.array(p)), np.arange(36.0).reshape(6, 6)
    back = messages.from_pose(messages.to_pose(T, covariance, 77))
    assert np.allclose(back[0], T, atol=1e-12)
    assert np.array_equal(back[1], covariance) and back[2] == 77
    twist = np.array([*p, *w])
    back = messages.from_twist(messages.to_twist(twist, covariance, 78))
    assert np.array_equal(back[0], twist) and np.array_equal(back[1], covariance) and back[2] == 78


def test_pictures_of_every_readable_encoding():
    picture = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    message = camera_messages.to_image(picture, 5, "endoscope_left")
    assert np.array_equal(camera_messages.from_image(message), picture)
    padded = Image(height=6, width=5, encoding="bgr8", step=20)
    rows = np.zeros((6, 20), np.uint8)
    rows[:, :15] = picture[:, :, ::-1].reshape(6, 15)
    padded.data = rows.tobytes()
    assert np.array_equal(camera_messages.from_image(padded), picture)
    grey = Image(height=6, width=5, encoding="mono8", step=5, data=picture[..., 0].tobytes())
    assert np.array_equal(camera_messages.from_image(grey)[..., 2], picture[..., 0])


def test_unreadable_pictures_are_refused():
    with pytest.raises(ConfigurationError, match="allowed: rgb8, bgr8, mono8"):
        camera_messages.from_image(Image(encoding="16UC1"))
    short = Image(height=6, width=5, encoding="rgb8", step=15, data=bytes(10))
    with pytest.raises(ConfigurationError, match="10 bytes is not 6 rows"):
        camera_messages.from_image(short)


def infos(rig):
    """CameraInfo of both eyes as ROS' own calibrator writes them."""
    rectifier = Rectifier(rig)
    eye, R_left = rectifier.rig.left, rectifier.R_camera_rectified.T
    R_right = R_left @ rig.T_left_right[:3, :3]
    out = []
    for raw, R, baseline in ((rig.left, R_left, 0.0), (rig.right, R_right, rectifier.rig.baseline)):
        info = CameraInfo(height=raw.height, width=raw.width, distortion_model="plumb_bob")
        info.d, info.k, info.r = list(raw.distortion), raw.matrix.ravel(), R.ravel()
        info.p = np.column_stack([eye.matrix, [-eye.fx * baseline, 0, 0]]).ravel()
        out.append(info)
    return out


def test_camera_info_gives_the_rig_back():
    left = Intrinsics(640, 480, 560, 565, 315, 242, (-0.2, 0.05, 0.001, -0.001, 0.0))
    right = Intrinsics(640, 480, 558, 562, 322, 238, (-0.19, 0.04, 0.0, 0.001, 0.0))
    rig = StereoRig(left, right, make_transform(exp_so3([0.01, -0.02, 0.005]), [0.0042, 1e-4, 0.0]))
    back = camera_messages.to_rig(*infos(rig))
    assert camera_messages.is_same_rig(rig, back)
    assert not camera_messages.is_same_rig(rig, StereoRig(right, right, rig.T_left_right))


def test_camera_info_without_a_stereo_calibration_is_refused(ideal_rig):
    left, right = infos(ideal_rig)
    assert camera_messages.is_same_rig(camera_messages.to_rig(left, right), ideal_rig)
    with pytest.raises(ConfigurationError, match="no stereo calibration"):
        camera_messages.to_rig(left, left)
    with pytest.raises(ConfigurationError, match="no stereo calibration"):
        camera_messages.to_rig(CameraInfo(), CameraInfo())
    right.distortion_model = "equidistant"
    with pytest.raises(ConfigurationError, match="'equidistant' cannot be used"):
        camera_messages.to_rig(left, right)


def test_joints_by_name_or_in_order():
    q = np.arange(6.0)
    named = JointState(name=["jaw", *JOINT_NAMES[::-1]], position=[9.0, *q[::-1]])
    assert np.array_equal(messages.from_joint_state(named), q)
    assert np.array_equal(messages.from_joint_state(JointState(position=q)), q)
    with pytest.raises(ConfigurationError, match="has 5 positions, allowed 6: yaw"):
        messages.from_joint_state(JointState(position=q[:5]))


def test_pairs_need_equal_stamps_and_the_latest_wins():
    pairer = StereoPairer(keep=2)
    assert pairer.add("left", 10, "l10") is None
    assert pairer.add("right", 11, "r11") is None
    assert pairer.add("left", 11, "l11") == ("l11", "r11")
    assert pairer.dropped == 1  # l10 never met its other half
    assert pairer.add("right", 10, "r10") is None and pairer.dropped == 2
    assert pairer.add("right", 12, "r12") is None
    assert pairer.add("left", 12, "l12") == ("l12", "r12")
    for stamp in range(20, 25):
        assert pairer.add("left", stamp, "l") is None
    assert pairer.dropped == 5  # only two wait


@given(st.permutations([(eye, stamp) for eye in ("left", "right") for stamp in range(1, 7)]))
def test_pairs_never_mix_stamps_nor_go_back(order):
    pairer, last = StereoPairer(keep=10), 0
    for eye, stamp in order:
        pair = pairer.add(eye, stamp, (eye, stamp))
        if pair is not None:
            assert pair == (("left", stamp), ("right", stamp)) and stamp > last
            last = stamp


def test_a_restarted_camera_clock_is_accepted():
    pairer = StereoPairer()
    late = 100_000_000_000
    pairer.add("left", late, "l")
    assert pairer.add("right", late, "r") == ("l", "r")
    assert pairer.add("left", 5, "l") is None
    assert pairer.add("right", 5, "r") == ("l", "r")


def test_counting():
    rate, spread = Rate(), Spread()
    assert rate.hz is None and spread.last is None and spread.summary()["n"] == 0
    for k in range(16):
        rate.tick(1 + k * 100_000_000)
        spread.add(float(k))
    assert rate.hz == pytest.approx(10.0)
    assert spread.summary()["p50"] == 7.5 and spread.summary()["max"] == 15.0
