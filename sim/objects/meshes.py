# SPDX-License-Identifier: Apache-2.0
"""Meshes of objects that `render.mesh` has no primitive for: swept rings and flat faces."""

from collections.abc import Sequence

import numpy as np

from trocar.geometry import Array
from trocar.sim.render.mesh import Mesh, merge


def sweep(rings: Array, material: Array | float = 1.0) -> Mesh:
    """A smooth closed skin over rings (k, n, 3) m, capped at both ends.

    Each ring turns counter-clockwise seen from the end of the sweep.  `material` may be (k,).
    """
    k, n = rings.shape[:2]
    i, j = np.meshgrid(np.arange(k - 1), np.arange(n), indexing="ij")
    a, b = i * n + j, i * n + (j + 1) % n
    c, d = a + n, b + n
    skin = np.concatenate([np.stack([a, b, d], -1), np.stack([a, d, c], -1)]).reshape(-1, 3)
    vertices = rings.reshape(-1, 3)
    values = np.broadcast_to(np.asarray(material, dtype=float), (k,))
    tube = Mesh(vertices, _smooth(vertices, skin), skin.astype(np.int32), np.repeat(values, n))
    return merge([tube, _lid(rings[0][::-1], values[0]), _lid(rings[-1], values[-1])])


def facets(quads: Sequence[Array], material: float = 1.0) -> Mesh:
    """Flat faces, each (4, 3) m, counter-clockwise from outside."""
    corners = np.asarray(quads, dtype=float)
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    start = 4 * np.arange(len(corners))[:, None]
    triangles = np.concatenate([start + [0, 1, 2], start + [0, 2, 3]]).astype(np.int32)
    count = 4 * len(corners)
    return Mesh(
        corners.reshape(-1, 3), np.repeat(normals, 4, axis=0), triangles, np.full(count, material)
    )


def _lid(ring: Array, material: float) -> Mesh:
    """A fan that closes a ring, counter-clockwise from outside."""
    n = len(ring)
    centre = ring.mean(axis=0)
    following = np.roll(ring, -1, axis=0)
    normal = np.cross(ring - centre, following - centre).sum(axis=0)
    normal /= max(float(np.linalg.norm(normal)), 1e-30)  # a point may close to nothing
    index = np.arange(n)
    triangles = np.stack([np.full(n, n), index, (index + 1) % n], axis=1).astype(np.int32)
    return Mesh(
        np.vstack([ring, centre]), np.tile(normal, (n + 1, 1)), triangles, np.full(n + 1, material)
    )


def _smooth(vertices: Array, triangles: Array) -> Array:
    """Normals (N, 3), each the mean of its triangles' weighted by their areas."""
    a, b, c = (vertices[triangles[:, i]] for i in range(3))
    face = np.cross(b - a, c - a)
    normals = np.zeros_like(vertices)
    for corner in triangles.T:
        for axis in range(3):
            normals[:, axis] += np.bincount(corner, face[:, axis], len(vertices))
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
