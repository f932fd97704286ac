# SPDX-License-Identifier: Apache-2.0
"""Faces of a surface that go through each other."""

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.anatomy.boxes import points_in_boxes
from trocar.sim.anatomy.surface import Surface

Indices = NDArray[np.int64]


_MOST_PAIRS = 100_000_000  # looked at for overlap: half a minute


def crossings(surface: Surface) -> int | None:
    """How many pairs of faces without a common vertex cross; None where there are too many to seek.

    Faces that only touch, or lie in one plane, are not counted, nor folds of neighbours.
    """
    corners = surface.vertices[surface.faces]
    near = _near(corners)
    if near is None:
        return None
    i, j = near
    alone = ~(surface.faces[i][:, :, None] == surface.faces[j][:, None, :]).any(axis=(1, 2))
    i, j = i[alone], j[alone]
    hit = np.zeros(len(i), dtype=bool)
    for one, two in ((i, j), (j, i)):
        for k in range(3):
            rest = np.flatnonzero(~hit)
            a, b = corners[one[rest], k], corners[one[rest], (k + 1) % 3]
            hit[rest] = _pierces(a, b, corners[two[rest]])
    return int(hit.sum())


def _near(corners: Array) -> tuple[Indices, Indices] | None:
    """Pairs of faces whose boxes overlap, from the cells of a grid as wide as a face."""
    low, high = corners.min(axis=1), corners.max(axis=1)
    cell = max(float(np.median((high - low).max(axis=1))) * 1.5, 1e-12)
    cell = max(cell, float((high - low).max()) / 64.0)  # a large face lies in 64^3 cells at most
    start = low.min(axis=0)
    cell = max(cell, float((high.max(axis=0) - start).max()) / 1e5)
    span = ((high.max(axis=0) - start) / cell).astype(np.int64) + 1
    first, last = (((box - start) / cell).astype(np.int64) for box in (low, high))
    chunks = list(points_in_boxes(first, last))
    face = np.concatenate([f for f, _ in chunks])
    number = np.ravel_multi_index(tuple(np.concatenate([c for _, c in chunks]).T), tuple(span))
    order = np.argsort(number, kind="stable")
    face, number = face[order], number[order]
    shared = np.unique(number, return_counts=True)[1].astype(float)
    if (shared**2).sum() / 2.0 > _MOST_PAIRS:  # tiny faces in the cells of large ones
        return None
    found = []
    for step in range(1, len(face)):  # neighbours in the sorted list, while they share a cell
        same = np.flatnonzero(number[step:] == number[:-step])
        if not len(same):
            break
        i, j = face[same], face[same + step]
        keep = ((low[i] <= high[j]) & (low[j] <= high[i])).all(axis=1)
        found.append(np.minimum(i, j)[keep] * len(corners) + np.maximum(i, j)[keep])
    pairs = np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)
    return pairs // len(corners), pairs % len(corners)


def _pierces(a: Array, b: Array, triangle: Array) -> NDArray[np.bool_]:
    """Whether segments a-b go through the inside of triangles (n, 3, 3)."""
    p, q, r = (triangle[:, k] for k in range(3))
    scale = 1e-9 * np.linalg.norm(q - p, axis=1) * np.linalg.norm(r - p, axis=1)
    scale *= np.linalg.norm(b - a, axis=1)
    above, below = _volume(p, q, r, a), _volume(p, q, r, b)
    turns = np.stack([_volume(a, b, *pair) for pair in ((p, q), (q, r), (r, p))], 1)
    through = (turns > scale[:, None]).all(axis=1) | (turns < -scale[:, None]).all(axis=1)
    apart = (above * below < 0.0) & (np.minimum(abs(above), abs(below)) > scale)
    return np.asarray(through & apart)


def _volume(a: Array, b: Array, c: Array, d: Array) -> Array:
    """Six times the signed volume of tetrahedra."""
    return np.asarray((np.cross(b - a, c - a) * (d - a)).sum(axis=1))
