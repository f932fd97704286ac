# SPDX-License-Identifier: Apache-2.0
"""Smooth random fields on a square, periodic, from an explicit generator.

Value noise: random lattices of several sizes, interpolated by a cubic B-spline as two small
matrix products, summed with falling weights (fractal noise; Musgrave, 1994).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]


def _spline_matrix(size: int, cells: int) -> Field:
    """Weights (size, cells) of a periodic uniform cubic B-spline with `cells` knots."""
    x = (np.arange(size) + 0.5) * cells / size
    i = np.floor(x).astype(int)
    t = x - i
    weights = (
        np.stack(
            [(1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, -3 * t**3 + 3 * t**2 + 3 * t + 1, t**3], axis=1
        )
        / 6.0
    )
    matrix = np.zeros((size, cells), dtype=np.float32)
    rows = np.arange(size)
    for k in range(4):
        np.add.at(matrix, (rows, (i + k - 1) % cells), weights[:, k])
    return matrix


def smooth_noise(size: int, cells: int, rng: np.random.Generator) -> Field:
    """One octave (size, size), zero mean, unit standard deviation; features of size/cells px."""
    lattice = rng.standard_normal((cells, cells), dtype=np.float32)
    matrix = _spline_matrix(size, cells)
    field = matrix @ lattice @ matrix.T
    field -= field.mean()
    return np.asarray(field / field.std(), dtype=np.float32)


def fractal_noise(
    size: int, cells: Sequence[int], rng: np.random.Generator, falloff: float = 0.6
) -> Field:
    """Sum of octaves with `cells` knots each, weights falloff**k; unit standard deviation."""
    total = np.zeros((size, size), dtype=np.float32)
    for k, n in enumerate(cells):
        total += np.float32(falloff**k) * smooth_noise(size, n, rng)
    return np.asarray(total / total.std(), dtype=np.float32)
