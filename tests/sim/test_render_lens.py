# SPDX-License-Identifier: Apache-2.0
"""Lens distortion and optical flow against closed forms and against OpenCV's rectification."""

import dataclasses

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar.camera import Intrinsics
from trocar.errors import MissingDependencyError
from trocar.geometry import exp_so3, inverse, make_transform, transform_points
from trocar.perception.rectify import Rectifier
from trocar.sim.render.distortion import distort, ideal_pixels, raw_pixels, undistort
from trocar.sim.render.instrument import from_joints
from trocar.sim.render.mesh import box
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer, Prop
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot, Passing
from trocar.sim.tissue import BreathingTissue

SCENE, SEED = load_scene("follow"), 3
SMALL = RenderOptions(texture_size=256)
AWAY = np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])
LENS = (-0.28, 0.10, 0.0012, -0.0008, -0.02)
RIG = dataclasses.replace(
    SCENE.rig,
    left=dataclasses.replace(SCENE.rig.left, distortion=LENS),
    right=dataclasses.replace(SCENE.rig.right, distortion=(-0.25, 0.08, -0.001, 0.0005, 0.0)),
)


def renderer(**kwargs):
    try:
        return EndoscopeRenderer.of(SCENE, SEED, SMALL, **kwargs)
    except MissingDependencyError as error:
        pytest.skip(str(error))


small = st.floats(-0.002, 0.002)


@given(
    st.floats(-0.3, 0.1),
    st.floats(-0.05, 0.1),
    small,
    small,
    st.floats(-0.6, 0.6),
    st.floats(-0.45, 0.45),
)
def test_the_model_is_opencvs_and_its_inverse_undoes_it(k1, k2, p1, p2, x, y):
    k = (k1, k2, p1, p2, 0.0)
    theirs, _ = cv2.projectPoints(
        np.array([[x, y, 1.0]]), np.zeros(3), np.zeros(3), np.eye(3), np.array(k)
    )
    mine = distort([x, y], k)
    np.testing.assert_allclose(mine, theirs.ravel(), atol=1e-12)
    np.testing.assert_allclose(undistort(mine, k), [x, y], atol=1e-8)


def test_a_fold_is_no_answer():
    assert np.isnan(undistort([0.9, 0.0], (-0.6, 0.0, 0.0, 0.0, 0.0))).all()


def test_distorted_then_rectified_is_the_undistorted_picture_within_a_tenth_of_a_pixel():
    """A lens drawn here and undone by OpenCV's maps, against no lens: shifts of nine windows."""
    quiet = RenderOptions(read_noise=0.0, shot_noise=0.0, soft=False, vignette=0.0)
    snapshot = CellSnapshot(1.0, {"PSM1": joints_at(SCENE, [-0.004, 0.002, 0.012], 0.6)})
    frames = []
    for rig in (SCENE.rig, RIG):
        try:
            r = EndoscopeRenderer.of(SCENE, SEED, quiet, rig=rig)
        except MissingDependencyError as error:
            pytest.skip(str(error))
        frames.append(r.render(snapshot, 0).stereo)
        r.close()
    rectifier = Rectifier(RIG)
    assert np.abs(rectifier.R_camera_rectified - np.eye(3)).max() < 1e-12
    undone = rectifier.rectify(frames[1])
    new = rectifier.rig.left
    v, u = np.mgrid[:480, :640].astype(np.float32)
    for eye, straight, back in (
        (SCENE.rig.left, frames[0].left_rgb, undone.left_rgb),
        (SCENE.rig.right, frames[0].right_rgb, undone.right_rgb),
    ):
        # Rectification changed focal length and centre: the undistorted picture gets them too.
        map_u = ((u - new.cx) / new.fx * eye.fx + eye.cx).astype(np.float32)
        map_v = ((v - new.cy) / new.fy * eye.fy + eye.cy).astype(np.float32)
        expected = cv2.remap(straight, map_u, map_v, cv2.INTER_LINEAR)
        a, b = (
            cv2.GaussianBlur(i.astype(np.float32).mean(-1), (0, 0), 1.5) for i in (expected, back)
        )
        for top in (40, 180, 320):
            for left in (60, 230, 420):
                window = (slice(top, top + 120), slice(left, left + 140))
                hann = cv2.createHanningWindow((140, 120), cv2.CV_32F)
                shift, response = cv2.phaseCorrelate(a[window], b[window], hann)
                assert response > 0.5
                assert np.hypot(*shift) < 0.1
    p = SCENE.rig.left.unproject([60.0, 40.0], 0.07)
    shift = raw_pixels(RIG.left, p) - SCENE.rig.left.project(p)
    assert np.linalg.norm(shift) > 5.0  # there was something to undo


def test_depth_through_the_lens_is_the_boxs():
    size, T = (
        np.array([0.018, 0.012, 0.008]),
        make_transform(exp_so3([0.4, -0.7, 0.3]), [0.004, 0.006, 0.02]),
    )
    r = renderer(rig=RIG, props=[Prop(box(size), T, 7)])
    drawn = r.render(CellSnapshot(0.0, {"PSM1": AWAY}), 0, truth=True).left
    r.close()
    T_world_camera = SCENE.T_world_camera
    rays = (
        RIG.left.unproject(ideal_pixels(RIG.left), np.ones((480, 640))) @ T_world_camera[:3, :3].T
    )
    o, d = transform_points(inverse(T), T_world_camera[:3, 3]), rays @ T[:3, :3]
    a, b = (-0.5 * size - o) / d, (0.5 * size - o) / d
    near, far = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
    true, seen = near <= far, drawn.mask == 7
    assert (true & seen).sum() / (true | seen).sum() > 0.99  # edges are good to half a pixel
    error = np.abs(drawn.depth - near)[true & seen]
    assert np.percentile(error, 90) < 1e-6
    assert np.percentile(error, 95) < 1e-4  # ridges of the box: two planes in one cell


