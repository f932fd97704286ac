# SPDX-License-Identifier: Apache-2.0
import numpy as np
import pytest
import yaml

from trocar.errors import ConfigurationError
from trocar.geometry import inverse, log_se3
from trocar.sim import scene as scene_module
from trocar.sim.scene import load_scene, scene_names


@pytest.fixture(scope="module")
def scene():
    return load_scene("follow")


@pytest.fixture
def scene_with(tmp_path, monkeypatch):
    """A function that writes a changed copy of the follow scene and loads it."""
    original = yaml.safe_load((scene_module.SCENE_FOLDER / "follow.yaml").read_text())
    monkeypatch.setattr(scene_module, "SCENE_FOLDER", tmp_path)

    def load(change):
        change(original)
        (tmp_path / "odd.yaml").write_text(yaml.safe_dump(original))
        return load_scene("odd")

    return load


def test_the_default_scene_is_the_contract(scene):
    assert "follow" in scene_names() and scene.arms == ("PSM1",)
    np.testing.assert_allclose(scene.T_world_camera[:3, 3], [0.0, -0.035, 0.0606])
    assert 0.060 <= np.linalg.norm(scene.T_world_camera[:3, 3]) <= 0.080
    T_world_base = scene.T_world_base("PSM1")
    np.testing.assert_allclose(T_world_base[:3, 3], [-0.1031, 0.0375, 0.1031], atol=2e-6)
    to_work_point = -T_world_base[:3, 3] / np.linalg.norm(T_world_base[:3, 3])
    assert -T_world_base[:3, 2] @ to_work_point > 0.99999  # -z points at the work point
    assert scene.tissue.breathing_normal == pytest.approx(0.006)
    assert scene.errors.joint_bias == pytest.approx(np.radians(1.0))


def test_errors_have_the_stated_size_and_a_random_direction(scene):
    nominal = scene.T_world_base("PSM1")
    shifts, turns, biases = [], [], []
    for seed in range(40):
        cell = scene.realise(seed)
        T_error = inverse(nominal) @ cell.T_world_base["PSM1"]
        shifts.append(T_error[:3, 3])
        turns.append(log_se3(T_error)[3:])
        biases.append(cell.joint_bias["PSM1"])
    np.testing.assert_allclose(np.linalg.norm(shifts, axis=1), 0.005, atol=1e-9)
    np.testing.assert_allclose(np.degrees(np.linalg.norm(turns, axis=1)), 3.0, atol=1e-6)
    size = np.radians([1.0, 1.0, 0.0, 1.0, 1.0, 1.0, 0.0]) + [0, 0, 0.0005, 0, 0, 0, 0]
    np.testing.assert_allclose(np.abs(biases), np.tile(size, (40, 1)), atol=1e-12)
    # Mean of 40 random directions: each component has sd 0.58 / sqrt(40) = 0.09 of the length.
    assert np.linalg.norm(np.mean(shifts, axis=0)) < 0.5 * 0.005
    assert np.all(np.abs(np.mean(np.sign(biases), axis=0))[:6] < 0.6)


def test_a_seed_is_a_cell(scene):
    one, same, other = scene.realise(3), scene.realise(3), scene.realise(4)
    np.testing.assert_array_equal(one.T_world_base["PSM1"], same.T_world_base["PSM1"])
    assert one.tissue_seed == same.tissue_seed != other.tissue_seed
    assert {scene.realise(s).sweep_sense for s in range(20)} == {-1, 1}


def test_gravity_in_the_base_is_gravity_in_the_world(scene):
    g = scene.T_world_base("PSM1")[:3, :3] @ scene.gravity_base("PSM1")
    np.testing.assert_allclose(g, [0.0, 0.0, -9.81], atol=1e-12)


def test_an_unknown_scene_is_one_line_with_the_valid_names():
    with pytest.raises(ConfigurationError) as refused:
        load_scene("folow")
    message = str(refused.value)
    assert "\n" not in message and "'folow'" in message and "follow" in message


