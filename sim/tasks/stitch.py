# SPDX-License-Identifier: Apache-2.0
"""A needle's way through tissue: where it went in and came out, and what the tissue does to it.

Soft bodies do not meet rigid objects, so what the tissue does to the wire is modelled here: it is
held in its holes by springs, and rubbed along its length.  The tissue itself is not deformed by it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.vectors import cross

DEEP = 0.001  # m below the surface from which on a passage counts, the Challenge's
# N/m, a hole's resistance to a wire that moves sideways (assumed): Young's modulus of liver, some
# 10 kPa, times the 13 mm that lie in it, is about this.
HOLE_STIFFNESS = 150.0
TEAR = 0.0015  # m, where the hole gives way: the spring pulls no harder (assumed)
FRICTION = 20.0  # N/m, along the wire for each metre inside (assumed): 0.26 N at 13 mm
CUTTING = 0.2  # N at the point while it advances inside (assumed)
# m that tissue clings along before it slides (assumed).  Needle and jaws yield by 1 to 2 mm/N here,
# and this force answers 10 ms late: with less cling it would make them shake.
CLING = 0.0015
_SAMPLES = 121  # along the wire: 0.22 mm, between which the arc is straight to 1 um


@dataclass(frozen=True)
class Push:
    """What the tissue does to the needle: `force` (3,) N at `point` (3,) m, world."""

    force: Array
    point: Array


@dataclass
class Stitch:
    """One needle's passage; `entry`, `exit` (3,) m are its holes, None before it has made them.

    `farthest` m: how far the wire has moved sideways in a hole at most; `out` m: length of wire
    beyond the exit; `force` N: strongest so far.
    """

    needle: Needle
    entry: Array | None = None
    exit: Array | None = None
    out: float = 0.0
    farthest: float = 0.0
    force: float = 0.0
    _deepest: float = 0.0
    _clung: float = 0.0  # m, signed, that the tissue is dragged along by now
    _before: Array | None = None  # (n, 3) m, the wire at the last look
    _shares: Array = field(default_factory=lambda: np.linspace(0.0, 1.0, _SAMPLES))

    def __post_init__(self) -> None:
        """Lay out the wire in the needle's frame."""
        self._local = np.array([self.needle.point(s) for s in self._shares])
        self._spacing = self.needle.radius * self.needle.angle / (_SAMPLES - 1)

    def look(self, T_world_needle: Array, surface: float) -> list[Push]:
        """Follow the needle from where it was to where it is now; what pushes it.

        surface: height of the tissue in m, world.
        """
        wire = self._local @ T_world_needle[:3, :3].T + T_world_needle[:3, 3]
        before = wire if self._before is None else self._before
        self._before = wire
        inside = wire[:, 2] < surface
        if not inside.any():
            if self.exit is None or not self.is_deep:  # pulled back, or a scratch
                self.entry, self.exit, self.out, self._deepest = None, None, 0.0, 0.0
            self._clung = 0.0
            return []
        if self.entry is None and not inside[-1]:
            return []  # laid in by its side: the point has made no hole
        self._deepest = max(self._deepest, surface - float(wire[:, 2].min()))
        pushes = self._holes(wire, before, inside, surface)
        pushes += self._rub(wire, wire - before, inside)
        total = np.sum([push.force for push in pushes], axis=0)
        self.force = max(self.force, float(np.linalg.norm(total)))
        return pushes

    @property
    def is_deep(self) -> bool:
        """Whether it has been deep enough to count."""
        return self._deepest >= DEEP

    def _holes(
        self, wire: Array, before: Array, inside: NDArray[np.bool_], surface: float
    ) -> list[Push]:
        """Find the holes, and pull the wire back into them."""
        if self.entry is None:
            self.entry = _crossing(before[-1], wire[-1], surface)
        first = int(np.argmax(inside))
        found = []
        if first > 0:
            found.append((self.entry, _crossing(wire[first - 1], wire[first], surface)))
        if inside[-1]:
            self.out = 0.0
        else:
            last = len(inside) - 1 - int(np.argmax(inside[::-1]))
            now = _crossing(wire[last], wire[last + 1], surface)
            if self.exit is None:
                self.exit = now
            self.out = (len(wire) - 1 - last) * self._spacing
            self.out -= self._spacing * float(
                (surface - wire[last, 2]) / (wire[last + 1, 2] - wire[last, 2])
            )
            found.append((self.exit, now))
        pushes = []
        for hole, now in found:
            aside = now - hole
            aside[2] = 0.0
            size = float(np.linalg.norm(aside))
            self.farthest = max(self.farthest, size)
            pull = HOLE_STIFFNESS * min(1.0, TEAR / max(size, 1e-12))
            pushes.append(Push(-pull * aside, now))
        return pushes

    def _rub(self, wire: Array, move: Array, inside: NDArray[np.bool_]) -> list[Push]:
        """Friction along what is inside, and what the point cuts with; move (n, 3) m."""
        along = np.gradient(wire, axis=0) / self._spacing
        step = float((move * along).sum(axis=1)[inside].mean())
        self._clung = min(max(self._clung + step, -CLING), CLING)
        share = self._clung / CLING
        rub = -FRICTION * self._spacing * share * along[inside]
        pushes = [Push(f, p) for f, p in zip(rub, wire[inside])]
        if inside[-1] and share > 0.0:
            pushes.append(Push(-CUTTING * share * along[-1], wire[-1]))
        return pushes


def wrench_of(pushes: list[Push], centre: Array) -> tuple[Array, Array]:
    """Force (3,) N and torque (3,) N m about a centre (3,)."""
    force, torque = np.zeros(3), np.zeros(3)
    for push in pushes:
        force += push.force
        torque += cross(push.point - centre, push.force)
    return force, torque


def _crossing(a: Array, b: Array, height: float) -> Array:
    """Where the line from a to b has a height; a itself where it does not cross it."""
    rise = float(b[2] - a[2])
    share = (height - float(a[2])) / rise if rise != 0.0 else 0.0
    return np.asarray(a + min(max(share, 0.0), 1.0) * (b - a))