def flow_of(p_now, p_then, T_now, T_then, rig):
    """Exact flow (2, N, 2) of world points for both eyes, and their pixels (2, N, 2)."""
    pixels = []
    for p, T in ((p_now, T_now), (p_then, T_then)):
        pixels.append(
            [
                raw_pixels(eye, transform_points(inverse(T @ T_eye), p))
                for eye, T_eye in ((rig.left, np.eye(4)), (rig.right, rig.T_left_right))
            ]
        )
    return np.array(pixels[1]) - np.array(pixels[0]), np.array(pixels[0])


@pytest.mark.parametrize("rig", [SCENE.rig, RIG], ids=["pinhole", "lens"])
@pytest.mark.parametrize("camera", [False, True], ids=["still", "moving camera"])
def test_flow_is_the_motion_of_material_points(rig, camera):
    """Tissue vertices and points of the moving tool, projected at both times, in both eyes."""
    q = [joints_at(SCENE, x, 0.6) for x in ([0.014, -0.014, 0.012], [0.016, -0.012, 0.011])]
    now, then = (
        CellSnapshot(1.0, {"PSM1": q[0]}),
        CellSnapshot(1.2, {"PSM1": q[1]}),
    )
    T_now = SCENE.T_world_camera
    moved = make_transform(exp_so3([0.02, -0.01, 0.05]), [0.001, 0.0005, 0.002])
    T_then = T_now @ moved if camera else T_now
    r = renderer(rig=rig)
    frame = r.render(now, 0, truth=True, neighbour=then, T_world_camera_neighbour=T_then)
    r.close()
    tissue = BreathingTissue.of(SCENE, SEED)
    uv = tissue.uv[np.abs(tissue.uv - 0.5).max(1) < 0.25]
    base = SCENE.realise(SEED).T_world_base["PSM1"]
    rng = np.random.default_rng(1)
    tools = [from_joints(base, x).part_poses() for x in q]
    on_shaft = np.column_stack([rng.normal(0, 1, (2000, 2)), rng.uniform(-0.03, -0.009, 2000)])
    on_shaft[:, :2] *= 0.004175 / np.linalg.norm(on_shaft[:, :2], axis=1, keepdims=True)
    bodies = {
        0: (tissue.point(uv, now.time_s), tissue.point(uv, then.time_s)),
        1: tuple(transform_points(t["shaft"], on_shaft) for t in tools),
    }
    for mask_id, (p_now, p_then) in bodies.items():
        flow, pixels = flow_of(p_now, p_then, T_now, T_then, rig)
        for index, truth in enumerate((frame.left, frame.right)):
            assert truth.flow.dtype == np.float32
            i = np.round(pixels[index]).astype(int)
            inside = (i > 2).all(1) & (i[:, 0] < 637) & (i[:, 1] < 477)
            T_eye = T_now @ (rig.T_left_right if index else np.eye(4))
            depth = transform_points(inverse(T_eye), p_now)[:, 2]
            i[~inside] = 3
            seen = inside & (np.abs(truth.depth[i[:, 1], i[:, 0]] - depth) < 2e-4)
            seen &= truth.mask[i[:, 1], i[:, 0]] == mask_id
            assert seen.sum() > (5 if mask_id else 200)
            drawn = truth.flow[i[seen, 1], i[seen, 0]]
            error = np.linalg.norm(drawn - flow[index][seen], axis=1)
            # The pixel's centre is up to 0.7 px beside the point: its flow differs by so little.
            assert np.median(error) < 0.05
            assert np.percentile(error, 95) < 0.2  # the most at a cylinder's limb


def test_flow_of_a_plate_is_analytic_to_a_hundredth_of_a_pixel():
    """A fixed plate facing a camera that slides along x: f dx / z everywhere on it."""
    T = SCENE.T_world_camera
    plate = Prop(box([0.02, 0.02, 1e-6]), T @ make_transform(translation=[0, 0, 0.04]), 7)
    r = renderer(props=[plate])
    moved = T @ make_transform(translation=[0.001, 0.0, 0.0])
    snapshot = CellSnapshot(0.0, {"PSM1": AWAY})
    frame = r.render(snapshot, 0, truth=True, neighbour=snapshot, T_world_camera_neighbour=moved)
    r.close()
    for truth in (frame.left, frame.right):
        flow = truth.flow[truth.mask == 7]
        expected = [-SCENE.rig.left.fx * 0.001 / (0.04 - 5e-7), 0.0]
        assert np.abs(flow - expected).max() < 0.01


def test_flow_is_unknown_where_the_neighbour_lacks_the_instrument():
    second = CellSnapshot(
        0.0,
        {"PSM1": AWAY},
        Passing(SCENE.T_world_camera @ make_transform(translation=[0, 0, 0.04]), 0.3),
    )
    r = renderer()
    frame = r.render(second, 0, truth=True, neighbour=CellSnapshot(0.1, {"PSM1": AWAY}))
    assert r.render(second, 0, truth=True).left.flow is None
    r.close()
    passing = frame.left.mask > 10
    assert passing.sum() > 100
    assert np.isnan(frame.left.flow[passing]).all()
    assert np.isfinite(frame.left.flow[~passing]).all()
    assert set(np.unique(frame.left.instance)) == {0, 2}
    assert set(np.unique(frame.left.part)) <= {0, 1, 2, 3}


def test_intrinsics_without_distortion_project_as_before():
    eye = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
    p = np.array([[0.01, -0.02, 0.07]])
    np.testing.assert_array_equal(raw_pixels(eye, p), eye.project(p))
