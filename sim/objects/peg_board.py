# SPDX-License-Identifier: Apache-2.0
"""A board with rows of pegs, as of the peg-transfer exercise.

Object frame: the middle of the board's upper face, z up along the pegs, rows along y.
"""

from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform
from trocar.sim.objects.shape import Part, Shape
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import Mesh, box, merge, revolve

_MARGIN = 0.008  # m of board beyond the outermost pegs' axes
_SIDES = 24


@dataclass(frozen=True)
class PegBoard:
    """`rows` x `columns` pegs, `spacing_x` and `spacing_y` m apart, `peg_radius`, `peg_height` m.

    `thickness` m of the board.  Pegs count along y first: 0 is the one at the lowest x and y.
    """

    rows: int = size(2, 1, 6)
    columns: int = size(3, 1, 8)
    spacing_x: float = size(0.030, 0.010, 0.080)
    spacing_y: float = size(0.020, 0.010, 0.080)
    peg_radius: float = size(0.0015, 0.0008, 0.005)
    peg_height: float = size(0.0100, 0.003, 0.030)
    thickness: float = size(0.0040, 0.001, 0.020)

    @property
    def peg_feet(self) -> Array:
        """Where the pegs leave the board (rows * columns, 3) m."""
        x = (np.arange(self.rows) - 0.5 * (self.rows - 1)) * self.spacing_x
        y = (np.arange(self.columns) - 0.5 * (self.columns - 1)) * self.spacing_y
        grid = np.stack(np.meshgrid(x, y, [0.0], indexing="ij"), axis=-1)
        return grid.reshape(-1, 3)

    def shape(self, where: str) -> Shape:
        """The board as an object."""
        if 4.0 * self.peg_radius > min(self.spacing_x, self.spacing_y):
            raise ConfigurationError(
                f"{where}: peg_radius is {self.peg_radius:g}, allowed up to spacing / 4"
            )
        extent = np.ptp(self.peg_feet, axis=0)[:2] + 2.0 * _MARGIN
        plate = (float(extent[0]), float(extent[1]), self.thickness)
        T_plate = make_transform(translation=[0.0, 0.0, -0.5 * self.thickness])
        parts = [Part("box", T_plate, plate)]
        meshes = [box(plate, 0.0).moved(T_plate)]
        for foot in self.peg_feet:
            T_peg = make_transform(translation=foot + [0.0, 0.0, 0.5 * self.peg_height])
            size3 = (self.peg_radius, self.peg_radius, self.peg_height)
            parts.append(Part("cylinder", T_peg, size3))
            meshes.append(self._peg().moved(make_transform(translation=foot)))
        return Shape(
            merge(meshes), colour=(0.55, 0.56, 0.58), accent=(0.055, 0.060, 0.070), gloss=0.5,
            mass=0.0, com=np.zeros(3), inertia=np.zeros((3, 3)), parts=tuple(parts), static=True,
            friction=0.4, grip=0.3, softness=2e-6,
        )  # fmt: skip

    def _peg(self) -> Mesh:
        r, h = self.peg_radius, self.peg_height
        dome = [(h - r + r * np.sin(a), r * np.cos(a)) for a in np.linspace(0.0, 1.5, 5)]
        return revolve([(0.0, 0.0), (0.0, r), *dome, (h, 0.0)], _SIDES, 1.0)
