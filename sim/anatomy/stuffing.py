# SPDX-License-Identifier: Apache-2.0
"""Isosurface stuffing: well-shaped tetrahedra inside a level set.

Labelle and Shewchuk, "Isosurface stuffing: fast tetrahedral meshes with good dihedral angles",
ACM Trans. Graph. 26(3), 2007: lattice points near the surface are moved onto it (their violation
parameters), then every lattice tetrahedron is cut by a fixed pattern.  Unlike there, a
quadrilateral is cut along its shorter diagonal; `quality.py` says what came out.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.anatomy.lattice import Lattice
from trocar.sim.soft.tet_mesh import TetMesh

Field = Callable[[Array], Array]  # points (n, 3) m -> (n,), above 0 inside
Indices = NDArray[np.int64]

_LONG, _SHORT = 0.24999, 0.41189  # violation parameters of their section 3, "safe" boundaries
_PAIRS = np.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])


@dataclass(frozen=True)
class Stuffed:
    """The largest part that hangs together by faces, and its share of the whole volume."""

    mesh: TetMesh
    kept: float


def stuff(field: Field, lower: Array, upper: Array, side: float) -> Stuffed | None:
    """Tetrahedra inside the field's zero, from cubes of `side` (m); None where nothing fits."""
    lattice = Lattice.over(np.asarray(lower, float), np.asarray(upper, float), side)
    value = field(lattice.points)
    tets = lattice.tets[(value[lattice.tets] > 0.0).any(axis=1)]
    if not len(tets):
        return None
    cuts = _Cuts(field, lattice, value, tets)
    points = _Points(lattice.points, cuts)
    made = np.concatenate(_patterns(np.sign(value), tets, points))
    return _largest_part(TetMesh.of(points.all(), made)) if len(made) else None


class _Cuts:
    """Where edges of the lattice cross the surface, after points too near to it are moved there."""

    def __init__(self, field: Field, lattice: Lattice, value: Array, tets: Indices) -> None:
        edges = np.unique(np.sort(tets[:, _PAIRS].reshape(-1, 2), axis=1), axis=0)
        edges = edges[value[edges[:, 0]] * value[edges[:, 1]] < 0.0]
        points = lattice.points
        share = _crossing(field, points[edges[:, 0]], points[edges[:, 1]], value[edges[:, 0]])
        place = points[edges[:, 0]] + share[:, None] * (points[edges[:, 1]] - points[edges[:, 0]])
        is_long = (edges < lattice.corners).sum(axis=1) != 1
        self._snap(points, value, edges, share, place, np.where(is_long, _LONG, _SHORT))
        alive = value[edges[:, 0]] * value[edges[:, 1]] < 0.0
        self.place = place[alive]
        self._key = edges[alive, 0] * len(points) + edges[alive, 1]  # sorted, as edges are
        self._scale = len(points)

    @staticmethod
    def _snap(
        points: Array, value: Array, edges: Indices, share: Array, place: Array, least: Array
    ) -> None:
        """Move points (in place) whose edge is crossed nearer than `least` of it, nearest first."""
        end = (share > 0.5).astype(int)
        near = np.minimum(share, 1.0 - share)
        rows = np.arange(len(edges))
        for row in np.argsort(near / least, kind="stable"):
            if near[row] >= least[row]:
                break
            node, other = edges[row, end[row]], edges[row, 1 - end[row]]
            if value[node] != 0.0 and value[other] != 0.0:
                points[node] = place[rows[row]]
                value[node] = 0.0

    def number(self, a: Indices, b: Indices) -> Indices:
        """Number of the crossing between points a and b."""
        key = np.minimum(a, b) * self._scale + np.maximum(a, b)
        return np.asarray(np.searchsorted(self._key, key))


def _crossing(field: Field, a: Array, b: Array, at_a: Array) -> Array:
    """(n,) where the field between a and b is 0, as a share of the way: bisection."""
    low, high = np.zeros(len(a)), np.ones(len(a))
    for _ in range(16):
        middle = (low + high) / 2.0
        same = field(a + middle[:, None] * (b - a)) * at_a > 0.0
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return (low + high) / 2.0


class _Points:
    """Numbers of lattice points, crossings, and points added inside a pattern."""

    def __init__(self, lattice: Array, cuts: _Cuts) -> None:
        self.cuts = cuts
        self._base = np.concatenate([lattice, cuts.place])
        self._first_cut = len(lattice)
        self._added: list[Array] = []

    def cut(self, a: Indices, b: Indices) -> Indices:
        """Numbers of the crossings between lattice points a and b."""
        return self._first_cut + self.cuts.number(a, b)

    def is_shorter(self, a: Indices, b: Indices, c: Indices, d: Indices) -> NDArray[np.bool_]:
        """Whether a-b is the shorter diagonal than c-d; the same answer whoever asks."""
        ab = ((self._base[a] - self._base[b]) ** 2).sum(axis=1)
        cd = ((self._base[c] - self._base[d]) ** 2).sum(axis=1)
        return np.asarray((ab < cd) | ((ab == cd) & (np.minimum(a, b) < np.minimum(c, d))))

    def middle(self, corners: Indices) -> Indices:
        """New points amid corners (n, k)."""
        first = len(self._base) + sum(map(len, self._added))
        self._added.append(self._base[corners].mean(axis=1))
        return first + np.arange(len(corners))

    def all(self) -> Array:
        """Every point (n, 3)."""
        return np.concatenate([self._base, *self._added])


