# SPDX-License-Identifier: Apache-2.0
"""What stands in one realised cell and can be drawn, and the mask id of each of it.

Mask ids: 0 the breathing patch and the background; PSM1 1 shaft, 2 wrist, 3 jaws, PSM2 the same
plus 10, PSM3 plus 20; the passing instrument takes the next free ten (11 to 13 where the scene has
no PSM2, else 21 to 23); objects and then soft bodies 100, 101, ... in the scene's order.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.surface import outer_faces
from trocar.sim.marks import Mark
from trocar.sim.objects.kinds import shape_of
from trocar.sim.render.frame import MASK_OBJECTS
from trocar.sim.render.instrument import MASK_STEP, Instrument, from_joints, straight
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.organs import organ_tints
from trocar.sim.render.soft_surface import SoftSurface
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.soft.spec import SoftParameters
from trocar.sim.tissue import BreathingTissue

PASSING = "passing"  # the second instrument on its path, which no arm drives
MASK_LAST = 255  # a mask is uint8


class Shape(Protocol):
    """How an object looks: `colour` where the mesh's material is 1, `accent` where it is 0."""

    @property
    def mesh(self) -> Mesh:
        """In the object's frame, m."""

    @property
    def colour(self) -> tuple[float, float, float]:
        """Linear RGB reflectance."""

    @property
    def accent(self) -> tuple[float, float, float]:
        """Linear RGB reflectance."""

    @property
    def gloss(self) -> float:
        """From 0, cloth, to 1, polished steel."""


@dataclass(frozen=True)
class Prop:
    """A rigid thing that stands still in the cell, with the mask id it is drawn with."""

    mesh: Mesh
    T_world_mesh: Array
    mask_id: int


@dataclass(frozen=True)
class Cast:
    """`T_world_base`: TRUE base (4, 4) of each PSM; `camera_pose` gives T_world_camera (4, 4)."""

    tissue: BreathingTissue
    T_world_base: Mapping[str, Array]
    camera_pose: Callable[[CellSnapshot], Array]
    objects: Mapping[str, Shape] = field(default_factory=dict)
    soft: Mapping[str, SoftSurface] = field(default_factory=dict)
    props: tuple[Prop, ...] = ()
    marks: tuple[Mark, ...] = ()

    def __post_init__(self) -> None:
        """Refuse more than the masks can tell apart."""
        count, most = len(self.objects) + len(self.soft), MASK_LAST - MASK_OBJECTS + 1
        if count > most:
            raise ConfigurationError(
                f"{count} objects and soft bodies; at most {most} have a mask id: leave some out"
            )

    @classmethod
    def of(cls, scene: Scene, seed: int, props: Iterable[Prop] = ()) -> "Cast":
        """The cell of a scene realised with a seed, true errors included."""
        return cls(
            BreathingTissue.of(scene, seed),
            scene.realise(seed).T_world_base,
            scene.camera_pose,
            {
                name: shape_of(spec, f"scene file {scene.name}.yaml: objects: {name}")
                for name, spec in scene.objects.items()
            },
            {
                name: SoftSurface.of(p.mesh.nodes, outer_faces(p.mesh), _tint(p))
                for name, p in scene.soft.items()
            },
            tuple(props),
            tuple(scene.marks.values()),
        )

    @property
    def mask_ids(self) -> dict[str, int]:
        """Mask id of each object and soft body."""
        return {name: MASK_OBJECTS + i for i, name in enumerate((*self.objects, *self.soft))}

    def instruments(self, snapshot: CellSnapshot) -> dict[str, Instrument]:
        """Every instrument in the cell by its arm's name; `PASSING` while it is there."""
        return instruments(self.T_world_base, snapshot)


def _tint(parameters: SoftParameters) -> Array:
    """The scene's tint over the organs' own colours."""
    tissue = parameters.tissue
    return np.asarray(parameters.tint) * (1.0 if tissue is None else organ_tints(tissue))


def mask_offsets(arms: Iterable[str]) -> dict[str, int]:
    """What is added to the part ids of each arm's instrument and of the passing one."""
    arms = tuple(arms)
    offsets = {a: MASK_STEP * (int(a[3:]) - 1) for a in arms if re.fullmatch("PSM[1-9]", a)}
    for name in (*arms, PASSING):
        if name not in offsets:
            free = (k for k in range(MASK_STEP, MASK_OBJECTS, MASK_STEP))
            offsets[name] = next(k for k in free if k not in offsets.values())
    return offsets


def instruments(T_world_base: Mapping[str, Array], snapshot: CellSnapshot) -> dict[str, Instrument]:
    """Every instrument in the world by its arm's name, for the TRUE bases of the PSMs."""
    offsets = mask_offsets(T_world_base)
    found = {arm: from_joints(T, snapshot.q[arm], offsets[arm]) for arm, T in T_world_base.items()}
    passing = snapshot.passing
    if passing is not None:
        found[PASSING] = straight(passing.T_world_cp, passing.jaw, offsets[PASSING])
    return found
