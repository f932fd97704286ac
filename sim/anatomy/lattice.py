# SPDX-License-Identifier: Apache-2.0
"""Body-centred cubic lattice of tetrahedra: all alike, dihedral angles 60 and 90 degrees."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array


@dataclass(frozen=True)
class Lattice:
    """Points (n, 3) m, corners of the cubes before their centres, and tets (m, 4) over them."""

    points: Array
    tets: NDArray[np.int64]
    corners: int  # how many of the points are corners

    @classmethod
    def over(cls, lower: Array, upper: Array, side: float) -> "Lattice":
        """Cubes of `side` (m) over a box, a layer more all around."""
        counts = np.ceil((upper - lower) / side).astype(int) + 3  # corners along each axis
        # Off the middle: in step with a symmetric body, whole layers would come and go at once.
        start = (lower + upper) / 2.0 - side * ((counts - 1) / 2.0 + np.array([0.13, 0.21, 0.17]))
        corner = _numbers(counts, 0)
        centre = _numbers(counts - 1, corner.size)
        points = np.concatenate(
            [
                start + side * np.stack(np.unravel_index(np.arange(corner.size), counts), 1),
                start
                + side * (np.stack(np.unravel_index(np.arange(centre.size), counts - 1), 1) + 0.5),
            ]
        )
        tets = [_across(corner, centre, axis) for axis in range(3)]
        return cls(points, np.concatenate(tets), corner.size)


def _numbers(shape: NDArray[np.int64], first: int) -> NDArray[np.int64]:
    return first + np.arange(int(np.prod(shape))).reshape(shape)


def _across(corner: NDArray[np.int64], centre: NDArray[np.int64], axis: int) -> NDArray[np.int64]:
    """Four tets about each line between two centres: the centres and an edge of their face."""
    corner, centre = np.moveaxis(corner, axis, 0), np.moveaxis(centre, axis, 0)
    a, b = centre[:-1].ravel(), centre[1:].ravel()
    face = corner[1:-1]
    ring = [face[:, :-1, :-1], face[:, 1:, :-1], face[:, 1:, 1:], face[:, :-1, 1:]]
    r = [part.ravel() for part in ring]
    return np.concatenate([np.stack([a, b, r[k], r[(k + 1) % 4]], 1) for k in range(4)])
