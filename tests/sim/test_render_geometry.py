# SPDX-License-Identifier: Apache-2.0
"""Pixels against closed-form rays: the renderer's camera is `Intrinsics`, to the half pixel."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar.camera import Intrinsics
from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.geometry import exp_so3, inverse, make_transform, transform_points
from trocar.sim.render.instrument import SHAFT_LENGTH
from trocar.sim.render.mesh import box, revolve
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.projection import clip_from_camera, scaled_intrinsics
from trocar.sim.render.renderer import EndoscopeRenderer, Prop
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.tissue import BreathingTissue

SCENE = load_scene("follow")
AWAY = np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])  # PSM1 out of the picture
SMALL = RenderOptions(texture_size=256)


def renderer(**kwargs):
    try:
        return EndoscopeRenderer.of(SCENE, 3, SMALL, **kwargs)
    except MissingDependencyError as error:
        pytest.skip(str(error))


def rays(T_world_camera, T_left_eye, eye):
    """Origin and directions (H, W, 3) in world, each with unit depth along the optical axis."""
    u, v = np.meshgrid(np.arange(eye.width), np.arange(eye.height))
    T = T_world_camera @ T_left_eye
    return T[:3, 3], eye.unproject(np.stack([u, v], -1), np.ones(u.shape)) @ T[:3, :3].T


def ray_box(origin, directions, T_world_box, size):
    """Depth (H, W) of the first hit of a box, NaN where missed (slab method)."""
    T = inverse(T_world_box)
    o, d = transform_points(T, origin), directions @ T[:3, :3].T
    a, b = (-0.5 * size - o) / d, (0.5 * size - o) / d
    near, far = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
    return np.where(near <= far, near, np.nan)


def ray_cylinder(origin, directions, T_world_cylinder, radius):
    """Depth (H, W) of the first hit of an endless cylinder about z, NaN where missed."""
    T = inverse(T_world_cylinder)
    o, d = transform_points(T, origin)[:2], (directions @ T[:3, :3].T)[..., :2]
    a, b, c = (d * d).sum(-1), d @ o, o @ o - radius**2
    root = b * b - a * c
    return np.where(root > 0.0, (-b - np.sqrt(np.maximum(root, 0.0))) / a, np.nan)


def compare(drawn, mask_id, expected):
    drawn_mask, true_mask = drawn.mask == mask_id, np.isfinite(expected)
    iou = (drawn_mask & true_mask).sum() / (drawn_mask | true_mask).sum()
    both = drawn_mask & true_mask
    return iou, np.abs(drawn.depth[both] - expected[both]), true_mask.sum()


def test_box_agrees_with_ray_casting_in_both_eyes():
    size = np.array([0.018, 0.012, 0.008])
    T_world_box = make_transform(exp_so3([0.4, -0.7, 0.3]), [0.004, 0.006, 0.02])
    r = renderer(props=[Prop(box(size), T_world_box, 7)])
    frame = r.render(CellSnapshot(0.0, {"PSM1": AWAY}), 0, truth=True)
    rig = SCENE.rig
    for drawn, T_left_eye, eye in (
        (frame.left, np.eye(4), rig.left),
        (frame.right, rig.T_left_right, rig.right),
    ):
        origin, directions = rays(SCENE.T_world_camera, T_left_eye, eye)
        iou, error, area = compare(drawn, 7, ray_box(origin, directions, T_world_box, size))
        assert area > 5000
        assert iou > 0.999
        assert np.percentile(error, 95) < 1e-6  # m; the goal is 1e-5, float32 gives 1e-8
    r.close()


def test_shaft_agrees_with_a_cylinder():
    radius, T_world_shaft = 0.004175, make_transform(exp_so3([0.2, 1.45, 0.1]), [0.0, 0.0, 0.03])
    sleeve = revolve([(-SHAFT_LENGTH, radius), (0.2, radius)], 64, 0.0)
    r = renderer(props=[Prop(sleeve, T_world_shaft, 1)])
    drawn = r.render(CellSnapshot(0.0, {"PSM1": AWAY}), 0, truth=True).left
    origin, directions = rays(SCENE.T_world_camera, np.eye(4), SCENE.rig.left)
    iou, error, area = compare(drawn, 1, ray_cylinder(origin, directions, T_world_shaft, radius))
    assert area > 30000
    assert iou > 0.999  # 64 sides: the outline is right to 0.06 % of the width
    assert np.percentile(error, 95) < 1e-5
    r.close()


def test_plates_land_where_intrinsics_project_them():
    """Centroids of thin plates facing the lens against `Intrinsics.project` of their centres.

    The plates are turned in their plane, so that the sampling of their edges averages out.
    """
    eye = SCENE.rig.left
    grid = np.stack(np.meshgrid([60.3, 200.8, 390.2, 575.6], [60.7, 180.1, 330.4, 420.9]), -1)
    uv = grid.reshape(-1, 2)
    p_camera = eye.unproject(uv, np.full(len(uv), 0.03))
    plate = box([0.0045, 0.0045, 1e-6])
    turn = exp_so3([0.0, 0.0, 0.35])
    props = [
        Prop(plate, SCENE.T_world_camera @ make_transform(turn, p), 100 + i)
        for i, p in enumerate(p_camera)
    ]
    r = renderer(props=props)
    mask = r.render(CellSnapshot(0.0, {"PSM1": AWAY}), 0, truth=True).left.mask
    centroid = np.array([np.argwhere(mask == 100 + i)[:, ::-1].mean(0) for i in range(len(uv))])
    assert np.abs(centroid - eye.project(p_camera)).max() < 0.05
    assert np.abs((centroid - eye.project(p_camera)).mean(0)).max() < 0.01  # no half-pixel bias
    r.close()


def test_tissue_depth_is_the_material_surface():
    """Depth read at the pixel of a material point is its depth, and both eyes agree on it."""
    r = renderer()
    tissue = BreathingTissue.of(SCENE, 3)
    t = 1.3
    frame = r.render(CellSnapshot(t, {"PSM1": AWAY}), 0, truth=True)
    T_camera_world = inverse(SCENE.T_world_camera)
    uv_tissue = tissue.uv[np.abs(tissue.uv - 0.5).max(1) < 0.2]
    for drawn, eye, T_eye_left in (
        (frame.left, SCENE.rig.left, np.eye(4)),
        (frame.right, SCENE.rig.right, inverse(SCENE.rig.T_left_right)),
    ):
        p = transform_points(T_eye_left @ T_camera_world, tissue.point(uv_tissue, t))
        uv = eye.project(p)
        seen = (uv > 1).all(1) & (uv[:, 0] < eye.width - 2) & (uv[:, 1] < eye.height - 2)
        i = np.floor(uv[seen]).astype(int)
        f = uv[seen] - i
        d = drawn.depth
        depth = (d[i[:, 1], i[:, 0]] * (1 - f[:, 0]) + d[i[:, 1], i[:, 0] + 1] * f[:, 0]) * (
            1 - f[:, 1]
        ) + (d[i[:, 1] + 1, i[:, 0]] * (1 - f[:, 0]) + d[i[:, 1] + 1, i[:, 0] + 1] * f[:, 0]) * f[
            :, 1
        ]
        assert seen.sum() > 100
        assert np.percentile(np.abs(depth - p[seen, 2]), 95) < 1e-5
    r.close()


@given(
    st.floats(0.006, 0.5),
    st.floats(-0.5, 639.5),
    st.floats(-0.5, 479.5),
    st.floats(200.0, 1500.0),
)
def test_clip_space_puts_integer_pixels_at_their_centres(depth, u, v, focal):
    eye = Intrinsics(640, 480, focal, 1.1 * focal, 301.2, 222.9)
    p = np.append(eye.unproject([u, v], depth), 1.0)
    clip = clip_from_camera(eye) @ p
    window = (clip[:2] / clip[3] * 0.5 + 0.5) * [640, 480]
    np.testing.assert_allclose(window, [u + 0.5, v + 0.5], atol=1e-9)
    assert clip[3] == pytest.approx(depth)
    assert -1.0 <= clip[2] / clip[3] <= 1.0


@settings(max_examples=30)
@given(st.integers(1, 3), st.floats(-0.5, 639.5), st.floats(-0.5, 479.5))
def test_scaling_keeps_rays(factor, u, v):
    """A pixel's edge stays an edge: (u + 1/2) scales with the size."""
    eye = SCENE.rig.left
    small = scaled_intrinsics(eye, 640 // factor, 480 // factor)
    scale = np.array([small.width / 640, small.height / 480])
    uv_small = (np.array([u, v]) + 0.5) * scale - 0.5
    np.testing.assert_allclose(
        small.unproject(uv_small, 0.07), eye.unproject([u, v], 0.07), atol=1e-12
    )


@pytest.mark.parametrize("k", [(-3.0, 0.0, 0.0, 0.0, 0.0), (float("nan"),) * 5, (0.1,)])
def test_a_distortion_that_means_nothing_is_refused_in_one_line(k):
    eye = dataclasses.replace(SCENE.rig.left, distortion=k)
    rig = type(SCENE.rig)(eye, eye, SCENE.rig.T_left_right)
    with pytest.raises(ConfigurationError, match="endoscope.distortion") as caught:
        renderer(rig=rig)
    assert "\n" not in str(caught.value)
