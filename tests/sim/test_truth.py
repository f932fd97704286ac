# SPDX-License-Identifier: Apache-2.0
import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.geometry import inverse, transform_points
from trocar.kinematics import IkStatus, forward_kinematics, inverse_kinematics
from trocar.sim.contact import Capsules, capsules, segment_distance, tissue_clearance
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot, Passing, SnapshotLayout
from trocar.sim.truth import WORK_POINT, Truth

SEEDS = range(10)


@pytest.fixture(scope="module")
def scene():
    return load_scene()


def following(truth, times):
    """True joints (K, 7) that hold the jaw tip 10 mm off the work point, orientation kept."""
    q = truth.scene.initial_q["PSM1"][:6]
    T_world_cp = truth.T_world_base @ forward_kinematics(q)
    joints = []
    for t in times:
        T_world_cp[:3, 3] = truth.target_world(t) - 0.0102 * T_world_cp[:3, 2]
        solved = inverse_kinematics(inverse(truth.T_world_base) @ T_world_cp, q)
        assert solved.status == IkStatus.OK
        q = solved.q
        joints.append(np.append(q, 0.3))
    return np.array(joints)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sweep_keeps_clear_of_an_arm_that_follows(scene, seed):
    truth = Truth(scene, seed)
    path = InstrumentPath(scene.instrument, scene.T_world_camera, truth.cell.sweep_sense)
    since = np.arange(0.0, path.duration_s, 0.02)
    joints = following(truth, scene.instrument.start_s + since)
    lowest, hidden = np.inf, 0
    for s, q in zip(since, joints):
        t = scene.instrument.start_s + s
        snapshot = CellSnapshot(t, {"PSM1": q}, Passing(path.pose(s), JAW_ANGLE))
        lowest = min(lowest, truth.clearance(snapshot).instrument)
        second = capsules(truth.second_instrument(snapshot))
        height = tissue_clearance(second, truth.tissue, t)
        assert 0.023 <= height <= 0.042  # its tip: 25-35 mm, less a radius, lumps and all
        hidden += not truth.tracks(snapshot, WORK_POINT[None]).visible_left[0]
    assert lowest >= 0.005
    assert 0.2 <= hidden * 0.02 <= 0.6  # the work point itself is hidden for about 0.3 s


@pytest.mark.parametrize("sense", [1, -1])
def test_the_sweep_is_in_view_for_about_two_seconds(scene, sense):
    path = InstrumentPath(scene.instrument, scene.T_world_camera, sense)
    eye, seen = scene.rig.left, 0
    for s in np.arange(0.0, path.duration_s, 0.01):
        T = path.pose(s)
        axis = T[:3, 3] + np.linspace(-0.08, 0.0102, 200)[:, None] * T[:3, 2]
        p = transform_points(inverse(scene.T_world_camera), axis)
        uv = eye.project(p)
        inside = np.all((uv > 0.0) & (uv < [eye.width, eye.height]), axis=1) & (p[:, 2] > 0.0)
        seen += inside.any()
    assert 1.4 <= seen * 0.01 <= 2.0
    assert path.pose(-0.01) is None and path.pose(path.duration_s + 0.01) is None


