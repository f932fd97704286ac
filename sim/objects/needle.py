# SPDX-License-Identifier: Apache-2.0
"""A suturing needle: a round steel wire bent to an arc, pointed at one end, swaged at the other.

Object frame: the arc's centre, in the needle's plane z = 0; the middle of the wire lies on +x, the
point at +angle / 2 (towards +y), the swaged end at -angle / 2.
"""

from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform
from trocar.sim.objects.meshes import sweep
from trocar.sim.objects.shape import Part, Shape, mass_centre_and_inertia
from trocar.sim.objects.size import size
from trocar.sim.render.mesh import Mesh

DENSITY = 7900.0  # kg/m3, stainless steel
_SEGMENTS = 12  # capsules along the arc: at 150 deg a chord lies up to 0.6 % of the radius inside
_TAPER = 0.16  # share of the arc that narrows to the point
_SWAGE = 0.10  # share of the arc that is the thicker swaged end
_AROUND, _ALONG = 14, 44  # vertices drawn


@dataclass(frozen=True)
class Needle:
    """`radius` m of the arc, `angle` rad of it, `wire` m: the wire's radius.

    The default is between a 3/8 and a half circle, 26 mm long, as used for 2-0 sutures.
    """

    radius: float = size(0.010, 0.004, 0.030)
    angle: float = size(2.6180, 1.0, 3.6)  # 150 deg
    wire: float = size(0.0005, 0.0002, 0.0015)

    def point(self, share: float) -> Array:
        """A point (3,) on the wire's axis; share 0 is the swaged end, 1 the needle's point."""
        at = (share - 0.5) * self.angle
        return self.radius * np.array([np.cos(at), np.sin(at), 0.0])

    def tangent(self, share: float) -> Array:
        """Unit direction (3,) of the wire there, towards the point."""
        at = (share - 0.5) * self.angle
        return np.array([-np.sin(at), np.cos(at), 0.0])

    def shape(self, where: str) -> Shape:
        """The needle as an object."""
        if self.wire > 0.2 * self.radius:
            raise ConfigurationError(
                f"{where}: wire is {self.wire:g}, allowed up to radius / 5, {self.radius / 5:g}"
            )
        parts = tuple(self._capsule(i) for i in range(_SEGMENTS))
        mass = DENSITY * np.pi * self.wire**2 * self.radius * self.angle
        com, inertia = mass_centre_and_inertia(parts, mass)
        return Shape(
            self._mesh(), colour=(0.62, 0.63, 0.66), accent=(0.30, 0.31, 0.33), gloss=0.95,
            mass=mass, com=com, inertia=inertia, parts=parts, static=False,
            friction=0.3, grip=0.7, softness=2e-6,
        )  # fmt: skip

    def _capsule(self, index: int) -> Part:
        """One chord of the arc, its ends on the axis so that the arc stays a closed chain."""
        a, b = (self.point(k / _SEGMENTS) for k in (index, index + 1))
        along = (b - a) / np.linalg.norm(b - a)
        across = np.array([0.0, 0.0, 1.0])
        R = np.stack([np.cross(across, along), across, along], axis=1)
        length = float(np.linalg.norm(b - a))
        return Part("capsule", make_transform(R, (a + b) / 2.0), (self.wire, self.wire, length))

    def _mesh(self) -> Mesh:
        share = np.linspace(0.0, 1.0, _ALONG)
        thick = np.minimum(1.0, np.maximum((1.0 - share) / _TAPER, 0.02)) ** 0.8
        thick = np.where(share < _SWAGE, 1.25, thick)
        turn = np.linspace(0.0, 2.0 * np.pi, _AROUND, endpoint=False)
        rings = []
        for s, t in zip(share, thick, strict=True):
            outward = self.point(s) / self.radius
            circle = np.outer(np.cos(turn), outward) + np.outer(np.sin(turn), [0.0, 0.0, -1.0])
            rings.append(self.point(s) + self.wire * t * circle)
        return sweep(np.array(rings), np.where(share < _SWAGE, 0.0, 1.0))
