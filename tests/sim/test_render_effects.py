# SPDX-License-Identifier: Apache-2.0
"""Each effect does what its parameter says, alone, repeatably, and leaves truth alone."""

import dataclasses

import numpy as np
import pytest

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.geometry import exp_so3
from trocar.sim.render.effects import Effects
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.scope import camera_of_scope
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot

SCENE = load_scene("follow")
SEED = 2
NOW = CellSnapshot(1.0, {"PSM1": joints_at(SCENE, [-0.004, 0.002, 0.012], 0.6)})
LATER = CellSnapshot(1.04, {"PSM1": joints_at(SCENE, [0.002, 0.004, 0.012], 0.6)})
QUIET = RenderOptions(read_noise=0.0, shot_noise=0.0, soft=False)


@pytest.fixture(scope="module")
def shared():
    try:
        r = EndoscopeRenderer.of(SCENE, SEED)
    except MissingDependencyError as error:
        pytest.skip(str(error))
    yield r
    r.close()


@pytest.fixture
def draw(shared):
    def picture(base=QUIET, snapshot=NOW, neighbour=None, truth=False, **effects):
        shared.options = dataclasses.replace(base, effects=Effects(**effects))
        frame = shared.render(snapshot, 5, truth=truth, neighbour=neighbour)
        return frame if truth else frame.stereo.left_rgb.astype(float)

    return picture


@pytest.mark.parametrize(
    "effects",
    [
        {"shadow": 0.8},
        {"blood_rate": 2e-8, "blood_start_s": -5.0},
        {"smoke": 15.0},
        {"fog": 0.7},
        {"exposure_ev": 1.0},
        {"gain_db": 6.0},
        {"wetness": 2.0},
    ],
    ids=lambda e: next(iter(e)),
)
def test_an_effect_changes_the_picture_repeatably_and_no_truth(draw, effects):
    plain, with_it = draw(truth=True), draw(truth=True, **effects)
    again = draw(truth=True, **effects)
    difference = with_it.stereo.left_rgb.astype(float) - plain.stereo.left_rgb
    assert np.abs(difference).mean() > 0.3
    np.testing.assert_array_equal(with_it.stereo.right_rgb, again.stereo.right_rgb)
    np.testing.assert_array_equal(with_it.left.mask, plain.left.mask)
    np.testing.assert_array_equal(with_it.left.depth, plain.left.depth)


def test_the_second_pass_alone_changes_nothing(draw):
    """Smoke too thin to see goes through the lens pass and gives the first pass's picture."""
    assert np.abs(draw(smoke=1e-9) - draw()).max() <= 1.0  # half floats between the passes


def test_one_stop_doubles_the_light_and_gain_amplifies_like_it(draw):
    def linear(image):  # the shoulder and gamma 2 undone
        return -np.log2(1.0 - np.minimum(image / 255.0, 0.99) ** 2)

    dark, bright = draw(exposure_ev=-1.0), draw()
    seen = (bright > 40) & (bright < 220)
    ratio = linear(bright)[seen] / linear(dark)[seen]
    assert np.median(ratio) == pytest.approx(2.0, rel=0.01)
    amplified = draw(exposure_ev=-1.0, gain_db=20.0 * np.log10(2.0))
    assert np.abs(amplified - bright).max() <= 1.0


def test_gain_amplifies_noise(draw):
    noisy = RenderOptions(soft=False)
    plain = draw(noisy) - draw()
    raised = draw(noisy, exposure_ev=-2.0, gain_db=12.0) - draw(exposure_ev=-2.0, gain_db=12.0)
    assert plain.std() > 1.0
    assert 2.0 < raised.std() / plain.std() < 4.0


def test_vignette_darkens_the_corners_only(draw):
    flat, dark = draw(dataclasses.replace(QUIET, vignette=0.0)), draw()
    assert np.abs(flat - dark)[235:245, 315:325].max() <= 1.0
    corners = (slice(-30, None), slice(-30, None))
    assert dark[corners].mean() < 0.85 * flat[corners].mean()


def test_the_shadow_lies_beside_the_instrument_on_the_tissue(draw):
    plain, dark = draw(truth=True), draw(truth=True, shadow=1.0)
    lost = plain.stereo.left_rgb.astype(float).mean(-1) - dark.stereo.left_rgb.mean(-1)
    shaded = lost > 12.0
    assert 300 < shaded.sum() < 0.1 * shaded.size
    assert not shaded[plain.left.mask > 0].any()
    rows, columns = np.nonzero(plain.left.mask)
    box = np.zeros_like(shaded)
    box[: rows.max() + 40, : columns.max() + 40] = True
    assert shaded[~box].sum() == 0


