# SPDX-License-Identifier: Apache-2.0
"""Tetrahedral meshes for soft tissue: blocks of cells, each cut into five tetrahedra.

Neighbouring cells are mirror images, so that faces match and no direction is preferred.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array

# Corner i of a cell is at (i & 1, i >> 1 & 1, i >> 2 & 1).  The inner one, then four at corners.
_EVEN = np.array([[0, 3, 5, 6], [0, 1, 3, 5], [0, 3, 2, 6], [0, 5, 4, 6], [3, 5, 6, 7]])
_ODD = np.array([[1, 2, 4, 7], [0, 1, 2, 4], [1, 3, 2, 7], [1, 4, 5, 7], [2, 6, 4, 7]])


@dataclass(frozen=True)
class TetMesh:
    """Nodes (n, 3) in m and right-handed tetrahedra (m, 4)."""

    nodes: Array
    tets: NDArray[np.int32]

    @classmethod
    def of(cls, nodes: ArrayLike, tets: ArrayLike) -> "TetMesh":
        """Mesh of any tetrahedra: left-handed ones are turned, nodes that none uses left out."""
        x = np.asarray(nodes, dtype=float)
        t = np.asarray(tets, dtype=np.int64)
        if x.ndim != 2 or x.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 4 or not t.size:
            raise ConfigurationError(
                f"mesh: nodes {x.shape} and tets {t.shape}, allowed (n, 3) and (m, 4), m > 0"
            )
        if t.min() < 0 or t.max() >= len(x):
            raise ConfigurationError(
                f"mesh: tets name nodes {t.min()} to {t.max()}, allowed 0 to {len(x) - 1}"
            )
        used, inverse = np.unique(t, return_inverse=True)
        x, t = x[used], inverse.reshape(t.shape)
        t = np.where((_six_volumes(x, t) < 0.0)[:, None], t[:, [0, 2, 1, 3]], t)
        return cls(x, t.astype(np.int32))

    @property
    def volume(self) -> float:
        """m3."""
        return float(_six_volumes(self.nodes, self.tets).sum() / 6.0)


def block(cells: tuple[int, int, int], size: tuple[float, float, float]) -> TetMesh:
    """Block of size (m) about x = y = 0, top face at z = 0; nodes x-first, from the bottom up."""
    if min(cells) < 1 or max(cells) > 200:
        raise ConfigurationError(f"block: cells is {cells}, allowed 1 to 200 each")
    if not all(1e-4 <= s <= 1.0 for s in size):
        raise ConfigurationError(f"block: size is {size}, allowed 0.0001 to 1 m each")
    nx, ny, nz = (c + 1 for c in cells)
    z, y, x = np.meshgrid(
        np.linspace(-size[2], 0.0, nz),
        np.linspace(-size[1] / 2.0, size[1] / 2.0, ny),
        np.linspace(-size[0] / 2.0, size[0] / 2.0, nx),
        indexing="ij",
    )
    nodes = np.stack([x.ravel(), y.ravel(), z.ravel()], axis=1)
    k, j, i = (a.ravel() for a in np.meshgrid(*(np.arange(c) for c in cells[::-1]), indexing="ij"))
    steps = np.array([(c & 1) + nx * ((c >> 1 & 1) + ny * (c >> 2)) for c in range(8)])
    corners = ((k * ny + j) * nx + i)[:, None] + steps  # (cells, 8)
    odd = ((i + j + k) % 2 == 1)[:, None, None]
    tets = np.where(odd, corners[:, _ODD], corners[:, _EVEN]).reshape(-1, 4)
    return TetMesh.of(nodes, tets)


def slab(spacing: float, size: tuple[float, float, float] = (0.1, 0.1, 0.02)) -> TetMesh:
    """Block with cells as near to cubes of `spacing` (m) as its size allows."""
    if not 1e-4 <= spacing <= 1.0:
        raise ConfigurationError(f"slab: spacing is {spacing}, allowed 0.0001 to 1 m")
    x, y, z = (max(1, round(s / spacing)) for s in size)
    return block((x, y, z), size)


def _six_volumes(x: Array, t: NDArray[np.integer]) -> Array:
    e = x[t[:, 1:]] - x[t[:, :1]]
    return np.asarray(np.linalg.det(e))