def test_an_unknown_arm_is_one_line_with_the_valid_names(scene):
    with pytest.raises(ConfigurationError, match="'PSM9'.*PSM1"):
        scene.T_world_base("PSM9")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda d: d.update(colour=1), "unknown key 'colour'; keys: fps"),
        (lambda d: d["tissue"].update(sidee=1), "tissue: unknown key 'sidee'; keys: side"),
        (lambda d: d["tissue"].update(side_mm="wide"), "side_mm is 'wide'; give a finite number"),
        (lambda d: d["errors"].update(joint_bias_deg=float("nan")), "give a finite number"),
        (lambda d: d["arms"].update(PSM7={}), "unknown key 'PSM7'; keys: PSM1"),
        (lambda d: d["arms"]["PSM1"].update(initial_q=[0.0] * 6), "give a list of 7 numbers"),
        (lambda d: d["instrument"].update(direction="up"), "'up'; one of"),
        (lambda d: d.update(fps=500), "fps is 500, allowed 1 to 60"),
        (lambda d: d.pop("camera"), "missing camera"),
        (
            lambda d: d["camera"].update(right=[0.0, 0.035, -0.0606]),
            "must not point along the view",
        ),
    ],
)
def test_a_bad_scene_file_is_one_line_that_names_the_key(scene_with, change, said):
    with pytest.raises(ConfigurationError) as refused:
        scene_with(change)
    assert said in str(refused.value) and "\n" not in str(refused.value)


def test_units_in_keys_become_si(scene_with):
    scene = scene_with(lambda d: d["tissue"].update(side_mm=80, lateral_lag_deg=90))
    assert scene.tissue.side == pytest.approx(0.080)
    assert scene.tissue.lateral_lag == pytest.approx(np.pi / 2.0)


def test_a_laboratory_can_name_its_own_site(monkeypatch, tmp_path):
    text = scene_module.default_site_path().read_text()
    own = tmp_path / "own.yaml"
    own.write_text(text.replace("baseline: 0.00414", "baseline: 0.005"))
    monkeypatch.setenv(scene_module.SITE_VARIABLE, str(own))
    assert load_scene().rig.baseline == pytest.approx(0.005)


def test_the_site_file_tells_control_which_way_is_down():
    scene = load_scene()
    R_world_camera = scene.T_world_camera[:3, :3]
    np.testing.assert_allclose(
        scene.site.gravity_camera, R_world_camera.T @ [0.0, 0.0, -9.81], atol=1e-5
    )


def test_the_look_of_a_scene_is_that_of_its_file(scene_with):
    def change(data):
        data["look"] = {
            "lamp_power": 0.006,
            "soft": False,
            "lamp_offset_mm": [1.0, -2.0, 0.0],
            "effects": {"smoke": 14.0, "smoke_size_mm": 20.0, "blood_uv": [0.4, 0.6]},
        }

    look = scene_with(change).look
    assert look.lamp_power == 0.006 and look.soft is False
    np.testing.assert_allclose(look.lamp_offset, [0.001, -0.002, 0.0])
    assert look.effects.smoke == 14.0 and look.effects.blood_uv == (0.4, 0.6)
    assert look.effects.smoke_size == pytest.approx(0.020)
    assert look.effects.active() == ["smoke"]


@pytest.mark.parametrize(
    ("look", "told"),
    [
        ({"vignette": 3.0}, "look: options.vignette is 3.0; allowed 0 to 1"),
        ({"glow": 1.0}, "look: unknown key 'glow'; keys: lamp_offset, lamp_power"),
        ({"soft": 1}, "look: soft is 1; true or false"),
        ({"effects": {"smoke": -1.0}}, "look: effects.smoke is -1.0; allowed 0 to 200 1/m"),
        ({"effects": {"steam": 1.0}}, "look: effects: unknown key 'steam'; keys: exposure_ev"),
        ({"effects": {"smoke_wind": [0.0]}}, "look: effects: smoke_wind: give a list of 3 numbers"),
        ({"effects": [1]}, "look: effects: unknown key"),
        ([], "look: expected a mapping"),
    ],
)
def test_a_look_that_means_nothing_is_refused_in_one_line(scene_with, look, told):
    with pytest.raises(ConfigurationError) as caught:
        scene_with(lambda data: data.update(look=look))
    assert told in str(caught.value) and "scene file odd.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)
