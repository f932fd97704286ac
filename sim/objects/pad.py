# SPDX-License-Identifier: Apache-2.0
"""Things that objects lie on: a flat pad, and a tray with a rim.

Object frame: the middle of the upper face that things lie on, z up.
"""

from dataclasses import dataclass

import numpy as np

from trocar.geometry import make_transform
from trocar.sim.objects.shape import Colour, Part, Shape
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import box, merge


def _static(parts: list[Part], colour: Colour, gloss: float, friction: float) -> Shape:
    mesh = merge([box(part.size, 1.0).moved(part.T_object_part) for part in parts])
    return Shape(
        mesh, colour=colour, accent=colour, gloss=gloss, mass=0.0, com=np.zeros(3),
        inertia=np.zeros((3, 3)), parts=tuple(parts), static=True, friction=friction,
        grip=0.5, softness=1e-4,
    )  # fmt: skip


@dataclass(frozen=True)
class Pad:
    """A block of skin-coloured silicone: `length_x`, `length_y`, `thickness` m."""

    length_x: float = size(0.080, 0.010, 0.300)
    length_y: float = size(0.060, 0.010, 0.300)
    thickness: float = size(0.006, 0.001, 0.050)

    def shape(self, where: str) -> Shape:
        """The pad as an object."""
        down = make_transform(translation=[0.0, 0.0, -0.5 * self.thickness])
        slab = Part("box", down, (self.length_x, self.length_y, self.thickness))
        return _static([slab], (0.48, 0.23, 0.16), gloss=0.25, friction=0.5)


@dataclass(frozen=True)
class Tray:
    """A steel tray: `length_x`, `length_y` m inside, `rim` m high, `thickness` m of its walls."""

    length_x: float = size(0.030, 0.010, 0.200)
    length_y: float = size(0.030, 0.010, 0.200)
    rim: float = size(0.004, 0.001, 0.030)
    thickness: float = size(0.0015, 0.0005, 0.010)

    def shape(self, where: str) -> Shape:
        """The tray as an object."""
        x, y, t, rim = self.length_x, self.length_y, self.thickness, self.rim
        floor = Part("box", make_transform(translation=[0, 0, -0.5 * t]), (x, y, t))
        walls = []
        for sign in (-1.0, 1.0):
            across = make_transform(translation=[sign * 0.5 * (x + t), 0.0, 0.5 * (rim - t)])
            along = make_transform(translation=[0.0, sign * 0.5 * (y + t), 0.5 * (rim - t)])
            walls.append(Part("box", across, (t, y + 2.0 * t, rim + t)))
            walls.append(Part("box", along, (x, t, rim + t)))
        return _static([floor, *walls], (0.50, 0.51, 0.53), gloss=0.7, friction=0.3)
