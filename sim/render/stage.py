# SPDX-License-Identifier: Apache-2.0
"""Everything that stands in the cell, drawn into whatever framebuffer is bound."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trocar.geometry import Array
from trocar.sim.render.blood import BloodStain
from trocar.sim.render.capture import Capture
from trocar.sim.render.context import Programs, set_uniforms
from trocar.sim.render.drawables import PartDrawable, TissueDrawable
from trocar.sim.render.instrument import (
    MASK_STEP,
    PART_IDS,
    from_joints,
    instrument_meshes,
    straight,
)
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.shadow import ShadowMap
from trocar.sim.render.texture import tissue_texture
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.tissue import BreathingTissue


@dataclass(frozen=True)
class Prop:
    """A rigid thing that stands still in the cell, with the mask id it is drawn with."""

    mesh: Mesh
    T_world_mesh: Array
    mask_id: int


Placed = tuple[PartDrawable, Array, int, Array | None]  # pose now, mask id, pose in the neighbour


class Stage:
    """Tissue, instruments and props of one cell in one OpenGL context."""

    def __init__(
        self,
        context: Any,
        programs: Programs,
        tissue: BreathingTissue,
        T_world_base: Array,
        seed: int,
        texture_size: int,
        props: Sequence[Prop] = (),
    ) -> None:
        """Upload all meshes; T_world_base: TRUE base of PSM1."""
        self._programs = programs
        self._T_world_base = T_world_base
        skin = tissue_texture(np.random.default_rng([seed, 2]), texture_size)
        self._tissue = TissueDrawable(context, tissue, skin)
        self._parts = {n: PartDrawable(context, mesh) for n, mesh in instrument_meshes().items()}
        self._props: list[Placed] = [
            (PartDrawable(context, p.mesh), p.T_world_mesh, p.mask_id, p.T_world_mesh)
            for p in props
        ]
        self._cavities: dict[int, Any] = {}
        self._context = context
        self._shadow: ShadowMap | None = None
        self._blood = BloodStain(context, tissue, seed)
        self._placed: list[Placed] = []
        self._variant: set[str] = set()
        self._tissue_uniforms: dict[str, Any] = {}

    def place(self, capture: Capture) -> None:
        """Put everything where it is, once for both eyes; draws the shadow map where wanted."""
        now, neighbour, options = capture.now, capture.neighbour, capture.options
        effects = options.effects
        self._tissue.move(now.time_s)
        if neighbour is not None and capture.moved:
            self._tissue.move_neighbour(neighbour.time_s)
        then = {} if neighbour is None else self._poses(neighbour)
        self._placed = [
            (self._parts[name], T, mask_id, then.get((name, mask_id)))
            for (name, mask_id), T in self._poses(now).items()
        ] + self._props
        self._tissue_uniforms = {
            "relief": (options.bump_tiles, options.bump_strength, effects.wetness)
        }
        self._variant = set()
        if effects.shadow > 0.0:
            self._shadow = self._shadow or ShadowMap(self._context, self._programs)
            self._variant.add("SHADOW")
            self._tissue_uniforms["shadow"] = effects.shadow
            self._tissue_uniforms |= self._shadow.draw(
                capture.T_world_camera, options.lamp_offset, self._draw_parts
            )
        stain = self._blood.uniforms(effects, now.time_s)
        if stain:
            self._variant.add("BLOOD")
            self._tissue_uniforms |= stain

    def draw(self, variant: frozenset[str], uniforms: dict[str, Any]) -> None:
        """Draw one eye: near things first, what they hide is then never shaded."""
        tool = self._programs.get("instrument", variant)
        tissue = self._programs.get("tissue", variant | self._variant)
        cavity = self._programs.get("cavity", variant)
        for program in (tool, tissue, cavity):
            set_uniforms(program, uniforms)
        set_uniforms(tissue, self._tissue_uniforms)
        self._draw_parts(tool)
        self._tissue.draw(tissue)
        if cavity.glo not in self._cavities:
            self._cavities[cavity.glo] = self._context.vertex_array(cavity, [])
        self._cavities[cavity.glo].render(vertices=3)

    def _draw_parts(self, program: Any) -> None:
        for part, T_world_part, mask_id, T_neighbour in self._placed:
            part.draw(program, T_world_part, mask_id, T_neighbour)

    def _poses(self, snapshot: CellSnapshot) -> dict[tuple[str, int], Array]:
        """Pose of each instrument part by its name and mask id."""
        instruments = [from_joints(self._T_world_base, snapshot.q["PSM1"])]
        if snapshot.passing is not None:
            passing = snapshot.passing
            instruments.append(straight(passing.T_world_cp, passing.jaw, MASK_STEP))
        return {
            (name, PART_IDS[name] + instrument.mask_offset): T
            for instrument in instruments
            for name, T in instrument.part_poses().items()
        }
