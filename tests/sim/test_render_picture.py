# SPDX-License-Identifier: Apache-2.0
"""What the pictures are made of: repeatable noise, trackable tissue, grey tools, ids, fallback."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.render import context
from trocar.sim.render.cast import Cast
from trocar.sim.render.choice import make_renderer
from trocar.sim.render.effect_costs import with_lens
from trocar.sim.render.instrument import MASK_STEP, from_joints, straight
from trocar.sim.render.keypoints import keypoints_seen, project_keypoints
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.tiny import TinyEndoscope
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot, Passing

SCENE = load_scene("follow")
SEED = 2
AT_WORK = joints_at(SCENE, [-0.004, 0.002, 0.012], 0.6)
SWEEP = InstrumentPath(SCENE.instrument, SCENE.T_world_camera, 1)
CROSSING = CellSnapshot(1.0, {"PSM1": AT_WORK}, Passing(SWEEP.pose(1.0), JAW_ANGLE))
ALONE = CellSnapshot(1.0, {"PSM1": AT_WORK})


@pytest.fixture(scope="module")
def renderer():
    try:
        r = EndoscopeRenderer.of(SCENE, SEED)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    yield r
    r.close()


@pytest.fixture(scope="module")
def tiny():
    r = TinyEndoscope.of(SCENE, SEED)
    yield r
    r.close()


@pytest.mark.parametrize("kind", ["renderer", "tiny"])
def test_noise_is_a_function_of_seed_and_stamp(kind, request):
    r = request.getfixturevalue(kind)
    first = r.render(ALONE, 77).stereo
    again = r.render(ALONE, 77).stereo
    later = r.render(ALONE, 78).stereo
    np.testing.assert_array_equal(first.left_rgb, again.left_rgb)
    np.testing.assert_array_equal(first.right_rgb, again.right_rgb)
    difference = later.left_rgb.astype(int) - first.left_rgb
    assert 1.0 < difference.std() < 8.0  # two frames' noise, nothing else
    assert abs(difference.mean()) < 0.1
    assert first.stamp_ns == 77


def test_another_process_of_the_same_seed_draws_the_same_picture(renderer):
    other = EndoscopeRenderer.of(SCENE, SEED)
    mine, theirs = renderer.render(CROSSING, 5).stereo, other.render(CROSSING, 5).stereo
    other.close()
    np.testing.assert_array_equal(mine.left_rgb, theirs.left_rgb)
    different = EndoscopeRenderer.of(SCENE, SEED + 1)
    assert (
        np.abs(different.render(CROSSING, 5).stereo.left_rgb.astype(int) - mine.left_rgb).mean() > 5
    )
    different.close()


def test_asking_for_truth_changes_no_pixel(renderer):
    np.testing.assert_array_equal(
        renderer.render(CROSSING, 9).stereo.right_rgb,
        renderer.render(CROSSING, 9, truth=True).stereo.right_rgb,
    )
    assert renderer.render(CROSSING, 9).left is None


def test_frames_do_not_share_memory(renderer):
    first = renderer.render(ALONE, 1).stereo.left_rgb
    kept = first.copy()
    renderer.render(CROSSING, 2)
    np.testing.assert_array_equal(first, kept)


@pytest.mark.parametrize("kind", ["renderer", "tiny"])
def test_mask_ids_of_both_instruments(kind, request):
    frame = request.getfixturevalue(kind).render(CROSSING, 0, truth=True)
    assert set(np.unique(frame.left.mask)) == {0, 1, 2, 3, 11, 12, 13}
    alone = request.getfixturevalue(kind).render(ALONE, 0, truth=True)
    assert set(np.unique(alone.left.mask)) == {0, 1, 2, 3}


def test_tissue_is_red_textured_and_tools_are_grey(renderer):
    """In linear light R - (G + B) / 2 tells them apart, which is what perception stands on."""
    frame = renderer.render(CROSSING, 0, truth=True)
    image, mask = frame.stereo.left_rgb, frame.left.mask
    linear = (image / 255.0) ** 2.2
    chroma = linear[..., 0] - 0.5 * (linear[..., 1] + linear[..., 2])
    relative = chroma / np.maximum(linear.max(-1), 0.02)
    tissue, tool = relative[mask == 0], relative[mask > 0]
    assert np.median(tissue) > 0.45
    assert np.median(tool) < 0.10
    assert np.mean(image[mask == 0].max(-1) > 250) < 0.05  # highlights, but few
    grey = image.mean(-1)
    patches = [
        grey[r : r + 40, c : c + 40]
        for r in range(0, 480, 40)
        for c in range(0, 640, 40)
        if not mask[r : r + 40, c : c + 40].any()
    ]
    assert len(patches) > 50
    assert np.quantile([p.std() for p in patches], 0.05) > 4.0  # nowhere flat: above the noise


def test_jaws_open_symmetrically_and_closed_jaws_meet():
    cell = SCENE.realise(SEED)
    q = AT_WORK.copy()
    q[6] = 0.0
    closed = project_keypoints(
        from_joints(cell.T_world_base["PSM1"], q), SCENE.rig, SCENE.T_world_camera
    )
    i = {name: k for k, name in enumerate(closed.names)}
    tips = closed.p_camera[[i["jaw_a_tip"], i["jaw_b_tip"]]]
    np.testing.assert_allclose(tips, closed.p_camera[[i["jaw_tip"]] * 2], atol=1e-12)
    q[6] = 0.8
    opened = project_keypoints(
        from_joints(cell.T_world_base["PSM1"], q), SCENE.rig, SCENE.T_world_camera
    )
    a, b, tip, cp = (
        opened.p_camera[i[n]] for n in ("jaw_a_tip", "jaw_b_tip", "jaw_tip", "control_point")
    )
    np.testing.assert_allclose(np.linalg.norm(a - b), 2 * 0.0102 * np.sin(0.4), atol=1e-12)
    np.testing.assert_allclose((a + b) / 2 - cp, (tip - cp) * np.cos(0.4), atol=1e-12)


def test_straight_instrument_is_the_one_with_zero_wrist_angles():
    q = np.array([0.2, -0.1, 0.13, 0.4, 0.0, 0.0, 0.3])
    bent = from_joints(np.eye(4), q)
    same = straight(bent.T_world_cp, 0.3, 0)
    for name, T_world_part in bent.part_poses().items():
        np.testing.assert_allclose(T_world_part, same.part_poses()[name], atol=1e-9)


def test_keypoints_lie_on_the_drawn_instrument(renderer):
    frame = renderer.render(ALONE, 0, truth=True)
    tool = from_joints(SCENE.realise(SEED).T_world_base["PSM1"], AT_WORK)
    points = project_keypoints(tool, SCENE.rig, SCENE.T_world_camera)
    on_axis = [points.names.index(n) for n in ("wrist_pitch", "control_point")]
    for uv, truth in ((points.uv_left, frame.left), (points.uv_right, frame.right)):
        assert keypoints_seen(uv, truth)[on_axis].all()
        assert not keypoints_seen(uv, truth, MASK_STEP).any()
    # Jaw tips end at the edge of the mask: a pixel short of them is jaw, three past them is not.
    middle = points.uv_left[points.names.index("control_point")]
    for name in ("jaw_a_tip", "jaw_b_tip"):
        tip = points.uv_left[points.names.index(name)]
        along = (tip - middle) / np.linalg.norm(tip - middle)
        u, v = np.round(tip - 2.0 * along).astype(int)
        assert frame.left.mask[v, u] == 3
        u, v = np.round(tip + 4.0 * along).astype(int)
        assert frame.left.mask[v, u] == 0


def test_tiny_draws_the_same_cell(renderer, tiny):
    """The fallback against the exact renderer, at half size: masks and depths agree."""
    exact = renderer.render(CROSSING, 0, truth=True).left
    plain = tiny.render(CROSSING, 0, truth=True)
    assert plain.stereo.left_rgb.shape == (240, 320, 3)
    mask, depth = exact.mask[::2, ::2] > 0, exact.depth[::2, ::2]
    drawn = plain.left.mask > 0
    assert (mask & drawn).sum() / (mask | drawn).sum() > 0.97
    same = exact.mask[::2, ::2] == plain.left.mask
    assert np.nanpercentile(np.abs(depth - plain.left.depth)[same], 95) < 0.0008
    assert tiny.rig.left.cx == pytest.approx(159.5)
    assert tiny.rig.baseline == pytest.approx(SCENE.rig.baseline)


def test_no_egl_falls_back_with_one_line(monkeypatch):
    def refuse():
        raise MissingDependencyError("no EGL rendering here (forced); install it")

    monkeypatch.setattr("trocar.sim.render.renderer.open_context", refuse)
    lines = []
    fallback, fps = make_renderer(SCENE, SEED, lines.append, "auto")
    assert isinstance(fallback, TinyEndoscope)
    assert fps == 10.0
    assert len(lines) == 1 and "320x240 at 10 Hz" in lines[0] and "no EGL" in lines[0]
    for effect in ("lens distortion", "motion blur", "smoke", "blood", "fog", "shadows", "flow"):
        assert effect in lines[0]  # what the stand-in does not draw is said, once
    fallback.close()
    with pytest.raises(MissingDependencyError, match="install"):
        make_renderer(SCENE, SEED, lines.append, "egl")


def test_the_stand_ins_rig_has_no_distortion_because_it_draws_none():
    bent = with_lens(SCENE.rig)
    stand_in = TinyEndoscope(bent, Cast.of(SCENE, 0))
    assert not any(stand_in.rig.left.distortion) and not any(stand_in.rig.right.distortion)
    stand_in.close()


def test_environment_forces_the_fallback(monkeypatch):
    monkeypatch.setenv("TROCAR_RENDERER", "tiny")
    lines = []
    fallback, _ = make_renderer(SCENE, SEED, lines.append)
    assert isinstance(fallback, TinyEndoscope) and "TROCAR_RENDERER" in lines[0]
    fallback.close()
    monkeypatch.setenv("TROCAR_RENDERER", "vulkan")
    with pytest.raises(ConfigurationError, match="auto, egl, tiny"):
        make_renderer(SCENE, SEED, lines.append)


def test_a_broken_gl_names_the_remedy(monkeypatch):
    import moderngl

    def broken(**_):
        raise Exception("cannot open display\nEGL_BAD")

    monkeypatch.setattr(moderngl, "create_context", broken)
    with pytest.raises(MissingDependencyError, match=r"libegl1.*Debian") as caught:
        context.open_context()
    assert "\n" not in str(caught.value)


def test_options_reach_the_picture():
    try:
        quiet = EndoscopeRenderer.of(
            SCENE, SEED, RenderOptions(read_noise=0.0, shot_noise=0.0, texture_size=256)
        )
    except MissingDependencyError as error:
        pytest.skip(str(error))
    a, b = quiet.render(ALONE, 1).stereo.left_rgb, quiet.render(ALONE, 2).stereo.left_rgb
    quiet.close()
    np.testing.assert_array_equal(a, b)
