# SPDX-License-Identifier: Apache-2.0
"""The tissue tracker against exact truth, with and without an instrument passing."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.estimates import PointState, StereoFrame
from trocar.perception.interfaces import PointTracker
from trocar.perception.tissue.tracker import TissueTracker

NO_MASK = np.zeros((480, 640), bool)
PASS = range(12, 33)  # frames of the clip in which the bar crosses, 40 px a frame


class Truth:
    """Knows the material point of every id from the frame in which it was first seen."""

    def __init__(self, world):
        self.world, self._material = world, {}

    def errors(self, points, t):
        """2-D error px and 3-D error m of every point, NaN for one whose birth was not seen."""
        born = [
            i
            for i, name in enumerate(points.ids)
            if name not in self._material and points.state[i] == PointState.VISIBLE
        ]
        if born:
            for i, X, Y in zip(born, *self.world.material(points.uv_left[born], t)):
                self._material[points.ids[i]] = (X, Y)
        XY = np.array([self._material.get(name, (np.nan, np.nan)) for name in points.ids])
        p = self.world.position(XY[:, 0], XY[:, 1], t)
        e2 = np.linalg.norm(self.world.project(p) - points.uv_left, axis=1)
        return e2, np.linalg.norm(p - points.p_camera, axis=1)


def play(clip, cover=None, masked=True, frames=45):
    world, pictures = clip
    tracker, truth, history = TissueTracker(world.rig), Truth(world), []
    for k, frame in enumerate(pictures[:frames]):
        left = right = NO_MASK
        if cover is not None and k in PASS:
            frame, left, right = cover(world, frame, -200 + 40 * (k - PASS.start))
        points = tracker.update(frame, *((left, right) if masked else (NO_MASK, NO_MASK)))
        e2, e3 = truth.errors(points, k / 15)
        history.append((points, e2, e3, left))
    return history


def visible(points):
    return (points.state == PointState.VISIBLE) & np.isfinite(points.p_camera[:, 2])


@pytest.fixture(scope="module")
def open_run(clip):
    return play(clip)


@pytest.fixture(scope="module")
def masked_run(clip, cover):
    return play(clip, cover)


def test_it_is_a_point_tracker(ideal_rig):
    assert isinstance(TissueTracker(ideal_rig), PointTracker)


def test_accuracy_in_the_open(open_run):
    """Goal of the reference: 3-D median <= 1 mm at 60 mm; held here to half of it at 70 mm."""
    e2 = np.concatenate([e[visible(p)] for p, e, _, _ in open_run[5:]])
    e3 = np.concatenate([e[visible(p)] for p, _, e, _ in open_run[5:]])
    assert np.nanmedian(e2) < 0.3 and np.nanpercentile(e2, 95) < 1.0
    assert np.nanmedian(e3) < 0.0005 and np.nanpercentile(e3, 95) < 0.0015
    assert np.isfinite(e3).mean() > 0.95


def test_zero_motion_would_have_failed(open_run):
    """The control: had every point stayed where it was born, the error would be many pixels."""
    first = dict(zip(open_run[0][0].ids, open_run[0][0].uv_left))
    last = open_run[28][0]
    stay = [np.linalg.norm(first[i] - uv) for i, uv in zip(last.ids, last.uv_left) if i in first]
    assert np.median(stay) > 8.0


def test_covariance_tells_the_error(open_run):
    """Normalised squared error of depth: 1 on average for an honest sigma; 0.2 to 3 allowed."""
    ratio = []
    for points, _, e3, _ in open_run[5:]:
        rows = visible(points) & np.isfinite(e3)
        ratio.append(e3[rows] ** 2 / np.trace(points.covariance[rows], axis1=1, axis2=2))
    assert 0.2 < np.median(np.concatenate(ratio)) / 0.455 < 3.0  # 0.455: median of chi2(1)


def test_points_cover_the_picture_and_keep_their_ids(open_run):
    for points, *_ in open_run:
        assert len(np.unique(points.ids)) == len(points.ids)
        rows = points.state == PointState.VISIBLE
        cells = np.unique((points.uv_left[rows] // 80).astype(int), axis=0)
        assert rows.sum() > 300 and len(cells) >= 45  # of 48
    lasting = set(open_run[0][0].ids) & set(open_run[-1][0].ids)
    assert len(lasting) > 0.8 * len(open_run[0][0].ids)


def test_a_masked_point_is_occluded_and_rides_on_its_neighbours(masked_run):
    under, carried = 0, []
    for k in PASS:
        points, e2, _, mask = masked_run[k]
        uv = np.rint(np.nan_to_num(points.uv_left)).astype(int).clip(0, [639, 479])
        hidden = mask[uv[:, 1], uv[:, 0]]
        assert not (hidden & (points.state == PointState.VISIBLE)).any()
        under += hidden.sum()
        carried.append(e2[hidden & (points.state == PointState.OCCLUDED)])
    carried = np.concatenate(carried)
    assert under > 500
    assert np.nanmedian(carried) < 1.5 and np.nanpercentile(carried, 95) < 6.0


def test_points_are_found_again_behind_the_instrument(masked_run):
    before = masked_run[PASS.start - 1][0]
    seen = set(before.ids[before.state == PointState.VISIBLE])
    hidden = {
        i
        for k in PASS
        for i, s in zip(masked_run[k][0].ids, masked_run[k][0].state)
        if s == PointState.OCCLUDED and i in seen
    }
    after, e2, _, _ = masked_run[PASS.stop + 9]
    rows = np.isin(after.ids, list(hidden)) & (after.state == PointState.VISIBLE)
    assert len(hidden) > 100
    assert rows.sum() >= 0.8 * len(hidden)  # goal: >= 80 % within ten frames
    assert np.nanpercentile(e2[rows], 95) < 1.5  # the same material points, not look-alikes


def test_without_a_mask_points_do_not_ride_away_on_the_instrument(clip, cover):
    history = play(clip, cover, masked=False)
    false = total = 0
    for k in PASS:
        points, e2, _, _ = history[k]
        rows = points.state == PointState.VISIBLE
        false += (e2[rows] > 8.0).sum()
        total += rows.sum()
    assert false <= 0.05 * total
    last, e2, _, _ = history[-1]
    assert np.nanpercentile(e2[last.state == PointState.VISIBLE], 95) < 1.5


def test_appearance_is_never_learnt_under_a_mask(clip, cover):
    world, pictures = clip
    tracker = TissueTracker(world.rig)
    for frame in pictures[:3]:
        before = tracker.update(frame, NO_MASK, NO_MASK)
    memory = dict(zip(before.ids.tolist(), tracker._points.memory.patch.copy()))
    for _ in range(12):
        frame, left, right = cover(world, pictures[3], 300)
        after = tracker.update(frame, left, right)
    rows = np.flatnonzero(after.state == PointState.OCCLUDED)
    assert len(rows) > 30
    for i in rows:
        if after.ids[i] in memory:
            assert np.array_equal(tracker._points.memory.patch[i], memory[after.ids[i]])


def test_nothing_to_see_is_a_state_not_a_crash(clip):
    world, pictures = clip
    tracker = TissueTracker(world.rig)
    black = np.zeros((480, 640, 3), np.uint8)
    assert len(tracker.update(StereoFrame(1, black, black), NO_MASK, NO_MASK).ids) == 0
    tracker.update(pictures[0], NO_MASK, NO_MASK)
    for k in range(1, 220):
        points = tracker.update(StereoFrame(k * 66_000_000, black, black), NO_MASK, NO_MASK)
        assert not (points.state == PointState.VISIBLE).any()
        lost = points.state == PointState.LOST
        assert np.isnan(points.p_camera[lost]).all()
        if k == 150:
            assert len(points.ids) > 300 and not lost.any()  # a covered lens: hope for 12 s
    assert len(points.ids) == 0  # told once as LOST, then forgotten


def test_a_covered_lens_costs_no_identity(clip):
    """2 s of black, in which the tissue moved on by half a breath: the same points come back."""
    world, pictures = clip
    tracker, truth = TissueTracker(world.rig), Truth(world)
    for k in range(4):
        before = tracker.update(pictures[k], NO_MASK, NO_MASK)
        truth.errors(before, k / 15)
    black = np.zeros((480, 640, 3), np.uint8)
    for k in range(4, 34):
        tracker.update(StereoFrame(round(k / 15 * 1e9) + 1, black, black), NO_MASK, NO_MASK)
    for k in range(34, 40):
        after = tracker.update(pictures[k], NO_MASK, NO_MASK)
        e2, e3 = truth.errors(after, k / 15)
    rows = (after.state == PointState.VISIBLE) & np.isin(after.ids, before.ids)
    moved = np.linalg.norm(
        world.project(world.position(0.0, 0.0, 34 / 15)[None])
        - world.project(world.position(0.0, 0.0, 3 / 15)[None])
    )
    assert moved > 15.0  # px: beyond the search of a single point
    assert rows.sum() > 0.7 * len(before.ids)
    assert np.nanpercentile(e2[rows], 95) < 1.5 and np.nanmedian(e3[rows]) < 0.0005


def test_another_scene_is_taken_up_and_the_old_one_given_up(clip, make_world):
    world, pictures = clip
    other = make_world(seed=9)
    tracker = TissueTracker(world.rig)
    for k in range(3):
        before = tracker.update(pictures[k], NO_MASK, NO_MASK)
    for k in range(3, 45, 2):
        frame = other.frame(0.01 * k)
        frame = StereoFrame(round(k / 15 * 1e9) + 1, frame.left_rgb, frame.right_rgb)
        after = tracker.update(frame, NO_MASK, NO_MASK)
    seen = after.state == PointState.VISIBLE
    assert seen.sum() > 300
    assert np.isin(after.ids[seen], before.ids).mean() < 0.05


def test_everything_masked_hides_everything(clip):
    world, pictures = clip
    tracker = TissueTracker(world.rig)
    tracker.update(pictures[0], NO_MASK, NO_MASK)
    points = tracker.update(pictures[1], ~NO_MASK, ~NO_MASK)
    assert (points.state == PointState.OCCLUDED).all() and len(points.ids) > 300
    assert np.isfinite(points.uv_left).all()


def test_one_covered_eye_leaves_depth_to_the_neighbours(clip):
    world, pictures = clip
    tracker, truth = TissueTracker(world.rig), Truth(world)
    for k in range(3):
        truth.errors(tracker.update(pictures[k], NO_MASK, NO_MASK), k / 15)
    right = NO_MASK.copy()
    right[100:380, 200:400] = True
    points = tracker.update(pictures[3], NO_MASK, right)
    _, e3 = truth.errors(points, 3 / 15)
    sigma = np.sqrt(points.covariance[:, 2, 2])
    half = visible(points) & (sigma > 0.0008)
    assert half.sum() > 30
    assert np.nanmedian(e3[half]) < 0.001


def test_a_raw_rig_and_a_wrong_picture_are_refused(ideal_rig, clip):
    from dataclasses import replace

    bent = replace(ideal_rig, left=replace(ideal_rig.left, distortion=(-0.1, 0, 0, 0, 0)))
    with pytest.raises(ConfigurationError, match="not rectified"):
        TissueTracker(bent)
    small = np.zeros((240, 320, 3), np.uint8)
    with pytest.raises(ConfigurationError, match=r"\(240, 320, 3\)"):
        TissueTracker(ideal_rig).update(StereoFrame(1, small, small), NO_MASK, NO_MASK)


def test_same_pictures_same_points(clip):
    first, second = (play(clip, frames=5)[-1][0] for _ in range(2))
    assert np.array_equal(first.uv_left, second.uv_left)
    assert np.array_equal(first.p_camera, second.p_camera, equal_nan=True)
