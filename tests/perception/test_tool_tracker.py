# SPDX-License-Identifier: Apache-2.0
"""The tool tracker on pictures drawn here: the instrument over a reddish texture, in linear light.

The drawing shares kinematics and dimensions with the tracker, not its outlines: the shaft is drawn
from surface points, not from tangent planes, and `swell` draws an instrument of other dimensions.
"""

from dataclasses import dataclass, field

import cv2
import numpy as np
import pytest

from trocar import kinematics
from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import Health, StereoFrame
from trocar.geometry import (
    exp_so3,
    inverse,
    make_transform,
    matrix_from_quat_xyzw,
    transform_points,
)
from trocar.perception.interfaces import ToolTracker
from trocar.perception.tool import shape
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.model import pose_tool
from trocar.perception.tool.tracker import LumpedToolTracker

EYE = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
RIG = StereoRig(EYE, EYE, make_transform(translation=[0.00414, 0.0, 0.0]))
T_CAMERA_BASE = make_transform(
    matrix_from_quat_xyzw([0.855304560, -0.051899200, -0.379147840, 0.349295710]),
    [-0.11, -0.089653, -0.005268],
)  # launch/config/site.yaml
PERIOD_NS = 66_666_667
SCALE = 2  # supersampling of the drawing


JAW = 0.3  # rad, opening in all pictures
_code = np.linspace(0.0, 1.0, 4096)
SRGB = np.where(_code <= 0.0031308, 12.92 * _code, 1.055 * _code ** (1 / 2.4) - 0.055) * 255.0
STEEL = 0.05


def joints(t):
    """True joints (6,): jaws and some shaft in view, slowly moving."""
    w = 2.0 * np.pi * 0.25 * t
    return np.array(
        [0.03 * np.sin(w), 0.02 * np.cos(w), 0.160 + 0.004 * np.sin(w), 0.3, 0.15, -0.1]
    )


def cylinder(start, end, radius):
    """Surface points (1440, 3) of both rims."""
    d = (end - start) / np.linalg.norm(end - start)
    x = np.cross(d, [0.3, 0.5, 0.8])
    x /= np.linalg.norm(x)
    a = np.linspace(0.0, 2.0 * np.pi, 720, endpoint=False)[:, None]
    ring = radius * (np.cos(a) * x + np.sin(a) * np.cross(d, x))
    return np.concatenate([start + ring, end + ring])


def instrument(T_camera_base, q, swell):
    """Convex point sets in the camera; all cross-sections are `swell` m larger in radius."""
    pose = pose_tool(T_camera_base, q, JAW, np.zeros(3))
    d, p = pose.T_camera_shaft[:3, 2], pose.T_camera_shaft[:3, 3]
    solids = [cylinder(p - 0.045 * d, p + shape.SLEEVE_END * d, shape.RADIUS + swell)]

    def put(T, points):
        grown = points + swell * np.sign(points) * [1.0, 1.0, 0.0]
        solids.append(transform_points(T, grown))

    put(pose.T_camera_shaft, shape.CLEVIS)
    put(pose.T_camera_wrist, shape.BODY)
    put(pose.T_camera_wrist, shape.EARS)
    for side in (1.0, -1.0):
        turn = make_transform(exp_so3([-side * 0.5 * JAW, 0.0, 0.0]))
        put(pose.T_camera_tool @ turn, shape.JAW * np.array([1.0, side, 1.0]))
    return solids


@dataclass
class Picture:
    """Draws one arm, and other solids on demand."""

    seed: int
    T_base_error: np.ndarray
    joint_bias: np.ndarray
    swell: float = 0.0
    tissue: np.ndarray = field(init=False)
    noise: np.ndarray = field(init=False)

    def __post_init__(self):
        rng = np.random.default_rng(self.seed)
        size = (480 * SCALE, 640 * SCALE)
        blotches = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 12)
        grain = cv2.GaussianBlur(rng.normal(size=size).astype(np.float32), (0, 0), 3)
        shade = 1.0 + 0.15 * blotches / blotches.std() + 0.1 * grain / grain.std()
        colour = np.array([0.42, 0.10, 0.09], np.float32)
        self.tissue = np.clip(shade, 0.4, 1.8)[..., None].astype(np.float32) * colour
        self.noise = rng.normal(0.0, 3.0, (700, 860, 3)).astype(np.float32)

    def truth(self, q):
        """T_camera_tool (4, 4)."""
        return T_CAMERA_BASE @ self.T_base_error @ np.asarray(kinematics.forward_kinematics(q))

    def eye(self, solids, T_left_eye, k):
        steel = np.zeros(self.tissue.shape[:2], np.float32)
        for points in solids:
            uv = EYE.project(transform_points(inverse(T_left_eye), points))
            hull = cv2.convexHull(((uv + 0.5) * SCALE - 0.5).astype(np.float32))
            cv2.fillConvexPoly(steel, np.rint(hull * 64).astype(np.int32), 1.0, shift=6)
        image = self.tissue * (1.0 - steel[..., None]) + STEEL * steel[..., None]
        image = cv2.GaussianBlur(image, (0, 0), 0.6 * SCALE)
        image = cv2.resize(image, (640, 480), interpolation=cv2.INTER_AREA)
        code = SRGB[(4095.0 * np.clip(image, 0.0, 1.0)).astype(np.uint16)]
        i, j = 37 * k % 220, 53 * k % 220
        code = code + self.noise[i : i + 480, j : j + 640]
        return np.clip(np.rint(code), 0, 255).astype(np.uint8)

    def frame(self, k, q, others=(), is_shown=True):
        """Frame number k of the arm at true joints q, and of other solids in the camera."""
        solids = list(others)
        if is_shown:
            solids += instrument(T_CAMERA_BASE @ self.T_base_error, q, self.swell)
        left = self.eye(solids, np.eye(4), 2 * k)
        right = self.eye(solids, RIG.T_left_right, 2 * k + 1)
        return StereoFrame(k * PERIOD_NS, left, right)


