# SPDX-License-Identifier: Apache-2.0
"""A cut in the cell's process is a cut in the renderer's: surfaces go over in shared memory."""

import os

import numpy as np
import pytest

from trocar import _core
from trocar.errors import MissingDependencyError
from trocar.sim.nodes.wounds import WoundReader, WoundWriter
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.scene import load_scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.soft.soft_cell import SoftBody

SCENE = load_scene("cell")
AWAY = np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])
NAME = f"trocar-test-wounds-{os.getpid()}"
BLADE = ([-0.02, 0.0, 0.001], [0.02, 0.0, 0.001], [0.0, 0.0, -0.008])


@pytest.fixture
def memory():
    lines = []
    writer = WoundWriter(NAME, SCENE, lines.append)
    reader = WoundReader(NAME, SCENE)
    yield writer, reader, lines
    reader.close()
    writer.close()
    assert not _core.Snapshot.remove(NAME)  # the writer has taken it away


def body_of(scene=SCENE):
    return SoftBody("liver", scene.soft["liver"], ())


def test_a_cut_arrives_once_and_a_new_cell_is_whole(memory):
    writer, reader, _ = memory
    body = body_of()
    writer.write({"liver": body}, 1)
    assert reader.newest() == {}  # nothing was cut, nothing was written
    assert body.cut(*BLADE).new_nodes > 0
    writer.write({"liver": body}, 2)
    faces, parents = reader.newest()["liver"]
    np.testing.assert_array_equal(faces, body.body.surface)
    np.testing.assert_array_equal(parents, body.body.parents)
    assert reader.newest() == {}
    body.cut([0.0, -0.02, 0.001], [0.0, 0.02, 0.001], [0.0, 0.0, -0.008])
    writer.write({"liver": body}, 3)
    np.testing.assert_array_equal(reader.newest()["liver"][0], body.body.surface)
    assert reader.forget() and not reader.forget()


def test_what_has_no_room_is_said_and_not_drawn(memory, monkeypatch):
    writer, reader, lines = memory
    body = body_of()
    body.cut(*BLADE)
    monkeypatch.setattr(writer._layout, "rooms", {"liver": (10, 10)})
    writer.write({"liver": body}, 1)
    assert len(lines) == 1 and "cut too often" in lines[0]
    assert reader.newest() == {}


def test_a_scene_without_soft_bodies_needs_no_memory():
    scene = load_scene("follow")
    writer, reader = WoundWriter(NAME, scene, print), WoundReader(NAME, scene)
    writer.write({}, 1)
    assert reader.newest() == {} and not reader.forget()
    assert not _core.Snapshot.remove(NAME)
    writer.close()


def test_the_picture_of_the_cut_is_the_same_as_in_one_process(memory):
    """Snapshot and surface through shared memory against the body's own; also the frame before."""
    writer, reader, _ = memory
    body = body_of()
    before = body.nodes
    body.cut(*BLADE)
    y = body.nodes[:, 1]
    side = np.where(np.isin(np.arange(len(y)), body.body.parents[len(before) :]), -1.0, 0.0)
    side[len(before) :] = 1.0
    open_wide = body.nodes + np.outer(side, [0.0, 0.003, 0.0])
    writer.write({"liver": body}, 1)
    q = {arm: AWAY if arm in SCENE.psms else x for arm, x in SCENE.initial_q.items()}
    now = CellSnapshot(0.1, q, soft={"liver": open_wide})
    earlier = CellSnapshot(0.0, q, soft={"liver": before})
    sent, sent_before = (
        SCENE.layout.from_vector(SCENE.layout.to_vector(s)) for s in (now, earlier)
    )
    assert len(sent.soft["liver"]) > len(open_wide)  # padded
    try:
        r = EndoscopeRenderer.of(SCENE, 2, RenderOptions(texture_size=256))
    except MissingDependencyError as error:
        pytest.skip(str(error))
    whole = r.cast.soft["liver"]
    uncut = r.render(earlier, 5, truth=True).left
    r.set_surface("liver", whole.after_cut(body.body.surface, body.body.parents))
    here = r.render(now, 5, truth=True, neighbour=earlier)
    r.set_surface("liver", whole.after_cut(*reader.newest()["liver"]))
    there = r.render(sent, 5, truth=True, neighbour=sent_before)
    r.close()
    np.testing.assert_array_equal(here.stereo.left_rgb, there.stereo.left_rgb)
    np.testing.assert_array_equal(here.left.flow, there.left.flow)
    gap = (here.left.depth - uncut.depth) > 0.002
    assert gap.sum() > 300  # one looks into the wound
    known = here.left.flow[here.left.mask == 100]
    assert np.nanmax(np.abs(known)) < 60.0  # px: 3 mm; no node was anywhere else before
