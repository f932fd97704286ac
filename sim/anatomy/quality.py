# SPDX-License-Identifier: Apache-2.0
"""How well-shaped tetrahedra are."""

from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array
from trocar.sim.soft.tet_mesh import TetMesh

_EDGES = ((0, 1, 2, 3), (0, 2, 1, 3), (0, 3, 1, 2), (1, 2, 0, 3), (1, 3, 0, 2), (2, 3, 0, 1))


@dataclass(frozen=True)
class Quality:
    """Angles in degrees; shape is 1 for a regular tetrahedron, 0 for a flat one."""

    min_dihedral_deg: float
    max_dihedral_deg: float
    min_shape: float
    median_shape: float
    shortest_edge: float  # m


def quality(mesh: TetMesh) -> Quality:
    """Worst and middle figures of a mesh."""
    angles = np.degrees(dihedrals(mesh))
    shape = shapes(mesh)
    return Quality(
        float(angles.min()),
        float(angles.max()),
        float(shape.min()),
        float(np.median(shape)),
        float(np.sqrt(_squares(mesh).min())),
    )


def dihedrals(mesh: TetMesh) -> Array:
    """(m, 6) rad between the two faces at each edge."""
    x = mesh.nodes[mesh.tets]
    out = np.empty((len(x), 6))
    for column, (a, b, c, d) in enumerate(_EDGES):
        along = x[:, b] - x[:, a]
        one, two = np.cross(along, x[:, c] - x[:, a]), np.cross(along, x[:, d] - x[:, a])
        sine = np.linalg.norm(np.cross(one, two), axis=1)
        out[:, column] = np.arctan2(sine, (one * two).sum(axis=1))
    return out


def shapes(mesh: TetMesh) -> Array:
    """(m,) mean ratio 12 (3 V)^(2/3) / sum of squared edges.  Liu and Joe 1994."""
    e = mesh.nodes[mesh.tets[:, 1:]] - mesh.nodes[mesh.tets[:, :1]]
    volume = np.abs(np.linalg.det(e)) / 6.0
    return np.asarray(12.0 * np.cbrt(3.0 * volume) ** 2 / _squares(mesh).sum(axis=1))


def _squares(mesh: TetMesh) -> Array:
    x = mesh.nodes[mesh.tets]
    return np.stack([((x[:, a] - x[:, b]) ** 2).sum(axis=1) for a, b, _, _ in _EDGES], 1)