def make_case(seed, translation=0.005, rotation_deg=3.0, joint_deg=1.0, swell=0.0):
    """A picture with base and joint errors of a seed."""
    rng = np.random.default_rng([seed, 1])

    def unit():
        v = rng.normal(size=3)
        return v / np.linalg.norm(v)

    error = make_transform(exp_so3(np.radians(rotation_deg) * unit()), translation * unit())
    bias = np.radians(joint_deg) * rng.choice([-1.0, 1.0], 6)
    bias[2] = 0.0005 * rng.choice([-1.0, 1.0])
    return Picture(seed, error, bias, swell)


def tip(T_camera_tool):
    return transform_points(T_camera_tool, [0.0, 0.0, kinematics.JAW_TIP_OFFSET])


def tip_errors(picture, estimate, q):
    """Tip error (m) of the estimate and of kinematics alone."""
    truth = tip(picture.truth(q))
    nominal = T_CAMERA_BASE @ np.asarray(kinematics.forward_kinematics(q + picture.joint_bias))
    return (
        float(np.linalg.norm(tip(estimate.T_camera_tool) - truth)),
        float(np.linalg.norm(tip(nominal) - truth)),
    )


def make_tracker(**tuning):
    return LumpedToolTracker("PSM1", RIG, T_CAMERA_BASE, ToolTrackerConfig(**tuning))


def measured(picture, q):
    """What the encoders say (7,), jaw last."""
    return np.append(q + picture.joint_bias, JAW)


def track(tracker, picture, numbers, others=lambda k: ()):
    """Estimates and tip errors (n, 2) = estimate, kinematics only, over frame numbers."""
    estimates, errors = [], []
    for k in numbers:
        q = joints(k / 15.0)
        estimates.append(tracker.update(picture.frame(k, q, others(k)), measured(picture, q)))
        errors.append(tip_errors(picture, estimates[-1], q))
    return estimates, np.array(errors)


def bar(k, first):
    """A second instrument of 8 mm that sweeps over the jaws, nearer to the lens."""
    x = -0.045 + 0.0045 * (k - first)
    return [cylinder(np.array([x, -0.06, 0.045]), np.array([x + 0.02, 0.06, 0.045]), 0.004)]


def test_is_a_tool_tracker():
    assert isinstance(make_tracker(), ToolTracker)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_corrects_a_wrong_base_and_biased_joints(seed):
    picture = make_case(seed)
    estimates, errors = track(make_tracker(), picture, range(12))
    assert estimates[0].health is Health.DEGRADED
    assert all(e.health is Health.GOOD for e in estimates[1:])
    assert np.median(errors[4:, 0]) < 0.6e-3
    assert np.median(errors[4:, 0]) < 0.2 * np.median(errors[4:, 1])


def test_estimate_is_what_its_fields_say():
    picture = make_case(4)
    (estimate, *_), _ = track(make_tracker(), picture, [5])
    q = joints(5 / 15.0) + picture.joint_bias
    nominal = T_CAMERA_BASE @ np.asarray(kinematics.forward_kinematics(q))
    assert np.allclose(estimate.T_correction @ nominal, estimate.T_camera_tool, atol=1e-12)
    assert estimate.stamp_ns == 5 * PERIOD_NS
    assert estimate.arm == "PSM1"
    assert np.allclose(estimate.covariance, estimate.covariance.T)
    assert np.linalg.eigvalsh(estimate.covariance).min() > 0.0
    assert 1e-5 < np.sqrt(np.trace(estimate.covariance[:3, :3])) < 3e-3


