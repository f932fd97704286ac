# SPDX-License-Identifier: Apache-2.0
"""What lies in the GPU's memory: the tissue's moving patch and rigid parts."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.render.context import as_uniform, build_program
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.texture import TissueTexture
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


class TissueDrawable:
    """The breathing tissue: positions and normals go up once a frame, uv and texture once."""

    def __init__(self, context: Any, tissue: BreathingTissue, skin: TissueTexture) -> None:
        """Upload the mesh and the textures."""
        self.tissue = tissue
        self.program = build_program(context, "tissue")
        self._uv, triangles = drawn_grid(tissue.parameters.vertices_per_side)
        self._packed = np.empty((len(self._uv), 6), dtype="f4")
        self._moving = context.buffer(reserve=self._packed.nbytes, dynamic=True)
        uv = context.buffer(self._uv.astype("f4").tobytes())
        self._array = context.vertex_array(
            self.program,
            [(self._moving, "3f 3f", "in_position", "in_normal"), (uv, "2f", "in_uv")],
            context.buffer(triangles.astype("i4").tobytes()),
        )
        self._textures = [self._texture(context, image) for image in (skin.albedo, skin.bump)]
        self.program["albedo"].value = 0
        self.program["bump"].value = 1

    @staticmethod
    def _texture(context: Any, image: Any) -> Any:
        height, width, channels = image.shape
        texture = context.texture((width, height), channels, image.tobytes())
        texture.build_mipmaps()
        # One mip level, bilinear: trilinear costs a software rasteriser twice as much.
        texture.filter = (context.LINEAR_MIPMAP_NEAREST, context.LINEAR)
        return texture

    def move(self, time_s: float) -> None:
        """Put the surface where it is at `time_s`; shading normals by central differences."""
        n = round(len(self._uv) ** 0.5)
        surface = self.tissue.point(self._uv, time_s).reshape(n, n, 3)
        along_u = np.asarray(np.gradient(surface, axis=1))
        normals = np.cross(along_u, np.asarray(np.gradient(surface, axis=0)))
        normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
        self._packed[:, :3] = surface.reshape(-1, 3)
        self._packed[:, 3:] = normals.reshape(-1, 3)
        self._moving.write(self._packed)

    def draw(self) -> None:
        """Draw with the uniforms that are set."""
        for unit, texture in enumerate(self._textures):
            texture.use(unit)
        self._array.render()


class PartDrawable:
    """One rigid mesh with a mask id."""

    def __init__(self, context: Any, program: Any, mesh: Mesh) -> None:
        """Upload the mesh; `program` is the instrument program, shared by all parts."""
        self._program = program
        packed = np.column_stack([mesh.vertices, mesh.normals, mesh.material]).astype("f4")
        self._array = context.vertex_array(
            program,
            [
                (
                    context.buffer(packed.tobytes()),
                    "3f 3f 1f",
                    "in_position",
                    "in_normal",
                    "in_material",
                )
            ],
            context.buffer(mesh.triangles.astype("i4").tobytes()),
        )

    def draw(self, T_world_part: Array, mask_id: int) -> None:
        """Draw at a pose with the uniforms that are set."""
        self._program["world_from_part"].value = as_uniform(T_world_part)
        self._program["part_id"].value = float(mask_id)
        self._array.render()