def test_blood_keeps_its_volume(draw):
    """Stained area = rate * time / film, within what a ragged outline and the slant allow."""
    effects = {"blood_rate": 2e-8, "blood_uv": (0.55, 0.5)}

    def area(time_s):
        snapshot = dataclasses.replace(
            NOW, time_s=time_s, q={"PSM1": np.array([0, 0.9, 0.06, 0, 0, 0, 0.0])}
        )
        plain = draw(snapshot=snapshot, truth=True)
        red = draw(snapshot=snapshot, **effects)
        stained = np.abs(red - plain.stereo.left_rgb).sum(-1) > 12.0
        pixel = (plain.left.depth / SCENE.rig.left.fx) ** 2 / np.cos(np.radians(30.0))
        return pixel[stained].sum()

    first, second = area(2.0), area(4.0)
    assert second == pytest.approx(2.0 * first, rel=0.35)
    assert second == pytest.approx(2e-8 * 4.0 / 4e-4, rel=0.45)
    assert np.abs(draw(blood_start_s=9.0, **effects) - draw()).max() == 0.0  # not before


def test_smoke_thickens_with_depth_and_drifts(draw):
    thin, thick = draw(smoke=8.0), draw(smoke=80.0)
    plain = draw()
    red = [np.mean(p[..., 0] - p[..., 1:].mean(-1)) for p in (plain, thin, thick)]
    assert red[2] < 0.4 * red[1] < 0.4 * red[0]  # grey covers the tissue's red
    moved = draw(smoke=20.0, snapshot=dataclasses.replace(NOW, time_s=1.5))
    still = draw(snapshot=dataclasses.replace(NOW, time_s=1.5))
    assert np.abs((moved - still) - (draw(smoke=20.0) - plain)).mean() > 1.0


def test_fog_takes_detail_and_keeps_light(draw):
    plain, fogged = draw(), draw(fog=1.0)
    detail = [np.abs(np.diff(p.mean(-1), axis=1)).mean() for p in (plain, fogged)]
    assert detail[1] < 0.7 * detail[0]
    assert 0.7 < fogged.mean() / plain.mean() < 1.3


def test_motion_smears_the_moving_tool_by_its_path_and_not_the_still_picture(draw):
    plain = draw()
    smeared = draw(neighbour=LATER, shutter_s=0.02)
    flow = draw(truth=True, neighbour=LATER)
    mask = flow.left.mask > 0
    speed = np.linalg.norm(np.nan_to_num(flow.left.flow), axis=-1)
    assert np.median(speed[mask]) > 10.0  # px a frame
    assert np.abs(smeared - plain)[mask].mean() > 3.0
    same = draw(neighbour=dataclasses.replace(NOW, time_s=1.0 + 1e-7), shutter_s=1e-7)
    assert np.abs(same - plain).max() <= 1.0
    with pytest.raises(ConfigurationError, match=r"neighbour.*own time"):
        draw(neighbour=NOW, shutter_s=0.01)


def test_oblique_scopes_turn_the_view():
    straight, up, down = (camera_of_scope(a) for a in (0.0, 30.0, -30.0))
    np.testing.assert_array_equal(straight, np.eye(4))
    np.testing.assert_allclose(up[:3, 2], [0.0, -0.5, np.sqrt(0.75)], atol=1e-12)  # y is down
    np.testing.assert_allclose(up @ down, np.eye(4), atol=1e-12)
    rolled = camera_of_scope(30.0, np.pi / 2.0)
    np.testing.assert_allclose(rolled[:3, :3], exp_so3([0, 0, np.pi / 2]) @ up[:3, :3], atol=1e-12)
    with pytest.raises(ConfigurationError, match="view_deg is 90"):
        camera_of_scope(90.0)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (Effects, {"smoke": -1.0}),
        (Effects, {"fog": float("nan")}),
        (Effects, {"blood_uv": (0.5, 2.0)}),
        (Effects, {"smoke_wind": 3.0}),
        (Effects, {"shutter_s": "long"}),
        (RenderOptions, {"vignette": 1.5}),
        (RenderOptions, {"texture_size": 1000}),
        (RenderOptions, {"lamp_offset": (0.0, float("inf"), 0.0)}),
    ],
)
def test_bad_parameters_get_one_line_that_names_them(kind, bad):
    with pytest.raises(ConfigurationError, match=next(iter(bad))) as caught:
        kind(**bad)
    assert "\n" not in str(caught.value)


def test_a_broken_camera_pose_is_refused(shared):
    with pytest.raises(ConfigurationError, match="T_world_camera"):
        shared.render(NOW, 0, T_world_camera=2.0 * np.eye(4))
