# SPDX-License-Identifier: Apache-2.0
"""Geometry of the silhouette: tangent planes, Jacobians and agreement with the renderer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import kinematics
from trocar.camera import Intrinsics, StereoRig
from trocar.errors import MissingDependencyError
from trocar.geometry import exp_se3, inverse, make_transform, matrix_from_quat_xyzw
from trocar.perception.tool import shape
from trocar.perception.tool.eye import make_eyes
from trocar.perception.tool.model import SIZE, pose_tool
from trocar.perception.tool.outline import is_within, project_hulls, sample_outline
from trocar.perception.tool.silhouettes import draw_tool

EYE = Intrinsics(640, 480, 560.0, 560.0, 319.5, 239.5)
RIG = StereoRig(EYE, EYE, make_transform(translation=[0.00414, 0.0, 0.0]))
T_CAMERA_BASE = make_transform(
    matrix_from_quat_xyzw([0.855304560, -0.051899200, -0.379147840, 0.349295710]),
    [-0.11, -0.089653, -0.005268],
)  # launch/config/site.yaml

small = st.floats(-0.12, 0.12)
joints = st.builds(
    lambda a, b, d, r, p, y: np.array([a, b, 0.145 + 0.1 * d, 3.0 * r, 4.0 * p, 4.0 * y]),
    small,
    small,
    st.floats(-0.05, 0.1),
    small,
    small,
    small,
)


@settings(max_examples=40, deadline=None)
@given(joints)
def test_tangent_planes_touch_the_shaft_and_leave_it_on_one_side(q):
    pose = pose_tool(T_CAMERA_BASE, q, 0.2, np.zeros(3))
    d, p = pose.T_camera_shaft[:3, 2], pose.T_camera_shaft[:3, 3]
    for eye in make_eyes(RIG):
        centre = inverse(eye.T_eye_camera)[:3, 3]
        normals = pose.shaft_normals(eye)
        assert normals is not None
        assert np.allclose(np.linalg.norm(normals, axis=1), 1.0, atol=1e-12)
        assert np.abs(normals @ d).max() < 1e-12
        # Surface points of the cylinder, relative to the eye: all on the inner side, one on it.
        x = np.cross(d, [0.3, 0.5, 0.8])
        x /= np.linalg.norm(x)
        a = np.linspace(0.0, 2.0 * np.pi, 3600)[:, None]
        ring = p + shape.RADIUS * (np.cos(a) * x + np.sin(a) * np.cross(d, x))
        side = (ring - centre) @ normals.T
        assert side.min() > -1e-12
        assert side.min(axis=0).max() < 1e-8


def test_part_frames_follow_the_kinematics():
    q = np.array([0.1, -0.05, 0.14, 0.7, 0.4, -0.3])
    pose = pose_tool(T_CAMERA_BASE, q, 0.0, np.zeros(3))
    T_cp = T_CAMERA_BASE @ np.asarray(kinematics.forward_kinematics(q))
    assert np.allclose(pose.T_camera_tool, T_cp, atol=1e-12)
    # The wrist-yaw axis lies 9.1 mm along the wrist; the shaft points away from the RCM.
    along = pose.T_camera_wrist[:3, 3] + 0.0091 * pose.T_camera_wrist[:3, 2]
    assert np.allclose(along, T_cp[:3, 3], atol=1e-12)
    to_wrist = pose.T_camera_shaft[:3, 3] - T_CAMERA_BASE[:3, 3]
    assert np.allclose(np.cross(to_wrist, pose.T_camera_shaft[:3, 2]), 0.0, atol=1e-12)
    for T in (pose.T_camera_shaft, pose.T_camera_wrist):
        assert np.allclose(T[:3, :3].T @ T[:3, :3], np.eye(3), atol=1e-12)
        assert np.linalg.det(T[:3, :3]) == pytest.approx(1.0)


def moved(q, jaw, state):
    """The pose with a state (10,) applied."""
    return pose_tool(exp_se3(state[:6]) @ T_CAMERA_BASE, q, jaw, state[6:])


@settings(max_examples=15, deadline=None)
@given(joints, st.integers(0, 8))
def test_point_jacobian_matches_finite_differences(q, k):
    step = np.zeros(SIZE)
    step[k] = 1e-6
    here, there = moved(q, 0.3, np.zeros(SIZE)), moved(q, 0.3, step)
    for eye in make_eyes(RIG):
        for a, b in zip(here.parts(eye), there.parts(eye), strict=True):
            if len(a.vertices) == 4 + len(shape.SLEEVE_CAP):
                continue  # the cylinder's contacts slide: tested as an outline below
            J = here.point_jacobian(a.vertices, a.joint, a.jaw_side)[:, :, k]
            assert np.allclose((b.vertices - a.vertices) / 1e-6, J, atol=1e-5)


@pytest.mark.parametrize("k", range(9))
def test_outline_moves_as_its_jacobian_says(k):
    """Offsets of the moved outline along the old normals, by brute-force intersection."""
    q = np.array([0.05, 0.02, 0.155, 0.2, 0.15, -0.1])
    step = np.zeros(SIZE)
    step[k] = 2e-4 if k < 3 else 2e-3
    eye = make_eyes(RIG)[1]
    outline = sample_outline(eye, moved(q, 0.3, np.zeros(SIZE)), 5.0, 4.0)
    assert len(outline) > 80
    assert set(outline.joint) == {0, 1, 2}
    hulls = [h[0] for h in project_hulls(eye, moved(q, 0.3, step))]
    reach = np.linspace(-6.0, 6.0, 481)
    errors = []
    for uv, normal, row in zip(outline.uv, outline.normal, outline.jacobian, strict=True):
        line = uv + reach[:, None] * normal
        inside = np.any([is_within(h, line) for h in hulls], axis=0)
        if not inside[0] or inside[-1]:
            continue
        first_out = np.argmax(~inside)
        errors.append(reach[first_out] - 0.0125 - row @ step)
    assert len(errors) > 60
    # Corners of the outline may change pieces; all else agrees to the search step.
    assert np.quantile(np.abs(errors), 0.9) < 0.12


def test_silhouette_agrees_with_the_renderer():
    """The shape the tracker believes in is the shape the simulator draws."""
    scene_module = pytest.importorskip("trocar.sim.scene")
    renderer_module = pytest.importorskip("trocar.sim.render.renderer")
    snapshot_module = pytest.importorskip("trocar.sim.snapshot")
    scene = scene_module.load_scene("follow")
    try:
        renderer = renderer_module.EndoscopeRenderer.of(scene, 3)
    except MissingDependencyError as error:
        pytest.skip(f"no renderer here: {error}")
    T = inverse(scene.T_world_camera) @ scene.realise(3).T_world_base["PSM1"]
    for q in ([0.1, 0.05, 0.15, 0.0, 0.0, 0.0, 0.3], [0.05, 0.05, 0.16, 1.0, 0.4, -0.5, 0.6]):
        snapshot = snapshot_module.CellSnapshot(0.0, {"PSM1": np.array(q)})
        frame = renderer.render(snapshot, 1, truth=True)
        for eye, truth in zip(make_eyes(scene.rig), (frame.left, frame.right), strict=True):
            drawn = draw_tool(eye, pose_tool(T, np.array(q[:6]), q[6], np.zeros(3)), shrink=1) > 0
            seen = truth.mask > 0
            assert seen.sum() > 5000
            assert (drawn & seen).sum() / (drawn | seen).sum() > 0.95
    renderer.close()
