# SPDX-License-Identifier: Apache-2.0
"""Dynamics files: what is written is what is read, and bad ones are refused in one line."""

import copy

import numpy as np
import pytest
import yaml

from trocar import _core
from trocar.dynamics_file import load, save
from trocar.errors import ConfigurationError

FIELDS = ("mass", "com", "inertia", "products", "armature", "viscous", "coulomb", "friction_speed")
GRAVITY = np.array([1.0, 2.0, -9.55])


@pytest.fixture
def good(tmp_path):
    p = _core.DynamicParameters().perturbed(0.2, 3)
    p.products[0] = [1e-3, -2e-3, 5e-4]
    p.friction_speed[3] = 0.02
    p.gravity_base = GRAVITY
    path = tmp_path / "psm1.yaml"
    save(path, p, "PSM1", {"command": "trocar identify PSM1"})
    return path, p


def test_what_is_saved_is_loaded_to_the_last_bit(good):
    path, p = good
    found = load(path)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name), getattr(p, name))
    np.testing.assert_array_equal(found.gravity_base, GRAVITY)
    assert yaml.safe_load(path.read_text())["notes"]["command"] == "trocar identify PSM1"


def put(data, keys, value):
    data = copy.deepcopy(data)
    part = data
    for key in keys[:-1]:
        part = part[key]
    if value is None:
        del part[keys[-1]]
    else:
        part[keys[-1]] = value
    return data


@pytest.mark.parametrize(
    ("keys", "value", "message"),
    [
        (("links",), None, "missing links"),
        (("links", "yaw"), None, "missing yaw"),
        (("links", "elbow"), {}, "unknown key 'elbow'; keys: yaw, pitch"),
        (("links", "yaw", "mass"), None, "yaw: missing mass"),
        (("links", "yaw", "weight"), 1.0, "yaw: unknown key 'weight'"),
        (("links", "yaw", "mass"), 0.0, "yaw: mass is 0, allowed above 0"),
        (("links", "yaw", "mass"), "heavy", "yaw: mass is 'heavy'; give a finite number"),
        (("links", "yaw", "mass"), True, "yaw: mass is True; give a finite number"),
        (("links", "roll", "viscous"), -1.0, "roll: viscous is -1, allowed 0 or more"),
        (("links", "roll", "coulomb"), float("nan"), "roll: coulomb is nan"),
        (("links", "roll", "armature"), float("inf"), "roll: armature is inf"),
        (("links", "jaw", "friction_speed"), 0.0, "friction_speed is 0, allowed above 0"),
        (("links", "jaw", "com"), [0.0, 0.0], "jaw: com: give a list of 3 numbers"),
        (("links", "jaw", "com"), [0.0, 0.0, None], "jaw: com is None"),
        (
            ("links", "pitch", "inertia"),
            [1.0, 1.0, 3.0],
            "no body has the principal moments 1, 1, 3",
        ),
        (("links", "pitch", "inertia"), [-1.0, 1.0, 1.0], "no body has the principal moments"),
        (("gravity_base",), [0.0, 0.0, -1.6], "gravity_base is 1.6 m/s2, allowed 9.7 to 9.9"),
        (("gravity_base",), "down", "gravity_base: give a list of 3 numbers"),
        (("links",), [1, 2], "links: expected a mapping"),
        (("masses",), {}, "unknown key 'masses'; keys: arm, links"),
    ],
)
def test_bad_files_are_refused_in_one_line(good, keys, value, message):
    path, _ = good
    path.write_text(yaml.safe_dump(put(yaml.safe_load(path.read_text()), keys, value)))
    with pytest.raises(ConfigurationError, match=message) as error:
        load(path)
    assert "\n" not in str(error.value) and str(path) in str(error.value)


@pytest.mark.parametrize("text", ["", "- 1", "a: [", "\x00", "links: {yaw: 3}"])
def test_other_texts_are_refused_in_one_line(tmp_path, text):
    path = tmp_path / "x.yaml"
    path.write_text(text)
    with pytest.raises(ConfigurationError) as error:
        load(path)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="none.yaml: No such file.*name an existing file"):
        load(tmp_path / "none.yaml")


def test_the_sites_gravity_stands_in_and_another_stands_is_refused(good):
    path, _ = good
    site = np.array([0.0, 0.0, -9.81])
    with pytest.raises(ConfigurationError, match="13.2 deg off the site's, allowed 10"):
        load(path, site)
    np.testing.assert_array_equal(load(path, GRAVITY + [0.5, 0.0, 0.0]).gravity_base, GRAVITY)
    path.write_text(yaml.safe_dump(put(yaml.safe_load(path.read_text()), ("gravity_base",), None)))
    np.testing.assert_array_equal(load(path, site).gravity_base, site)


def test_no_impossible_arm_is_written(tmp_path):
    p = _core.DynamicParameters()
    p.mass[2] = -1.0
    with pytest.raises(ConfigurationError, match="insertion: mass is -1"):
        save(tmp_path / "bad.yaml", p)
    assert not list(tmp_path.iterdir())
