# SPDX-License-Identifier: Apache-2.0
"""The tool tracker on drawn pictures (tool_picture.py): accuracy, a second instrument, losses."""

import importlib.util
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from trocar import kinematics
from trocar.errors import ConfigurationError
from trocar.estimates import Health
from trocar.geometry import inverse, transform_points
from trocar.perception.interfaces import ToolTracker
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.tracker import LumpedToolTracker

_spec = importlib.util.spec_from_file_location(
    "tool_picture", Path(__file__).parent / "tool_picture.py"
)
picture_of = importlib.util.module_from_spec(_spec)
sys.modules["tool_picture"] = picture_of  # dataclasses look their module up
_spec.loader.exec_module(picture_of)

EYE = picture_of.EYE
JAW = picture_of.JAW
PERIOD_NS = picture_of.PERIOD_NS
RIG = picture_of.RIG
T_CAMERA_BASE = picture_of.T_CAMERA_BASE
cylinder = picture_of.cylinder
instrument = picture_of.instrument
joints = picture_of.joints
make_case = picture_of.make_case
tip_errors = picture_of.tip_errors


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


def test_does_not_take_another_instrument_for_its_own():
    picture, tracker = make_case(10), make_tracker()
    q = joints(0.0)
    for k in range(3):
        frame = picture.frame(k, q, bar(8 + k, 0), is_shown=False)
        assert tracker.update(frame, measured(picture, q)).health is Health.LOST
        assert tracker.mask_left.sum() > 5000


def test_starts_beside_another_instrument():
    picture, tracker = make_case(15), make_tracker()
    other = [cylinder(np.array([0.035, -0.06, 0.055]), np.array([0.030, 0.06, 0.055]), 0.004)]
    estimates, errors = track(tracker, picture, range(5), lambda k: other)
    assert estimates[-1].health is Health.GOOD
    assert errors[-1, 0] < 0.8e-3


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
    picture, tracker = make_case(13), make_tracker(jaw_angle=0.0)
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
