# SPDX-License-Identifier: Apache-2.0
"""How the neighbours move: robust, weighted local affine fits over scattered points.

The tissue's deformation is smooth over a few millimetres, so a hidden point moves like an
affine map of its visible neighbours.  A ridge on the linear part makes the map a mere
translation where neighbours are few or in line (as-rigid-as-possible in the limit).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from trocar.geometry import Array

_RIDGE_PX = 8.0  # spread of neighbours below which the linear part is not believed
_REWEIGHTINGS = 2  # of Cauchy weights: one outlier in fourteen neighbours is gone after two


@dataclass(frozen=True)
class LocalFit:
    """value (Q, D) at each query; spread (Q,) = weighted rms of the neighbours' residual.

    distance (Q,) px to the nearest neighbour used; inf and NaN values where there was none.
    """

    value: Array
    spread: Array
    distance: Array


def fit_local_affine(
    at: Array, value: Array, queries: Array, neighbours: int, *, exclude_self: bool = False
) -> LocalFit:
    """Evaluate at queries (Q, 2) the affine fits of value (N, D) given at points `at` (N, 2).

    `exclude_self` leaves out a data point that coincides with its query: the point is then
    judged by the others alone.
    """
    count, dims = len(queries), value.shape[1]
    wanted = min(neighbours + exclude_self, len(at))
    if count == 0 or wanted < 1 + exclude_self:
        return LocalFit(
            np.full((count, dims), np.nan), np.full(count, np.inf), np.full(count, np.inf)
        )
    distance, index = cKDTree(at).query(queries, k=wanted)
    distance, index = distance.reshape(count, wanted), index.reshape(count, wanted)
    if exclude_self:
        distance, index = distance[:, 1:], index[:, 1:]
    scale = np.maximum(distance[:, -1:], 1.0)
    near = np.exp(-2.0 * (distance / scale) ** 2)
    design = np.concatenate([np.ones((*index.shape, 1)), at[index] - queries[:, None, :]], axis=2)
    target = value[index]
    weight = near
    for _ in range(_REWEIGHTINGS + 1):
        solution = _solve(design, target, weight)
        residual = np.linalg.norm(target - design @ solution, axis=2)
        centre = np.maximum(np.median(residual, axis=1, keepdims=True), 0.1)
        weight = near / (1.0 + (residual / (2.0 * centre)) ** 2)
    total = weight.sum(axis=1)
    spread = np.sqrt((weight * residual**2).sum(axis=1) / total)
    return LocalFit(solution[:, 0, :], spread, distance[:, 0])


def _solve(design: Array, target: Array, weight: Array) -> Array:
    weighted = design * weight[:, :, None]
    normal = np.swapaxes(weighted, 1, 2) @ design
    ridge: NDArray[np.float64] = weight.sum(axis=1) * 0.02 * _RIDGE_PX**2
    normal[:, 1, 1] += ridge
    normal[:, 2, 2] += ridge
    solution = np.linalg.solve(normal, np.swapaxes(weighted, 1, 2) @ target)
    return np.asarray(solution, dtype=float)
