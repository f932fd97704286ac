# SPDX-License-Identifier: Apache-2.0
"""Ranges of what is drawn: reading, refusing, drawing, and what a draw does to a scene."""

from pathlib import Path

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.geometry import inverse
from trocar.sim.dataset.quantities import QUANTITIES
from trocar.sim.dataset.ranges import Range, draw, load_ranges
from trocar.sim.dataset.realise import realise
from trocar.sim.scene import load_scene

FOLLOW = load_scene("follow")


def drawn_from(tmp_path: Path, text: str) -> dict[str, Range]:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    return load_ranges(str(path))


def test_the_default_ranges_name_every_quantity_and_draw_usable_scenes() -> None:
    ranges = load_ranges()
    assert set(ranges) == set(QUANTITIES)
    for index in range(40):  # every value passes the checks of the scene, the look and the lens
        setting = realise(FOLLOW, draw(ranges, 5, index), index, (160, 120), 1.0)
        assert setting.scene.rig.left.width == 160


def test_a_draw_is_a_function_of_seed_index_and_its_own_range_alone() -> None:
    ranges = load_ranges()
    first = draw(ranges, 1, 2)
    assert first == draw(ranges, 1, 2)
    assert first != draw(ranges, 1, 3) and first != draw(ranges, 2, 2)
    wider = ranges | {"look.wetness": Range(0.0, 4.0)}
    changed = draw(wider, 1, 2)
    differing = {key for key in first | changed if first.get(key) != changed.get(key)}
    assert differing == {"look.wetness"}


def test_distributions_are_what_they_say() -> None:
    rng = np.random.default_rng(0)
    uniform = np.array([Range(2.0, 4.0).draw(rng) for _ in range(4000)], float)
    assert uniform.min() >= 2.0 and uniform.max() <= 4.0
    assert abs(uniform.mean() - 3.0) < 5 * np.sqrt(1 / 3 / 4000)
    logarithmic = np.array([Range(0.01, 1.0, True).draw(rng) for _ in range(4000)], float)
    assert abs(np.median(np.log10(logarithmic)) + 1.0) < 0.1
    some = [Range(0.0, 1.0, share=0.25).draw(rng) for _ in range(4000)]
    assert abs(sum(x is not None for x in some) / 4000 - 0.25) < 5 * np.sqrt(0.25 * 0.75 / 4000)
    whole = [Range(1.0, 3.0).draw(rng, is_whole=True) for _ in range(4000)]
    counts = [whole.count(k) for k in (1.0, 2.0, 3.0)]
    assert sum(counts) == 4000 and min(counts) > 1200
    assert Range(2.0, 2.0).draw(rng) == 2.0


def test_none_draws_nothing_and_keeps_the_scene() -> None:
    setting = realise(FOLLOW, draw(load_ranges("none"), 0, 0), 0, None, 1.0)
    assert setting.scene.tissue == FOLLOW.tissue and setting.scene.look == FOLLOW.look
    assert setting.scene.rig.left == FOLLOW.rig.left
    np.testing.assert_array_equal(setting.scene.T_world_camera, FOLLOW.T_world_camera)
    assert setting.sway is None and setting.second_at_s is None


