# SPDX-License-Identifier: Apache-2.0
"""A soft body in the GPU's memory: its nodes go up once a frame, the rest once and after a cut."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.render.drawables import VertexArrays
from trocar.sim.render.soft_surface import CutSurface, DrawnSurface, SoftSurface


class SoftDrawable:
    """Drawn with the tissue's program, variant SOFT."""

    def __init__(self, context: Any, surface: SoftSurface) -> None:
        """Upload what does not move."""
        self._context = context
        self.before = surface
        self.set_surface(surface)

    def set_surface(self, surface: SoftSurface | CutSurface) -> None:
        """Take another surface of the same body, as after a cut."""
        self._drawn = drawn = DrawnSurface(surface)
        self._whole = len(self.before.rest)
        self._parents: NDArray[np.integer] | None = None
        if isinstance(surface, CutSurface):
            self._parents = surface.parents[: int(drawn.node.max()) + 1]
        still = np.column_stack([drawn.uv, drawn.axis, drawn.tint]).astype("f4")
        self._packed = np.empty((len(drawn.node), 6), dtype="f4")
        make = self._context.buffer
        self._moving = make(reserve=self._packed.nbytes, dynamic=True)
        self._neighbour = make(reserve=12 * len(drawn.node), dynamic=True)
        self._arrays = VertexArrays(
            self._context,
            [
                (self._moving, {"in_position": 3, "in_normal": 3}),
                (self._neighbour, {"in_neighbour": 3}),
                (make(still.tobytes()), {"in_uv": 2, "in_axis": 1, "in_tint": 3}),
            ],
            make(drawn.triangles.astype("i4").tobytes()),
        )

    def move(self, nodes: Array) -> None:
        """Put the nodes (n, 3), world, m, where they are; nodes that no face uses may follow."""
        nodes = self._checked(nodes)
        self._packed[:, :3] = nodes[self._drawn.node]
        self._packed[:, 3:] = self._drawn.normals(nodes)
        self._moving.write(self._packed)

    def move_neighbour(self, nodes: Array) -> None:
        """Where the nodes stand in the neighbour, for the flow."""
        self._neighbour.write(self._checked(nodes)[self._drawn.node].astype("f4").tobytes())

    def draw(self, program: Any, mask_id: int) -> None:
        """Draw with the uniforms and textures that are set."""
        if "part_id" in program:
            program["part_id"].value = float(mask_id)
        self._arrays.render(program)

    def _checked(self, nodes: Array) -> Array:
        """The nodes (n, 3); what a cut has yet to make (absent, or zeros) is at its parent."""
        if nodes.ndim != 2 or nodes.shape[1] != 3 or len(nodes) < self._whole:
            raise ValueError(f"soft body: nodes {nodes.shape}, expected ({self._whole}, 3) or more")
        if self._parents is None:
            return nodes
        full = nodes[self._parents]
        made = np.flatnonzero(nodes[: len(full)].any(axis=1))
        made = np.union1d(made, np.arange(min(self._whole, len(full))))
        full[made] = nodes[made]
        return full
