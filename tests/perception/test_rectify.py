# SPDX-License-Identifier: Apache-2.0
import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import StereoFrame
from trocar.geometry import exp_so3, inverse, make_transform, transform_points
from trocar.perception.rectify import Rectifier, is_rectified, scale_intrinsics

small = st.floats(-0.02, 0.02)


def raw_rig(tilt=(0.01, -0.02, 0.005), k1=-0.2):
    left = Intrinsics(640, 480, 560, 565, 315, 242, (k1, 0.05, 0.001, -0.001, 0.0))
    right = Intrinsics(640, 480, 558, 562, 322, 238, (k1 + 0.01, 0.04, 0.0, 0.001, 0.0))
    T_left_right = make_transform(exp_so3(tilt), np.array([0.0042, 1e-4, -1e-4]))
    return StereoRig(left, right, T_left_right)


def project_raw(eye, p):
    return cv2.projectPoints(p, np.zeros(3), np.zeros(3), eye.matrix, np.array(eye.distortion))[
        0
    ].reshape(-1, 2)


def test_ideal_rig_is_left_alone(ideal_rig):
    rectifier = Rectifier(ideal_rig)
    picture = np.zeros((480, 640, 3), np.uint8)
    frame = StereoFrame(1, picture, picture)
    assert rectifier.identity
    assert rectifier.rectify(frame) is frame


@given(tilt=st.tuples(small, small, small), k1=st.floats(-0.3, 0.2))
def test_pixels_go_to_the_rectified_image_and_back(tilt, k1):
    rectifier = Rectifier(raw_rig(tilt, k1))
    grid = np.stack(np.meshgrid([80.0, 320.0, 560.0], [60.0, 240.0, 420.0]), axis=-1).reshape(-1, 2)
    for eye in ("left", "right"):
        there = rectifier.to_rectified(grid, eye)
        assert np.allclose(rectifier.to_raw(there, eye), grid, atol=1e-5)


@given(tilt=st.tuples(small, small, small))
def test_rows_correspond_and_points_come_back(tilt):
    """Rows agree to 1e-6 px and points to 5e-6 m: OpenCV drops turns below 1e-5 rad (0.002 px)."""
    rig = raw_rig(tilt)
    rectifier = Rectifier(rig)
    assert is_rectified(rectifier.rig)
    rng = np.random.default_rng(0)
    p = rng.uniform([-0.02, -0.015, 0.06], [0.02, 0.015, 0.09], (40, 3))
    left = rectifier.to_rectified(project_raw(rig.left, p))
    p_right = transform_points(inverse(rig.T_left_right), p)
    right = rectifier.to_rectified(project_raw(rig.right, p_right), "right")
    assert np.allclose(left[:, 1], right[:, 1], atol=1e-6)
    depth = rectifier.rig.left.fx * rectifier.rig.baseline / (left - right)[:, 0]
    found = rectifier.points_to_camera(rectifier.rig.left.unproject(left, depth))
    assert np.allclose(found, p, atol=5e-6)


def test_the_remapped_picture_agrees_with_the_remapped_pixels():
    """A blob drawn in the raw picture appears where `to_rectified` says: half a pixel shows."""
    rig = raw_rig()
    rectifier = Rectifier(rig)
    centre = np.array([401.3, 150.7])
    v, u = np.mgrid[0:480, 0:640].astype(float)
    blob = 200 * np.exp(-((u - centre[0]) ** 2 + (v - centre[1]) ** 2) / (2 * 4.0**2))
    picture = np.repeat(blob.astype(np.uint8)[..., None], 3, axis=2)
    seen = rectifier.rectify(StereoFrame(1, picture, picture)).left_rgb[..., 0].astype(float)
    found = np.array([(seen * u).sum(), (seen * v).sum()]) / seen.sum()
    assert np.linalg.norm(found - rectifier.to_rectified(centre[None])[0]) < 0.05


def test_scaling_keeps_the_ray_of_every_pixel():
    """A pixel's footprint scales about the image's edge at -0.5, not about the first centre."""
    eye = raw_rig().left
    half = scale_intrinsics(eye, 320, 240)
    uv = np.array([[100.0, 50.0], [333.0, 222.0]])
    p = eye.unproject(uv, np.ones(2))
    assert np.allclose(half.project(p), (uv + 0.5) / 2 - 0.5)


def test_wrong_size_and_swapped_eyes_are_refused(ideal_rig):
    picture = np.zeros((240, 320, 3), np.uint8)
    with pytest.raises(ConfigurationError, match=r"left image is \(240, 320, 3\)"):
        Rectifier(ideal_rig).rectify(StereoFrame(1, picture, picture))
    rig = raw_rig()
    swapped = StereoRig(rig.right, rig.left, inverse(rig.T_left_right))
    with pytest.raises(ConfigurationError, match="swap the eyes"):
        Rectifier(swapped)
    with pytest.raises(ConfigurationError, match="allowed: left, right"):
        Rectifier(rig).to_raw(np.zeros((1, 2)), "middle")