def test_both_senses_are_the_same_path(scene):
    forth = InstrumentPath(scene.instrument, scene.T_world_camera, 1)
    back = InstrumentPath(scene.instrument, scene.T_world_camera, -1)
    for s in (0.0, 0.4, 1.3, 2.6):
        np.testing.assert_allclose(forth.pose(s), back.pose(2.6 - s), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_start_touches_nothing_and_is_in_the_picture(scene, seed):
    truth = Truth(scene, seed)
    start = scene.at_rest()
    assert truth.clearance(start).tissue > 0.003
    keypoints = truth.keypoints(start)
    tip = keypoints.names.index("jaw_tip")
    for uv in (keypoints.uv_left[tip], keypoints.uv_right[tip]):
        assert np.all(uv > 0.0) and np.all(uv < [640, 480])
    np.testing.assert_allclose(truth.jaw_tip_camera(start), keypoints.p_camera[tip], atol=1e-12)


def test_uncorrected_kinematics_are_about_9_mm_wrong_at_the_tip(scene):
    errors = []
    for seed in range(60):
        truth = Truth(scene, seed)
        q = scene.initial_q["PSM1"]
        snapshot = CellSnapshot(0.0, {"PSM1": q})
        measured = q + truth.cell.joint_bias["PSM1"]
        believed = scene.site.T_camera_base["PSM1"] @ forward_kinematics(measured[:6])
        true = truth.T_camera_control_point(snapshot)
        errors.append(np.linalg.norm(believed[:3, 3] - true[:3, 3]))
    assert 0.006 <= np.median(errors) <= 0.012  # the issue: "about 9 mm at the tip"


def test_tracks_agree_with_the_pictures_of_both_eyes(scene):
    truth = Truth(scene, 2)
    uv = np.array([[0.5, 0.5], [0.45, 0.6], [0.02, 0.02]])
    tracks = truth.tracks(CellSnapshot(1.7, scene.initial_q), uv)
    disparity = tracks.uv_left[:, 0] - tracks.uv_right[:, 0]
    rig = scene.rig
    np.testing.assert_allclose(disparity, rig.left.fx * rig.baseline / tracks.p_camera[:, 2])
    np.testing.assert_allclose(tracks.uv_left[:, 1], tracks.uv_right[:, 1], atol=1e-9)
    back = transform_points(scene.T_world_camera, tracks.p_camera)
    np.testing.assert_allclose(back, truth.tissue.point(uv, 1.7), atol=1e-12)
    assert tracks.visible_left[0] and not tracks.visible_left[2]  # the corner is out of the picture


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_segment_distance_is_the_smallest_of_a_dense_sampling(seed):
    rng = np.random.default_rng(seed)
    p1, q1, p2, q2 = rng.uniform(-1.0, 1.0, (4, 3))
    s = np.linspace(0.0, 1.0, 60)
    a, b = p1 + s[:, None] * (q1 - p1), p2 + s[:, None] * (q2 - p2)
    sampled = np.linalg.norm(a[:, None] - b[None], axis=-1).min()
    exact = segment_distance(p1, q1, p2, q2)
    assert exact <= sampled + 1e-12
    assert sampled - exact <= 0.06  # half a sampling step of segments up to 3.5 long, both


def test_parallel_segments_have_a_distance():
    assert segment_distance([0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]) == pytest.approx(1.0)
    assert segment_distance([0, 0, 0], [1, 0, 0], [3, 0, 0], [5, 0, 0]) == pytest.approx(2.0)


def test_tissue_clearance_sees_a_capsule_that_dips_in(scene):
    truth = Truth(scene, 0)
    above = truth.target_world(0.0, stand_off=0.004)
    up = above + [0.0, 0.0, 0.03]
    for radius, touching in ((0.003, False), (0.005, True)):
        shape = Capsules(above[None], up[None], np.array([radius]))
        clearance = tissue_clearance(shape, truth.tissue, 0.0)
        assert clearance == pytest.approx(0.004 - radius, abs=2e-4)  # lumps beside the normal
        assert (clearance <= 0.0) == touching


def test_snapshot_survives_its_vector():
    rng = np.random.default_rng(0)
    layout = SnapshotLayout({"PSM1": 7, "ECM": 4}, ("needle", "peg"), {"liver": 5})
    snapshot = CellSnapshot(
        1.25,
        {"PSM1": rng.random(7), "ECM": rng.random(4)},
        Passing(rng.random((4, 4)), 0.4),
        {"needle": rng.random((4, 4)), "peg": rng.random((4, 4))},
        {"liver": rng.random((5, 3))},
    )
    vector = layout.to_vector(snapshot)
    assert vector.shape == (layout.size,) and vector.dtype == np.float64
    back = layout.from_vector(vector)
    assert back.time_s == 1.25 and back.passing.jaw == 0.4
    np.testing.assert_array_equal(back.passing.T_world_cp, snapshot.passing.T_world_cp)
    for name in ("q", "objects", "soft"):
        was, now = getattr(snapshot, name), getattr(back, name)
        assert list(was) == list(now)
        for key in was:
            np.testing.assert_array_equal(was[key], now[key])
    assert (
        layout.from_vector(layout.to_vector(dataclasses.replace(snapshot, passing=None))).passing
        is None
    )
    with pytest.raises(ValueError, match=rf"expected \({layout.size},\)"):
        layout.from_vector(vector[:-1])
    with pytest.raises(ValueError, match="expected"):
        layout.to_vector(dataclasses.replace(snapshot, q={"PSM1": np.zeros(7), "ECM": np.zeros(7)}))
