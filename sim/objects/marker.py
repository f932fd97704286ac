# SPDX-License-Identifier: Apache-2.0
"""A marker: a small ball that only shows where a goal is.  It has no weight and touches nothing."""

from dataclasses import dataclass

import numpy as np

from trocar.sim.objects.block import COLOURS
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import revolve


@dataclass(frozen=True)
class Marker:
    """`radius` m; `colour` as a block's.  Object frame: its centre."""

    radius: float = size(0.0015, 0.0003, 0.010)
    colour: int = size(2, 0, len(COLOURS) - 1)

    def shape(self, where: str) -> Shape:
        """The marker as an object."""
        a = np.linspace(-0.5 * np.pi, 0.5 * np.pi, 11)
        ball = revolve(
            [(float(self.radius * np.sin(t)), float(self.radius * np.cos(t))) for t in a], 20, 1.0
        )
        colour = COLOURS[self.colour]
        return Shape(
            ball, colour=colour, accent=colour, gloss=0.2, mass=0.0, com=np.zeros(3),
            inertia=np.zeros((3, 3)), parts=(), static=True, friction=0.0, grip=0.0, softness=0.0,
        )  # fmt: skip