def test_a_file_replaces_single_ranges_or_all(tmp_path: Path) -> None:
    ranges = drawn_from(tmp_path, "tissue: {breathing_normal_mm: [2, 3]}\nrig: {focal: 1}")
    assert ranges["tissue.breathing_normal"] == Range(0.002, 0.003)
    assert ranges["rig.focal"] == Range(1.0, 1.0)
    assert len(ranges) == len(load_ranges())
    alone = drawn_from(tmp_path, "base: none\neffects: {smoke: {low: 1, high: 4, log: true}}")
    assert alone == {"effects.smoke": Range(1.0, 4.0, True)}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("lamp: {x: 1}", "unknown section 'lamp'; sections: look, effects"),
        ("look: 3", "look: give a mapping of lamp_power"),
        ("look: {haze: 1}", "look: unknown key 'haze'; keys: lamp_power"),
        ("look: {wetness_mm: 1}", "unknown key 'wetness_mm'"),
        ("look: {wetness: [1, 9]}", "wetness: high is 9; give a number from 0 to 4"),
        ("look: {wetness: [2, 1]}", "low 2 is above high 1; swap them"),
        ("look: {wetness: [1, 2, 3]}", "give a number, .low, high. or a mapping"),
        ("look: {wetness: .nan}", "give a number from 0"),
        ("look: {wetness: yes}", "give a number from 0"),
        ("tissue: {lump_count: 2.5}", "give a whole number from 0 to 200"),
        ("look: {wetness: {low: 0, high: 1, log: true}}", "low above 0"),
        ("look: {wetness: {low: 1, high: 1, share: 2}}", "share is 2; give a number from 0 to 1"),
        ("look: {wetness: {low: 1, hi: 2}}", "unknown key 'hi'; keys: low, high, log, share"),
        ("look: {wetness: {low: 1}}", "high is None"),
        ("base: all", "base is 'all'; one of default, none"),
        ("- 3", "give a mapping with sections"),
        ("look: [", "no YAML"),
    ],
)
def test_a_bad_file_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        drawn_from(tmp_path, text)
    assert "r.yaml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_none_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'everything': give default, none or a YAML file"):
        load_ranges("everything")
    with pytest.raises(ConfigurationError, match=r"absent\.yaml: No such file"):
        load_ranges("absent.yaml")


def test_a_moved_camera_leaves_the_arms_where_they_stand() -> None:
    drawn = {"camera.shift_x": 0.01, "camera.turn_y": 0.2, "camera.turn_z": -0.3}
    scene = realise(FOLLOW, drawn, 0, None, 1.0).scene
    assert np.abs(scene.T_world_camera - FOLLOW.T_world_camera).max() > 0.005
    np.testing.assert_allclose(
        scene.T_world_base("PSM1"), FOLLOW.T_world_base("PSM1"), rtol=0, atol=1e-12
    )
    np.testing.assert_allclose(
        scene.T_world_camera[:3, :3] @ scene.site.gravity_camera,
        FOLLOW.T_world_camera[:3, :3] @ FOLLOW.site.gravity_camera,
        rtol=0,
        atol=1e-12,
    )


def test_a_drawn_rig_scales_and_moves_as_asked() -> None:
    drawn = {"rig.focal": 1.1, "rig.centre_u": 0.02, "rig.baseline": 1.2, "rig.k1": -0.1}
    rig = realise(FOLLOW, drawn, 0, (320, 240), 1.0).scene.rig
    assert (rig.left.width, rig.left.height) == (320, 240)
    assert rig.left.fx == pytest.approx(0.5 * 1.1 * 560.0)
    assert rig.left.cx == pytest.approx((319.5 + 0.02 * 640 + 0.5) * 0.5 - 0.5)
    assert rig.baseline == pytest.approx(1.2 * FOLLOW.rig.baseline)
    assert rig.left.distortion == (-0.1, 0.0, 0.0, 0.0, 0.0) == rig.right.distortion


def test_a_bed_that_a_scene_holds_still_stays_still_and_stiffness_is_a_factor() -> None:
    scene = load_scene("cell")
    drawn = {"tissue.breathing_normal": 0.009, "tissue.lump_height": 0.001, "soft.stiffness": 2.0}
    body = realise(scene, drawn, 0, None, 1.0).scene
    assert body.tissue.breathing_normal == scene.tissue.breathing_normal == 0.0
    assert body.tissue.lump_height == 0.001
    assert body.soft["liver"].young == 2.0 * scene.soft["liver"].solid.young


def test_tools_press_soft_bodies_but_not_deep() -> None:
    drawn = {"tool.height": 0.010, "tool.reach": 0.004, "tool.press": 0.060}
    pressing = realise(load_scene("cell"), drawn, 0, None, 1.0).tool
    assert pressing.middle[2] - pressing.reach == pytest.approx(-0.005)
    assert realise(FOLLOW, drawn, 0, None, 1.0).tool.middle[2] == 0.010


def test_errors_are_no_more_than_drawn() -> None:
    setting = realise(FOLLOW, {"errors.base_translation": 0.007}, 3, None, 1.0)
    T_true = setting.scene.realise(3).T_world_base["PSM1"]
    off = inverse(setting.scene.T_world_base("PSM1")) @ T_true
    assert np.linalg.norm(off[:3, 3]) == pytest.approx(0.007)
