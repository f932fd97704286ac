# SPDX-License-Identifier: Apache-2.0
"""What lies in the GPU's memory: the tissue's moving patch and rigid parts."""

from typing import Any

import numpy as np

from trocar.geometry import Array
from trocar.sim.render.context import as_uniform, build_program
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.texture import TissueTexture
from trocar.sim.tissue import BreathingTissue


class TissueDrawable:
    """The breathing patch: positions and normals go up once a frame, uv and texture once."""

    def __init__(self, context: Any, tissue: BreathingTissue, skin: TissueTexture) -> None:
        """Upload the mesh and the textures."""
        self.tissue = tissue
        self.program = build_program(context, "tissue")
        count = len(tissue.uv)
        self._packed = np.empty((count, 6), dtype="f4")
        self._moving = context.buffer(reserve=self._packed.nbytes, dynamic=True)
        uv = context.buffer(tissue.uv.astype("f4").tobytes())
        self._array = context.vertex_array(
            self.program,
            [(self._moving, "3f 3f", "in_position", "in_normal"), (uv, "2f", "in_uv")],
            context.buffer(tissue.triangles.astype("i4").tobytes()),
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
        """Put the patch where it is at `time_s`."""
        self._packed[:, :3] = self.tissue.vertices(time_s)
        self._packed[:, 3:] = self.tissue.normals(time_s)
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
            [(context.buffer(packed.tobytes()), "3f 3f 1f", "in_position", "in_normal", "in_material")],
            context.buffer(mesh.triangles.astype("i4").tobytes()),
        )

    def draw(self, T_world_part: Array, mask_id: int) -> None:
        """Draw at a pose with the uniforms that are set."""
        self._program["world_from_part"].value = as_uniform(T_world_part)
        self._program["part_id"].value = float(mask_id)
        self._array.render()
