# SPDX-License-Identifier: Apache-2.0
"""A gauze sponge: a small folded pad whose middle fold stands up, so that jaws can take it.

It is one rigid body: it yields to the jaws (`softness`), but it does not drape.  Object frame: the
middle of the underside, z up, the fold along y.
"""

from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform
from trocar.sim.objects.meshes import sweep
from trocar.sim.objects.shape import Part, Shape, mass_centre_and_inertia
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import Mesh

DENSITY = 150.0  # kg/m3, dry cotton, mostly air
_ALONG = 25
_RIPPLE = 0.00025  # m, drawn: cloth is never flat


@dataclass(frozen=True)
class Gauze:
    """`side` m of the square pad, `thickness` m of it, `fold` and `fold_height` m of the fold."""

    side: float = size(0.0160, 0.006, 0.050)
    thickness: float = size(0.0020, 0.0008, 0.006)
    fold: float = size(0.0024, 0.001, 0.006)
    fold_height: float = size(0.0060, 0.002, 0.015)

    def shape(self, where: str) -> Shape:
        """The gauze as an object."""
        if self.fold > 0.5 * self.side:
            raise ConfigurationError(
                f"{where}: fold is {self.fold:g}, allowed up to half of side, {self.side / 2:g}"
            )
        pad = make_transform(translation=[0.0, 0.0, 0.5 * self.thickness])
        fold = make_transform(translation=[0.0, 0.0, self.thickness + 0.5 * self.fold_height])
        parts = (
            Part("box", pad, (self.side, self.side, self.thickness)),
            Part("box", fold, (self.fold, 0.9 * self.side, self.fold_height)),
        )
        mass = DENSITY * sum(part.volume for part in parts)
        com, inertia = mass_centre_and_inertia(parts, mass)
        return Shape(
            self._mesh(), colour=(0.78, 0.77, 0.73), accent=(0.55, 0.54, 0.50), gloss=0.02,
            mass=mass, com=com, inertia=inertia, parts=parts, static=False,
            friction=0.6, grip=1.0, softness=4e-4,
        )  # fmt: skip

    def _section(self, y: float) -> Array:
        """The outline (n, 2) of x and z at a y: the underside, then back over the fold."""
        h, f, t, top = 0.5 * self.side, 0.5 * self.fold, self.thickness, self.fold_height
        wave = _RIPPLE * np.sin(2.0 * np.pi * y / (0.45 * self.side) + np.array([0.0, 1.1, 2.3]))
        right = [(-h, 0.0), (h, 0.0), (h + wave[0], 0.5 * t), (h, t), (0.5 * h, t + wave[1])]
        rise = [(f + 0.4 * f, t), (f, t + 0.3 * top), (f + wave[2], t + 0.7 * top)]
        crest = [(0.6 * f, t + 0.97 * top + wave[0]), (-0.6 * f, t + top + wave[1])]
        left = [(-f + wave[2], t + 0.7 * top), (-f, t + 0.3 * top), (-1.4 * f, t)]
        end = [(-0.5 * h, t + wave[0]), (-h, t), (-h + wave[1], 0.5 * t)]
        return np.array([*right, *rise, *crest, *left, *end])

    def _mesh(self) -> Mesh:
        rings = []
        for y in np.linspace(0.5 * self.side, -0.5 * self.side, _ALONG):
            outline = self._section(y)
            # The fold ends a little before the pad does.
            beyond = np.clip((abs(y) / (0.5 * self.side) - 0.86) / 0.14, 0.0, 1.0)
            above = np.maximum(outline[:, 1] - self.thickness, 0.0)
            outline[:, 1] -= 0.9 * beyond * above
            rings.append(np.stack([outline[:, 0], np.full(len(outline), y), outline[:, 1]], 1))
        return sweep(np.array(rings))
