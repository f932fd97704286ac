# SPDX-License-Identifier: Apache-2.0
"""Marks on tissue: read from a scene, drawn where truth has them, moved with the tissue."""

import dataclasses

import numpy as np
import pytest
import yaml

from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.geometry import inverse, transform_points
from trocar.sim import scene as scene_module
from trocar.sim.marks import Mark, PointsOnSurface
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.truth import Truth

AWAY = np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])
QUIET = RenderOptions(texture_size=256, read_noise=0.0, shot_noise=0.0, soft=False)
LINE = np.array([[-0.015, -0.004], [-0.002, 0.006], [0.014, 0.003]])


def ink(renderer, plain, snapshot):
    """Pixels (H, W) that the marks have changed, in the left eye."""
    pictures = [r.render(snapshot, 1).stereo.left_rgb.astype(int) for r in (renderer, plain)]
    return np.abs(pictures[0] - pictures[1]).max(-1) > 12


def renderers(scene):
    try:
        return EndoscopeRenderer.of(scene, 2, QUIET), EndoscopeRenderer.of(
            dataclasses.replace(scene, marks={}), 2, QUIET
        )
    except MissingDependencyError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(("name", "on"), [("follow", ""), ("cell", "liver")])
def test_ink_is_drawn_where_truth_has_it_and_moves_with_the_tissue(name, on):
    width = 0.0015
    marks = {"cut": Mark(LINE, on, width), "out": Mark(np.array([[0.01, -0.01]]), on, 0.003)}
    scene = dataclasses.replace(load_scene(name), marks=marks)
    rest = scene.at_rest()
    q = {arm: AWAY if arm in scene.psms else x for arm, x in rest.q.items()}
    soft = {n: x + [0.0, 0.0, 0.001] + 0.05 * x[:, [1, 0, 2]] for n, x in rest.soft.items()}
    r, plain = renderers(scene)
    truth = Truth(scene, 2)
    for snapshot in (CellSnapshot(0.0, q, soft=rest.soft), CellSnapshot(1.6, q, soft=soft)):
        drawn = ink(r, plain, snapshot)
        uv, reach = {}, {}
        for mark in marks:
            p = transform_points(
                inverse(scene.camera_pose(snapshot)), truth.mark_world(snapshot, mark)
            )
            uv[mark] = scene.rig.left.project(p)
            reach[mark] = 0.5 * marks[mark].width * scene.rig.left.fx / p[:, 2].min() + 2.5
        v, u = np.nonzero(drawn)
        pixel = np.stack([u, v], 1).astype(float)
        assert len(pixel) > 800
        near = np.full(len(pixel), np.inf)
        for a, b in zip(uv["cut"][:-1], uv["cut"][1:], strict=True):
            d = b - a
            t = np.clip((pixel - a) @ d / (d @ d), 0.0, 1.0)
            near = np.minimum(near, np.linalg.norm(pixel - a - t[:, None] * d, axis=1))
        dot = np.linalg.norm(pixel - uv["out"][0], axis=1)
        # A straight line on curved tissue bends a little between its points: hence some more px.
        assert ((near < reach["cut"] + 3.0) | (dot < reach["out"])).all()
        for point in (*uv["cut"], *uv["out"]):
            column, row = np.round(point).astype(int)
            assert drawn[row, column]
        centre = pixel[dot < reach["out"]].mean(0)
        assert np.linalg.norm(centre - uv["out"][0]) < 1.0
    r.close()
    plain.close()
    moved = truth.mark_world(CellSnapshot(1.6, q, soft=soft), "cut")
    still = truth.mark_world(CellSnapshot(0.0, q, soft=rest.soft), "cut")
    assert np.linalg.norm(moved - still, axis=1).min() > 0.0005


def test_points_on_a_surface_are_material():
    rest = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [0, 1, 1.0]])
    upper_and_lower = np.array([[0, 1, 2], [3, 4, 5], [0, 2, 1]])
    found = PointsOnSurface(rest, upper_and_lower, np.array([[0.2, 0.3], [0.0, 0.0]]))
    np.testing.assert_allclose(found.at(rest), [[0.2, 0.3, 1.0], [0.0, 0.0, 1.0]])
    bent = rest @ np.array([[2.0, 0.0, 1.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    np.testing.assert_allclose(found.at(bent)[0], [0.4, 0.3, 1.2])
    with pytest.raises(ConfigurationError, match="not above the body; keep to its upper side"):
        PointsOnSurface(rest, upper_and_lower, np.array([[0.9, 0.9]]))


@pytest.fixture
def scene_with(tmp_path, monkeypatch):
    """A function that writes the cell scene with other marks and loads it."""
    data = yaml.safe_load((scene_module.SCENE_FOLDER / "cell.yaml").read_text())
    monkeypatch.setattr(scene_module, "SCENE_FOLDER", tmp_path)

    def load(marks):
        (tmp_path / "odd.yaml").write_text(yaml.safe_dump({**data, "marks": marks}))
        return load_scene("odd")

    return load


def test_marks_of_a_scene(scene_with):
    marks = scene_with(
        {
            "cut": {"on": "liver", "points_mm": [[-5, 0], [5, 1]], "width_mm": 2},
            "in": {"points": [[0.0, 0.01]]},
        }
    ).marks
    np.testing.assert_allclose(marks["cut"].points, [[-0.005, 0.0], [0.005, 0.001]])
    assert (marks["cut"].on, marks["cut"].width) == ("liver", 0.002)
    assert marks["in"].on == "" and marks["in"].segments.tolist() == [[0.0, 0.01, 0.0, 0.01]]


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        (
            {"a": {"points": [[0, 0]], "colour": 1}},
            "marks: a: unknown key 'colour'; keys: on, points",
        ),
        ({"a": {"on": "spleen", "points": [[0, 0]]}}, "on is 'spleen'; soft bodies: liver"),
        ({"a": {"points": [[0, 0, 0]]}}, "points: give a list of 2 numbers"),
        ({"a": {"points": []}}, "marks: a: points has shape (0, 2)"),
        ({"a": {}}, "points: give a list of [x, y]"),
        ({"a": {"points": [[0, 0]], "width_mm": 90}}, "width is 0.09 m, allowed 0.0002 to 0.02"),
        ([], "marks: expected a mapping from names to marks"),
    ],
)
def test_marks_that_mean_nothing_are_refused_in_one_line(scene_with, marks, told):
    with pytest.raises(ConfigurationError) as caught:
        scene_with(marks)
    assert told in str(caught.value) and "\n" not in str(caught.value)


def test_more_marks_than_the_shader_has_room_for_are_refused():
    x = np.linspace(-0.02, 0.02, 18)
    marks = {"long": Mark(np.stack([x, 0.0 * x], 1))}
    scene = dataclasses.replace(load_scene("follow"), marks=marks)
    try:
        with pytest.raises(
            ConfigurationError, match="17 segments and dots on one surface, room for 16"
        ):
            EndoscopeRenderer.of(scene, 2, QUIET)
    except MissingDependencyError as error:
        pytest.skip(str(error))
