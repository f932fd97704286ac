# SPDX-License-Identifier: Apache-2.0
"""Everything that stands in the cell, drawn into whatever framebuffer is bound."""

from collections.abc import Mapping
from typing import Any

from trocar.geometry import Array
from trocar.sim.render.blood import BloodStain
from trocar.sim.render.capture import Capture
from trocar.sim.render.cast import Cast
from trocar.sim.render.context import Programs, set_uniforms
from trocar.sim.render.drawables import ObjectDrawable, PartDrawable, TissueDrawable
from trocar.sim.render.ink import ink_uniforms
from trocar.sim.render.instrument import PART_IDS, instrument_meshes
from trocar.sim.render.shadow import ShadowMap
from trocar.sim.render.skin import Skin
from trocar.sim.render.soft_drawable import SoftDrawable
from trocar.sim.render.soft_surface import SCALE, CutSurface, SoftSurface
from trocar.sim.snapshot import CellSnapshot

Placed = tuple[PartDrawable, Array, int, Array | None]  # pose now, mask id, pose in the neighbour


class Stage:
    """Tissue, instruments, objects, soft bodies and props of one cell in one OpenGL context."""

    def __init__(
        self, context: Any, programs: Programs, cast: Cast, seed: int, texture_size: int
    ) -> None:
        """Upload all meshes."""
        self._context, self._programs, self._cast = context, programs, cast
        self._skin = Skin(context, seed, texture_size)
        self._tissue = TissueDrawable(context, cast.tissue)
        self._parts = {n: PartDrawable(context, mesh) for n, mesh in instrument_meshes().items()}
        self._objects = {n: ObjectDrawable(context, shape) for n, shape in cast.objects.items()}
        self._soft = {n: SoftDrawable(context, surface) for n, surface in cast.soft.items()}
        self._props: list[Placed] = [
            (PartDrawable(context, p.mesh), p.T_world_mesh, p.mask_id, p.T_world_mesh)
            for p in cast.props
        ]
        self._ids = cast.mask_ids
        self._ink = {
            on: ink_uniforms((m for m in cast.marks if m.on == on), scale)
            for on, scale in (
                ("", cast.tissue.parameters.side),
                *((name, SCALE) for name in cast.soft),
            )
        }
        self._cavities: dict[int, Any] = {}
        self._shadow: ShadowMap | None = None
        self._blood = BloodStain(context, cast.tissue, seed)
        self._placed: list[Placed] = []
        self._placed_objects: list[Placed] = []
        self._variant: set[str] = set()
        self._stained: dict[str, Any] = {}
        self._tissue_uniforms: dict[str, Any] = {}

    def set_cast(self, cast: Cast) -> None:
        """Take other bases; shapes and surfaces must be the same."""
        self._cast = cast

    def set_surface(self, name: str, surface: SoftSurface | CutSurface) -> None:
        """Take another surface of a soft body, as after a cut."""
        self._soft[name].set_surface(surface)

    def place(self, capture: Capture) -> None:
        """Put everything where it is, once for both eyes; draws the shadow map where wanted."""
        now, options = capture.now, capture.options
        effects = options.effects
        self._move(now, capture.neighbour if capture.moved else None)
        self._tissue_uniforms = {
            "relief": (options.bump_tiles, options.bump_strength, effects.wetness)
        }
        self._variant = set()
        if effects.shadow > 0.0:
            self._shadow = self._shadow or ShadowMap(self._context, self._programs)
            self._variant.add("SHADOW")
            self._tissue_uniforms["shadow"] = effects.shadow
            self._tissue_uniforms |= self._shadow.draw(
                capture.T_world_camera, options.lamp_offset, self._draw_rigid
            )
        self._stained = self._blood.uniforms(effects, now.time_s)

    def draw(self, variant: frozenset[str], uniforms: dict[str, Any]) -> None:
        """Draw one eye: near things first, what they hide is then never shaded."""
        _draw(self._program("instrument", variant, uniforms), self._placed)
        if self._objects:
            shaded = self._program("object", variant | self._variant | {"OBJECT"}, uniforms)
            set_uniforms(shaded, self._tissue_uniforms)
            _draw(shaded, self._placed_objects)
        for name, body in self._soft.items():
            self._draw_tissue(body, variant | {"SOFT"}, uniforms, self._ink[name], self._ids[name])
        stained = {"BLOOD"} if self._stained else set()
        self._draw_tissue(self._tissue, variant | stained, uniforms | self._stained, self._ink[""])
        cavity = self._program("cavity", variant, uniforms)
        if cavity.glo not in self._cavities:
            self._cavities[cavity.glo] = self._context.vertex_array(cavity, [])
        self._cavities[cavity.glo].render(vertices=3)

    def _draw_tissue(
        self,
        drawable: TissueDrawable | SoftDrawable,
        variant: frozenset[str],
        uniforms: dict[str, Any],
        ink: dict[str, Any],
        mask_id: int = 0,
    ) -> None:
        marked = {"MARKED"} if ink else set()
        program = self._program("tissue", variant | self._variant | marked, uniforms)
        set_uniforms(program, self._tissue_uniforms | ink)
        self._skin.use(program)
        drawable.draw(program, mask_id)

    def _program(self, name: str, variant: frozenset[str], uniforms: dict[str, Any]) -> Any:
        vertex = "instrument" if name == "object" else ""
        program = self._programs.get(name, variant, vertex)
        set_uniforms(program, uniforms)
        return program

    def _draw_rigid(self, program: Any) -> None:
        _draw(program, self._placed)
        _draw(program, self._placed_objects)

    def _move(self, now: CellSnapshot, neighbour: CellSnapshot | None) -> None:
        """Put everything where it is now, and tell where it is in the neighbour."""
        self._tissue.move(now.time_s)
        for name, body in self._soft.items():
            body.move(now.soft[name])
        if neighbour is not None:
            self._tissue.move_neighbour(neighbour.time_s)
            for name, body in self._soft.items():
                body.move_neighbour(neighbour.soft[name])
        then = {} if neighbour is None else self._poses(neighbour)
        self._placed = [
            (self._parts[name], T, mask_id, then.get((name, mask_id)))
            for (name, mask_id), T in self._poses(now).items()
        ] + self._props
        moved: Mapping[str, Array] = {} if neighbour is None else neighbour.objects
        self._placed_objects = [
            (body, now.objects[name], self._ids[name], moved.get(name))
            for name, body in self._objects.items()
        ]

    def _poses(self, snapshot: CellSnapshot) -> dict[tuple[str, int], Array]:
        """Pose of each instrument part by its name and mask id."""
        return {
            (name, PART_IDS[name] + instrument.mask_offset): T
            for instrument in self._cast.instruments(snapshot).values()
            for name, T in instrument.part_poses().items()
        }


def _draw(program: Any, placed: list[Placed]) -> None:
    for part, T_world_part, mask_id, T_neighbour in placed:
        part.draw(program, T_world_part, mask_id, T_neighbour)
