# SPDX-License-Identifier: Apache-2.0
"""A rigid object as it looks, as it collides and as it weighs; object frame, SI.

The collision shape is a union of boxes, cylinders and capsules.  The inertia is the one of these
parts filled evenly with the object's mass, as if they did not overlap.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array
from trocar.sim.render.mesh import Mesh

Colour = tuple[float, float, float]  # linear RGB, 0 to 1


@dataclass(frozen=True)
class Part:
    """A convex piece: `kind` "box", "cylinder" or "capsule", standing at `T_object_part` (4, 4).

    `size` (3,) m: a box's full edges; else (radius, radius, length), along z, the length of a
    capsule without its round ends.
    """

    kind: str
    T_object_part: Array
    size: tuple[float, float, float]

    @property
    def volume(self) -> float:
        """Volume in m3."""
        a, b, c = self.size
        if self.kind == "box":
            return a * b * c
        ends = 4.0 / 3.0 * np.pi * a**3 if self.kind == "capsule" else 0.0
        return float(np.pi * a * a * c + ends)

    def unit_inertia(self) -> Array:
        """Inertia (3, 3) about the part's centre for 1 kg, part axes; a capsule as a cylinder."""
        a, b, c = self.size
        if self.kind == "box":
            return np.diag([b * b + c * c, a * a + c * c, a * a + b * b]) / 12.0
        length = c + (4.0 / 3.0 * a if self.kind == "capsule" else 0.0)
        across = a * a / 4.0 + length**2 / 12.0
        return np.diag([across, across, a * a / 2.0])


@dataclass(frozen=True)
class Shape:
    """What `shape_of` makes of an object.

    `colour` is the mesh's where its material is 1, `accent` where it is 0; `gloss` in [0, 1] from
    cloth to polished steel.  `com` (3,) m and `inertia` (3, 3) kg m2 about it, object axes.  A
    `static` object never moves; one without parts is only looked at.  `friction` is Coulomb's
    coefficient against another object, `grip` against a jaw's serrated face, `softness` m/N how
    far the jaws sink in.
    """

    mesh: Mesh
    colour: Colour
    accent: Colour
    gloss: float
    mass: float
    com: Array
    inertia: Array
    parts: tuple[Part, ...]
    static: bool
    friction: float
    grip: float
    softness: float


def mass_centre_and_inertia(parts: Sequence[Part], mass: float) -> tuple[Array, Array]:
    """Centre of mass (3,) in m and inertia (3, 3) in kg m2 about it of evenly filled parts."""
    if not parts:
        return np.zeros(3), np.zeros((3, 3))
    share = np.array([part.volume for part in parts])
    share = mass * share / share.sum()
    centres = np.array([part.T_object_part[:3, 3] for part in parts])
    com = share @ centres / mass
    inertia = np.zeros((3, 3))
    for kg, part in zip(share, parts, strict=True):
        R = part.T_object_part[:3, :3]
        d = part.T_object_part[:3, 3] - com
        inertia += kg * (R @ part.unit_inertia() @ R.T + (d @ d) * np.eye(3) - np.outer(d, d))
    return com, inertia
