# SPDX-License-Identifier: Apache-2.0
"""Signed distance from a closed surface on a grid: exact near the surface, its sign everywhere."""

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.anatomy.boxes import points_in_boxes
from trocar.sim.anatomy.surface import Surface
from trocar.sim.anatomy.triangles import distances

_BAND = 2  # cells on each side of the surface where distances are exact
_MOST = 3_000_000  # grid points


class DistanceGrid:
    """`grid(points)` is the distance (m), above 0 inside, and `band` (m) at most."""

    def __init__(self, surface: Surface, spacing: float) -> None:
        corners = surface.vertices[surface.faces]
        lower, upper = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
        self.spacing = max(spacing, float(np.cbrt(np.prod(upper - lower) / _MOST)))
        self.band = _BAND * self.spacing
        # Off the round figures that surfaces are made of: no ray meets an edge.
        self.lower = lower - self.spacing * (_BAND + np.array([0.431, 0.347, 0.271]))
        self.shape = np.ceil((upper - self.lower) / self.spacing).astype(int) + _BAND + 2
        inside = self._winding(corners) > 0
        self.values = np.where(inside, 1.0, -1.0) * self._unsigned(corners)

    def __call__(self, points: Array) -> Array:
        """(n,) m at points (n, 3), linear between grid points; outside the grid -band."""
        from scipy.ndimage import map_coordinates

        at = (points - self.lower) / self.spacing
        return np.asarray(
            map_coordinates(self.values, at.T, order=1, mode="constant", cval=-self.band)
        )

    def _winding(self, corners: Array) -> NDArray[np.int64]:
        """How often the surface goes around each point: crossings of a ray along +z."""
        at = (corners - self.lower) / self.spacing
        low = np.ceil(at[:, :, :2].min(axis=1)).astype(int)
        high = np.floor(at[:, :, :2].max(axis=1)).astype(int)
        count = np.zeros((*self.shape[:2], self.shape[2] + 1), dtype=np.int64)
        for face, column in points_in_boxes(low, high):
            a, b, c = (at[face, k, :2] for k in range(3))
            p = column.astype(float)
            u, v, w = _turn(b, c, p), _turn(c, a, p), _turn(a, b, p)
            whole = u + v + w
            hit = (whole != 0.0) & (np.sign(u) == np.sign(whole))
            hit &= (np.sign(v) == np.sign(whole)) & (np.sign(w) == np.sign(whole))
            face, column, whole = face[hit], column[hit], whole[hit]
            share = np.stack([u[hit], v[hit], w[hit]], 1) / whole[:, None]
            height = (share * at[face, :, 2]).sum(axis=1)
            below = np.clip(np.ceil(height).astype(int), 0, self.shape[2])
            np.add.at(count, (column[:, 0], column[:, 1], below), np.sign(whole).astype(int))
        return np.asarray(np.cumsum(count[:, :, :0:-1], axis=2)[:, :, ::-1])

    def _unsigned(self, corners: Array) -> Array:
        at = (corners - self.lower) / self.spacing
        low = np.maximum(np.ceil(at.min(axis=1) - _BAND).astype(int), 0)
        high = np.minimum(np.floor(at.max(axis=1) + _BAND).astype(int), self.shape - 1)
        out = np.full(self.shape, self.band)
        flat = out.reshape(-1)
        for face, index in points_in_boxes(low, high):
            a, b, c = (at[face, k] for k in range(3))
            d = self.spacing * distances(index.astype(float), a, b, c)
            np.minimum.at(flat, np.ravel_multi_index(tuple(index.T), tuple(self.shape)), d)
        return out


def _turn(a: Array, b: Array, p: Array) -> Array:
    """Twice the area of the plane triangle a, b, p."""
    return np.asarray(
        (b[:, 0] - a[:, 0]) * (p[:, 1] - a[:, 1]) - (b[:, 1] - a[:, 1]) * (p[:, 0] - a[:, 0])
    )
