# SPDX-License-Identifier: Apache-2.0
"""Branching blood vessels drawn into a map: random walks that fork and taper."""

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.render.noise_field import Field

_WIGGLE = 0.55  # rad of heading about a vessel's own direction, standard deviation
_WIGGLE_LENGTH = 22.0  # px over which the heading is correlated
_FORK_ANGLE = 0.6  # rad between a branch and its parent, mean
_FORKS = 11.0  # forks over a path as long as the picture is wide
_MIN_RADIUS = 0.6  # px; thinner branches end


def _grow(size: int, trees: int, radius: float, rng: np.random.Generator) -> tuple[Array, Array]:
    """Points (K, 2) in px, one px apart, and radii (K,) of all vessels; all tips step together."""
    tips = np.column_stack(  # x, y, direction, deviation from it, radius
        [
            rng.uniform(0.0, size, (trees, 2)),
            rng.uniform(-np.pi, np.pi, trees),
            np.zeros(trees),
            radius * rng.uniform(0.45, 1.0, trees),
        ]
    )
    keep = np.exp(-1.0 / _WIGGLE_LENGTH)
    points, radii = [], []
    for _ in range(size // 2):
        shock = rng.normal(0.0, _WIGGLE * np.sqrt(1.0 - keep * keep), len(tips))
        tips[:, 3] = keep * tips[:, 3] + shock
        heading = tips[:, 2] + tips[:, 3]
        tips[:, :2] += np.stack([np.cos(heading), np.sin(heading)], axis=1)
        tips[:, 4] *= 1.0 - 1.0 / size
        points.append(tips[:, :2].copy())
        radii.append(tips[:, 4].copy())
        branch = tips[rng.random(len(tips)) < _FORKS / size]
        side = rng.choice([-1.0, 1.0], len(branch))
        branch[:, 2] += side * _FORK_ANGLE * rng.uniform(0.6, 1.7, len(branch))
        branch[:, 4] *= 0.68
        tips = np.concatenate([tips, branch])
        tips = tips[tips[:, 4] > _MIN_RADIUS]
    return np.concatenate(points), np.concatenate(radii)


def vessel_map(size: int, trees: int, radius: float, rng: np.random.Generator) -> Field:
    """Coverage (size, size) in [0, 1] of `trees` vessels of at most `radius` px, periodic."""
    points, radii = _grow(size, trees, radius, rng)
    cell = np.floor(points).astype(int)
    reach = int(np.ceil(radius + 1.0))
    drawn: NDArray[np.float32] = np.zeros((size, size), dtype=np.float32)
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            centre = cell + (dx, dy) + 0.5
            distance = np.hypot(*(centre - points).T)
            near = distance < radii + 0.5
            cover = np.minimum(1.0, radii[near] + 0.5 - distance[near]).astype(np.float32)
            column, row = (cell[near] + (dx, dy)).T % size
            np.maximum.at(drawn, (row, column), cover)
    return drawn
