# SPDX-License-Identifier: Apache-2.0
"""Distances of points from triangles, and of one surface from another."""

import numpy as np

from trocar.geometry import Array
from trocar.sim.anatomy.surface import Surface


def distances(p: Array, a: Array, b: Array, c: Array) -> Array:
    """(n,) of points p from triangles a, b, c, each (n, 3): over the face, else over an edge."""
    normal = np.cross(b - a, c - a)
    square = (normal**2).sum(axis=1)
    away = ((p - a) * normal).sum(axis=1)
    foot = p - normal * (away / np.maximum(square, 1e-300))[:, None]
    is_over = square > 1e-300
    nearest = np.full(len(p), np.inf)
    for u, v in ((a, b), (b, c), (c, a)):
        edge = v - u
        is_over &= (np.cross(edge, foot - u) * normal).sum(axis=1) >= 0.0
        t = ((p - u) * edge).sum(axis=1) / np.maximum((edge**2).sum(axis=1), 1e-300)
        q = u + edge * np.clip(t, 0.0, 1.0)[:, None]
        nearest = np.minimum(nearest, ((p - q) ** 2).sum(axis=1))
    over_face = np.where(is_over, away**2 / np.maximum(square, 1e-300), np.inf)
    return np.sqrt(np.minimum(nearest, over_face))


def distance_to_surface(points: Array, surface: Surface, neighbours: int = 12) -> Array:
    """(n,) m, at most too large where the nearest triangle is not among the nearest centres."""
    from scipy.spatial import cKDTree

    corners = surface.vertices[surface.faces]
    near = cKDTree(corners.mean(axis=1)).query(points, k=min(neighbours, len(corners)))[1]
    near = near.reshape(len(points), -1)
    best = np.full(len(points), np.inf)
    for column in near.T:
        a, b, c = (corners[column, k] for k in range(3))
        best = np.minimum(best, distances(points, a, b, c))
    return best
