# SPDX-License-Identifier: Apache-2.0
"""Triangle surfaces in metres, and the outside of a tetrahedral mesh."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.soft.tet_mesh import TetMesh

Faces = NDArray[np.int64]

# Faces of a right-handed tetrahedron, counter-clockwise from outside.
_OUTWARD = np.array([[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]])


@dataclass(frozen=True)
class Surface:
    """Vertices (n, 3) m and faces (m, 3), counter-clockwise from outside where closed."""

    vertices: Array
    faces: Faces

    @property
    def volume(self) -> float:
        """m3 enclosed; below 0 where the faces look inwards."""
        return float(self.face_volumes.sum())

    @property
    def face_volumes(self) -> Array:
        """(m,) m3 between each face and the first vertex."""
        a, b, c = (self.vertices[self.faces[:, k]] - self.vertices[0] for k in range(3))
        return np.asarray((np.cross(a, b) * c).sum(axis=1) / 6.0)

    @property
    def area(self) -> float:
        """m2."""
        return float(self.face_areas.sum())

    @property
    def face_areas(self) -> Array:
        """(m,) m2."""
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        return np.asarray(np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2.0)

    @property
    def extent(self) -> float:
        """M, the longest side of the box around it."""
        used = self.vertices[self.faces.ravel()]
        return float((used.max(axis=0) - used.min(axis=0)).max())

    def part(self, keep: NDArray[np.bool_]) -> "Surface":
        """Only the faces in `keep` (m,), and the vertices that they use."""
        used, inverse = np.unique(self.faces[keep], return_inverse=True)
        return Surface(self.vertices[used], inverse.reshape(-1, 3))


def underside(mesh: TetMesh, steepest_deg: float = 45.0) -> NDArray[np.intp]:
    """Nodes of outer faces that look down (-z), at most so far from the vertical."""
    faces = outer_faces(mesh)
    a, b, c = (mesh.nodes[faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    down = -normal[:, 2] >= np.cos(np.radians(steepest_deg)) * np.linalg.norm(normal, axis=1)
    return np.unique(faces[down]).astype(np.intp)


def outside(mesh: TetMesh) -> Surface:
    """The surface of a mesh, with nodes of its own."""
    used, inverse = np.unique(outer_faces(mesh), return_inverse=True)
    return Surface(mesh.nodes[used], inverse.reshape(-1, 3))


def outer_faces(mesh: TetMesh) -> Faces:
    """(k, 3) nodes of the faces that only one tetrahedron has."""
    faces = mesh.tets.astype(np.int64)[:, _OUTWARD].reshape(-1, 3)
    _, first, count = np.unique(
        np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True
    )
    return np.asarray(faces[np.sort(first[count == 1])])