def _patterns(sign: Array, tets: Indices, points: _Points) -> list[Indices]:
    """The part of each tet that is inside, as tets, by the signs of its corners."""
    order = np.argsort(-sign[tets], axis=1, kind="stable")
    t = np.take_along_axis(tets, order, axis=1)  # inside first, then on, then outside
    inside, outside = (sign[t] > 0).sum(axis=1), (sign[t] < 0).sum(axis=1)

    whole = t[outside == 0]
    one = t[(inside == 1) & (outside > 0)]
    tip = one.copy()
    for k in (1, 2, 3):
        out = sign[one[:, k]] < 0
        tip[out, k] = points.cut(one[out, 0], one[out, k])
    parts = [whole, tip]

    p, q, z, n = t[(inside == 2) & (outside == 1)].T
    cp, cq = points.cut(p, n), points.cut(q, n)
    along = points.is_shorter(p, cq, q, cp)[:, None]
    parts.append(np.where(along, np.stack([p, q, cq, z], 1), np.stack([p, q, cp, z], 1)))
    parts.append(np.where(along, np.stack([p, cq, cp, z], 1), np.stack([q, cq, cp, z], 1)))

    p, q, n, m = t[(inside == 2) & (outside == 2)].T
    one = np.stack([p, points.cut(p, n), points.cut(p, m)], 1)
    two = np.stack([q, points.cut(q, n), points.cut(q, m)], 1)
    parts += _prisms(one, two, points, free=True)

    p, q, z, n = t[(inside == 3) & (outside == 1)].T
    cut = [points.cut(k, n) for k in (p, q, z)]
    parts += _prisms(np.stack([p, q, z], 1), np.stack(cut, 1), points, free=False)
    return parts


def _prisms(a: Indices, b: Indices, points: _Points, free: bool) -> list[Indices]:
    """Prisms between triangles a and b (n, 3) as tets; `free`: the side 1-2 has no neighbour."""
    turns = [points.is_shorter(a[:, i], b[:, j], a[:, j], b[:, i]) for i, j in _SIDES]
    if free:  # 1-2 may not close the ring 0-1-2
        turns[1] = np.where(turns[0] == turns[2], ~turns[0], turns[1])
    outs = np.stack([turns[k].astype(int) + ~turns[k - 1] for k in range(3)], 1)
    ring = (outs == 1).all(axis=1)
    rank = np.argsort(-outs, axis=1, kind="stable")
    a_, b_ = np.take_along_axis(a, rank, 1)[~ring], np.take_along_axis(b, rank, 1)[~ring]
    parts = [
        np.stack([a_[:, 0], a_[:, 1], a_[:, 2], b_[:, 2]], 1),
        np.stack([a_[:, 0], a_[:, 1], b_[:, 1], b_[:, 2]], 1),
        np.stack([a_[:, 0], b_[:, 0], b_[:, 1], b_[:, 2]], 1),
    ]
    if ring.any():  # no three tets fill such a prism: a point in its middle does
        parts += _around(a[ring], b[ring], [turn[ring] for turn in turns], points)
    return parts


_SIDES = ((0, 1), (1, 2), (2, 0))


def _around(a: Indices, b: Indices, turns: list[NDArray[np.bool_]], points: _Points) -> list:
    c = points.middle(np.concatenate([a, b], axis=1))
    faces = [a, b]
    for turn, (i, j) in zip(turns, _SIDES):
        along = turn[:, None]
        one = np.stack([a[:, i], a[:, j], b[:, j]], 1), np.stack([a[:, i], a[:, j], b[:, i]], 1)
        two = np.stack([a[:, i], b[:, j], b[:, i]], 1), np.stack([a[:, j], b[:, j], b[:, i]], 1)
        faces += [np.where(along, *one), np.where(along, *two)]
    return [np.concatenate([face, c[:, None]], axis=1) for face in faces]


def _largest_part(mesh: TetMesh) -> Stuffed:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    faces = np.sort(mesh.tets[:, [[1, 2, 3], [0, 2, 3], [0, 1, 3], [0, 1, 2]]], axis=2)
    _, number = np.unique(faces.reshape(-1, 3), axis=0, return_inverse=True)
    of = np.repeat(np.arange(len(mesh.tets)), 4)
    order = np.argsort(number.ravel(), kind="stable")
    pair = np.flatnonzero(np.diff(number.ravel()[order]) == 0)
    i, j = of[order[pair]], of[order[pair + 1]]
    graph = coo_array((np.ones(len(i)), (i, j)), shape=(len(mesh.tets),) * 2)
    _, part = connected_components(graph, directed=False)
    kept = TetMesh.of(mesh.nodes, mesh.tets[part == np.bincount(part).argmax()])
    return Stuffed(kept, kept.volume / mesh.volume)