def test_a_still_tool_and_another_size_of_instrument():
    """All radii 0.15 mm larger than believed would be 2 mm of depth, but stereo settles it."""
    picture = make_case(5, swell=1.5e-4)
    tracker, q = make_tracker(), joints(0.0)
    errors = []
    for k in range(8):
        estimate = tracker.update(picture.frame(k, q), measured(picture, q))
        errors.append(tip_errors(picture, estimate, q))
    assert estimate.health is Health.GOOD
    errors = np.array(errors)[3:]
    assert errors[:, 0].max() < 1.2e-3


def test_holds_while_a_second_instrument_passes():
    picture, tracker = make_case(6), make_tracker()
    track(tracker, picture, range(4))
    estimates, errors = track(tracker, picture, range(4, 26), lambda k: bar(k, 4))
    reasons = [e.reason for e in estimates]
    touched = ["another instrument" in reason for reason in reasons]
    assert sum(touched) >= 5
    assert all(e.health is Health.DEGRADED for e, t in zip(estimates, touched, strict=True) if t)
    assert errors[:, 0].max() < 1.0e-3
    after, errors = track(tracker, picture, range(26, 29))
    assert [e.health for e in after] == [Health.GOOD] * 3
    assert errors[:, 0].max() < 0.8e-3


def test_masks_cover_every_instrument():
    picture, tracker = make_case(7), make_tracker()
    track(tracker, picture, range(3))
    other = [cylinder(np.array([0.03, -0.06, 0.055]), np.array([0.02, 0.06, 0.055]), 0.004)]
    q = joints(0.2)
    tracker.update(picture.frame(3, q, other), measured(picture, q))
    for mask, T_left_eye in (
        (tracker.mask_left, np.eye(4)),
        (tracker.mask_right, RIG.T_left_right),
    ):
        assert mask.shape == (480, 640)
        assert mask.dtype == np.bool_
        solids = instrument(T_CAMERA_BASE @ picture.T_base_error, q, 0.0) + other
        drawn = np.zeros((480, 640), np.uint8)
        for points in solids:
            uv = EYE.project(transform_points(inverse(T_left_eye), points))
            cv2.fillConvexPoly(drawn, np.rint(cv2.convexHull(uv.astype(np.float32))).astype(int), 1)
        assert mask[drawn > 0].mean() > 0.999
        assert mask.sum() < 1.6 * drawn.sum()


def test_finds_a_base_that_was_moved():
    """The correction jumps by more than the gates allow: inconsistent, then found again."""
    picture, tracker = make_case(8), make_tracker()
    track(tracker, picture, range(3))
    picture.T_base_error = make_case(9).T_base_error
    estimates, errors = track(tracker, picture, range(3, 26))
    assert estimates[0].health is not Health.GOOD
    assert estimates[0].reason
    assert any(e.reason.startswith("searching again") for e in estimates)
    assert estimates[-1].health is Health.GOOD
    assert errors[-1, 0] < 1.0e-3


def test_says_that_the_tool_is_not_there():
    picture, tracker = make_case(10), make_tracker()
    q = joints(0.0)
    estimate = tracker.update(picture.frame(0, q, is_shown=False), measured(picture, q))
    assert estimate.health is Health.LOST
    assert "no silhouette" in estimate.reason
    assert np.allclose(estimate.T_correction, np.eye(4))
    assert not tracker.mask_left.any()


def test_is_lost_after_holding_too_long():
    picture, tracker = make_case(11), make_tracker(hold_limit=0.2, reinit_after=9.0)
    track(tracker, picture, range(2))
    q = joints(0.0)
    healths = [
        tracker.update(picture.frame(k, q, is_shown=False), measured(picture, q)).health
        for k in range(2, 7)
    ]
    assert healths[0] is Health.DEGRADED
    assert healths[-1] is Health.LOST
    assert Health.GOOD not in healths


@pytest.mark.parametrize("q", [None, np.zeros(5), np.full(6, np.nan)])
def test_unusable_joints_are_lost_with_a_reason_and_masks(q):
    picture, tracker = make_case(12), make_tracker()
    estimate = tracker.update(picture.frame(0, joints(0.0)), q)
    assert estimate.health is Health.LOST
    assert "joints" in estimate.reason
    assert tracker.mask_left.sum() > 5000


def test_jaw_is_estimated_where_it_is_not_measured():
    picture, tracker = make_case(13), make_tracker(jaw_angle=0.15)
    for k in range(10):
        q = joints(k / 15.0)
        estimate = tracker.update(picture.frame(k, q), q + picture.joint_bias)
    assert estimate.health is Health.GOOD
    assert tip_errors(picture, estimate, q)[0] < 0.8e-3


def test_same_frames_same_estimates():
    picture = make_case(14)
    first, _ = track(make_tracker(), picture, range(3))
    second, _ = track(make_tracker(), picture, range(3))
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(a.T_camera_tool, b.T_camera_tool)
        assert np.array_equal(a.covariance, b.covariance)


def test_refuses_a_bad_base():
    with pytest.raises(ConfigurationError, match="T_camera_base"):
        LumpedToolTracker("PSM1", RIG, np.zeros(3))
