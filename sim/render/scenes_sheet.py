# SPDX-License-Identifier: Apache-2.0
"""One picture of every scene and task, at work, and of the cell from outside."""

import itertools
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from trocar.geometry import look_at
from trocar.sim.anatomy.importer import Request, import_tissue
from trocar.sim.anatomy.phantom import write_phantom
from trocar.sim.anatomy.tissue_file import write_tissue
from trocar.sim.happenings import happenings, shown
from trocar.sim.render.effects import Effects
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.room import RoomView
from trocar.sim.render.truth_pictures import Picture
from trocar.sim.scene import Scene, load_scene, scene_names
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.soft.spec import SoftParameters

FPS = 10.0
WORKING_S = {
    "follow": 7.0,
    "cell": 3.6,
}  # s into a scene at which it is drawn: when there is most to see
OTHERWISE_S = 3.0
_SHADOW = 0.6  # a shadow says where a tool is; off by default only for its cost
_ABDOMEN_NODES = 2500


def scene_tiles(seed: int) -> Iterator[tuple[str, Picture]]:
    """Label and picture (480, 640, 3) of each tile."""
    for name in scene_names():
        scene = _shaded(load_scene(name))
        yield name, _endoscope(scene, seed, _at_work(scene, seed))
    scene = load_scene("cell")
    room = RoomView(scene, seed)
    drawn = room.render(_at_work(scene, seed), 1)
    room.close()
    yield "cell, from outside (--view room)", drawn.stereo.left_rgb
    yield "imported: liver, gallbladder", _abdomen(scene, seed)


def _shaded(scene: Scene) -> Scene:
    look = replace(scene.look, effects=Effects(shadow=_SHADOW))
    return replace(shown(scene), look=look)


def _at_work(scene: Scene, seed: int) -> CellSnapshot:
    count = round(FPS * WORKING_S.get(scene.name, OTHERWISE_S))
    return next(itertools.islice(happenings(scene, seed, FPS), count, None))


def _endoscope(scene: Scene, seed: int, snapshot: CellSnapshot) -> Picture:
    renderer = EndoscopeRenderer.of(scene, seed)
    try:
        return renderer.render(snapshot, 1).stereo.left_rgb
    finally:
        renderer.close()


def _abdomen(scene: Scene, seed: int) -> Picture:
    """The phantom of `trocar sim phantom`, imported, in the place of the cell's own tissue."""
    with tempfile.TemporaryDirectory() as folder:
        volume = Path(folder) / "abdomen.nii.gz"
        write_phantom(volume, seed=seed)
        made = import_tissue(Request(volume, nodes=_ABDOMEN_NODES, label="liver+gallbladder"))
        write_tissue(Path(folder) / "abdomen", made.tissue)
        body = SoftParameters(source=str(Path(folder) / "abdomen"))
        low, high = body.mesh.nodes.min(axis=0), body.mesh.nodes.max(axis=0)
        top = np.array([low[0] + high[0], low[1] + high[1], 2.0 * high[2]]) / 2.0
        lying = replace(body, position=(-top[0], -top[1], -top[2]))
        lying.mesh  # noqa: B018 - read while the folder is there
    bed = replace(scene.tissue, height=float(low[2] - high[2]))
    site = replace(scene, soft={"abdomen": lying}, tissue=bed)
    rest = replace(site.at_rest(), q=_at_work(scene, seed).q)
    renderer = EndoscopeRenderer.of(_shaded(site), seed)
    view = look_at([0.05, -0.13, 0.02], [0.0, 0.0, -0.03], [1.0, 0.0, 0.0])
    try:
        return renderer.render(rest, 1, T_world_camera=view).stereo.left_rgb
    finally:
        renderer.close()
