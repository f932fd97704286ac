# SPDX-License-Identifier: Apache-2.0
"""What lies in the GPU's memory: the tissue's moving patch and rigid parts."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.render.cast import Shape
from trocar.sim.render.context import as_uniform, set_uniforms
from trocar.sim.render.mesh import Mesh
from trocar.sim.tissue import BreathingTissue

_MARGIN = np.array([0.02, 0.05, 0.10, 0.18, 0.30])  # of the side, drawn beyond the patch


def drawn_grid(side_count: int) -> tuple[Array, NDArray[np.int32]]:
    """Surface coordinates uv (N, 2) and triangles: the patch's own vertices and a margin.

    The field is analytic everywhere, so the margin only saves the picture a hard border.
    """
    line = np.concatenate([-_MARGIN[::-1], np.linspace(0.0, 1.0, side_count), 1.0 + _MARGIN])
    n = len(line)
    v, u = np.meshgrid(line, line, indexing="ij")
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + n + 1], axis=1)
    upper = np.stack([corner, corner + n + 1, corner + n], axis=1)
    return np.stack([u.ravel(), v.ravel()], 1), np.concatenate([lower, upper]).astype(np.int32)


class VertexArrays:
    """One mesh's vertex arrays, one for each program that draws it."""

    def __init__(self, context: Any, buffers: Sequence[tuple[Any, dict[str, int]]], index: Any):
        """buffers: each with its attributes in order, name to count of floats."""
        self._context, self._buffers, self._index = context, buffers, index
        self._made: dict[int, Any] = {}

    def render(self, program: Any) -> None:
        """Draw with a program, which may use any of the attributes."""
        if program.glo not in self._made:
            content = []
            for buffer, attributes in self._buffers:
                names = [name for name in attributes if name in program]
                layout = " ".join(
                    f"{n}f" if name in names else f"{4 * n}x" for name, n in attributes.items()
                )
                if names:
                    content.append((buffer, layout, *names))
            self._made[program.glo] = self._context.vertex_array(program, content, self._index)
        self._made[program.glo].render()


class TissueDrawable:
    """The breathing tissue: positions and normals go up once a frame, uv once."""

    def __init__(self, context: Any, tissue: BreathingTissue) -> None:
        """Upload the mesh."""
        self.tissue = tissue
        uv, triangles = drawn_grid(tissue.parameters.vertices_per_side)
        self._points = tissue.material(uv)
        self._packed = np.empty((len(uv), 6), dtype="f4")
        self._moving = context.buffer(reserve=self._packed.nbytes, dynamic=True)
        self._neighbour = context.buffer(reserve=12 * len(uv), dynamic=True)
        self._arrays = VertexArrays(
            context,
            [
                (self._moving, {"in_position": 3, "in_normal": 3}),
                (self._neighbour, {"in_neighbour": 3}),
                (context.buffer(uv.astype("f4").tobytes()), {"in_uv": 2}),
            ],
            context.buffer(triangles.astype("i4").tobytes()),
        )

    def move(self, time_s: float) -> None:
        """Put the surface where it is at `time_s`; shading normals by central differences."""
        n = round(len(self._packed) ** 0.5)
        surface = self._points(time_s).astype(np.float32)
        grid = surface.reshape(n, n, 3)
        # np.gradient with the spacing left out: the tangents' length does not matter here.
        along_u, along_v = np.empty_like(grid), np.empty_like(grid)
        for tangent, g in ((along_u, grid), (along_v.swapaxes(0, 1), grid.swapaxes(0, 1))):
            tangent[:, 1:-1] = g[:, 2:] - g[:, :-2]
            tangent[:, 0], tangent[:, -1] = g[:, 1] - g[:, 0], g[:, -1] - g[:, -2]
        normals = np.cross(along_u, along_v)
        normals /= np.sqrt(np.einsum("ijk,ijk->ij", normals, normals))[..., None]
        self._packed[:, :3] = surface
        self._packed[:, 3:] = normals.reshape(-1, 3)
        self._moving.write(self._packed)

    def move_neighbour(self, time_s: float) -> None:
        """Where the vertices stand in the neighbour, for the flow."""
        self._neighbour.write(self._points(time_s).astype("f4").tobytes())

    def draw(self, program: Any, _mask_id: int = 0) -> None:
        """Draw with the uniforms and textures that are set; the patch is part of no mask."""
        self._arrays.render(program)


class PartDrawable:
    """One rigid mesh."""

    def __init__(self, context: Any, mesh: Mesh) -> None:
        """Upload the mesh."""
        packed = np.column_stack([mesh.vertices, mesh.normals, mesh.material]).astype("f4")
        attributes = {"in_position": 3, "in_normal": 3, "in_material": 1}
        self._arrays = VertexArrays(
            context,
            [(context.buffer(packed.tobytes()), attributes)],
            context.buffer(mesh.triangles.astype("i4").tobytes()),
        )

    def draw(
        self, program: Any, T_world_part: Array, mask_id: int, T_neighbour: Array | None
    ) -> None:
        """Draw at a pose; T_neighbour: its pose in the neighbour, None where it is not there."""
        program["world_from_part"].value = as_uniform(T_world_part)
        if "part_id" in program:
            program["part_id"].value = float(mask_id)
        if "world_from_part_neighbour" in program:
            then = np.zeros((4, 4)) if T_neighbour is None else T_neighbour
            program["world_from_part_neighbour"].value = as_uniform(then)
        self._arrays.render(program)


class ObjectDrawable(PartDrawable):
    """A rigid object of two colours, drawn with the program `object`."""

    def __init__(self, context: Any, shape: Shape) -> None:
        """Upload the mesh; colours and gloss are uniforms."""
        super().__init__(context, shape.mesh)
        self._look = {
            "base": tuple(shape.colour),
            "accent": tuple(shape.accent),
            "gloss": float(shape.gloss),
        }

    def draw(
        self, program: Any, T_world_part: Array, mask_id: int, T_neighbour: Array | None
    ) -> None:
        """Draw at a pose, as `PartDrawable`."""
        set_uniforms(program, self._look)
        super().draw(program, T_world_part, mask_id, T_neighbour)
