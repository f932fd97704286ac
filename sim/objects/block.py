# SPDX-License-Identifier: Apache-2.0
"""A peg-transfer block: a hollow hexagonal prism of soft plastic that fits over a peg.

Object frame: the middle of the hole, z along it; the flat sides face x and every 60 deg on.
"""

from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array, exp_so3, make_transform
from trocar.sim.objects.meshes import facets
from trocar.sim.objects.shape import Colour, Part, Shape, mass_centre_and_inertia
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import Mesh

DENSITY = 1100.0  # kg/m3, soft plastic
# Linear RGB by `colour`: red, yellow, green, blue, violet, white.
COLOURS: tuple[Colour, ...] = (
    (0.60, 0.045, 0.035), (0.72, 0.42, 0.03), (0.06, 0.36, 0.07),
    (0.03, 0.12, 0.50), (0.26, 0.07, 0.42), (0.70, 0.68, 0.63),
)  # fmt: skip
_SIDES = 6
_BEVEL = 0.0004  # m, drawn


@dataclass(frozen=True)
class Block:
    """`hole` m across flats, `wall` and `height` m; `colour` 0 red to 5 white.

    A wall is what the jaws close on; the hole takes a peg and one jaw beside it.
    """

    hole: float = size(0.0100, 0.004, 0.030)
    wall: float = size(0.0020, 0.001, 0.006)
    height: float = size(0.0080, 0.003, 0.025)
    colour: int = size(0, 0, len(COLOURS) - 1)

    @property
    def grasp_radius(self) -> float:
        """Distance in m from the axis to the middle of a wall."""
        return 0.5 * (self.hole + self.wall)

    def shape(self, where: str) -> Shape:
        """The block as an object."""
        if self.wall > 0.5 * self.hole:
            raise ConfigurationError(
                f"{where}: wall is {self.wall:g}, allowed up to half of hole, {self.hole / 2:g}"
            )
        parts = tuple(self._wall(i) for i in range(_SIDES))
        mass = DENSITY * sum(part.volume for part in parts)
        com, inertia = mass_centre_and_inertia(parts, mass)
        red, green, blue = COLOURS[self.colour]
        return Shape(
            self._mesh(), colour=(red, green, blue), accent=(0.4 * red, 0.4 * green, 0.4 * blue),
            gloss=0.35,
            mass=mass, com=com, inertia=inertia, parts=parts, static=False,
            friction=0.4, grip=0.9, softness=2e-5,
        )  # fmt: skip

    def _wall(self, index: int) -> Part:
        R = exp_so3([0.0, 0.0, index * np.pi / 3.0])
        # As long as the middle of the wall: neighbours meet there, neither gap nor overlap in mass.
        length = 2.0 * self.grasp_radius * np.tan(np.pi / _SIDES)
        centre = R @ np.array([self.grasp_radius, 0.0, 0.0])
        return Part("box", make_transform(R, centre), (self.wall, length, self.height))

    def _hexagon(self, flats: float, z: float) -> Array:
        turn = (np.arange(_SIDES) - 0.5) * np.pi / 3.0
        radius = 0.5 * flats / np.cos(np.pi / _SIDES)
        return np.stack([radius * np.cos(turn), radius * np.sin(turn), np.full(_SIDES, z)], axis=1)

    def _mesh(self) -> Mesh:
        half, outer, b = 0.5 * self.height, self.hole + 2.0 * self.wall, _BEVEL
        loop = [  # a wall's section, run through counter-clockwise from outside
            self._hexagon(outer - 2 * b, -half), self._hexagon(outer, -half + b),
            self._hexagon(outer, half - b), self._hexagon(outer - 2 * b, half),
            self._hexagon(self.hole + 2 * b, half), self._hexagon(self.hole, half - b),
            self._hexagon(self.hole, -half + b), self._hexagon(self.hole + 2 * b, -half),
        ]  # fmt: skip
        quads = []
        for low, high in zip(loop, loop[1:] + loop[:1], strict=True):
            for i in range(_SIDES):
                j = (i + 1) % _SIDES
                quads.append(np.stack([low[i], low[j], high[j], high[i]]))
        return facets(quads)
