# SPDX-License-Identifier: Apache-2.0
"""Ink on tissue: lines to cut along, dots for a needle's way in and out; they move with the tissue.

A mark is laid down at rest, by x and y of the world, onto what is there: the breathing patch, or
the upper side of a soft body.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array

MOST = 16  # segments and dots on one surface: what the shader has room for
WIDTH_LIMITS = (0.0002, 0.02)  # m


@dataclass(frozen=True)
class Mark:
    """points (k, 2) m, x and y in world at rest: a line through them, a dot where k is 1.

    `on` names a soft body, "" is the breathing patch; `width` m, of the line or across the dot.
    """

    points: Array
    on: str = ""
    width: float = 0.0012  # a surgical marker's fine tip

    def __post_init__(self) -> None:
        """Refuse what is no line and no dot."""
        if self.points.ndim != 2 or self.points.shape[1] != 2 or not len(self.points):
            raise ConfigurationError(f"points has shape {self.points.shape}, allowed (k, 2), k > 0")
        if not WIDTH_LIMITS[0] <= self.width <= WIDTH_LIMITS[1]:
            low, high = WIDTH_LIMITS
            raise ConfigurationError(f"width is {self.width:g} m, allowed {low:g} to {high:g}")

    @property
    def segments(self) -> Array:
        """(s, 4) m: both ends of each; a dot's are the same."""
        if len(self.points) == 1:
            return np.concatenate([self.points, self.points], axis=1)
        return np.concatenate([self.points[:-1], self.points[1:]], axis=1)


class PointsOnSurface:
    """Material points of a triangulated body, found from above at rest."""

    def __init__(self, rest: Array, triangles: NDArray[np.integer], xy: Array) -> None:
        """The uppermost faces over xy (k, 2); ConfigurationError where there is none.

        rest (n, 3) m and triangles (m, 3), counter-clockwise from outside.
        """
        a, b, c = (rest[triangles[:, k]] for k in range(3))
        area = _cross(b[:, :2] - a[:, :2], c[:, :2] - a[:, :2])
        up = np.flatnonzero(area > 0.0)  # faces that look up
        a, b, c, area = a[up], b[up], c[up], area[up]
        self.corners = np.empty((len(xy), 3), dtype=np.intp)
        self.weights = np.empty((len(xy), 3))
        for i, p in enumerate(np.asarray(xy, dtype=float)):
            wb = _cross(p - a[:, :2], c[:, :2] - a[:, :2]) / area
            wc = _cross(b[:, :2] - a[:, :2], p - a[:, :2]) / area
            weights = np.stack([1.0 - wb - wc, wb, wc], axis=1)
            over = weights.min(axis=1) >= -1e-9
            if not over.any():
                raise ConfigurationError(
                    f"the point {p.tolist()} m is not above the body; keep to its upper side"
                )
            z = np.stack([a[:, 2], b[:, 2], c[:, 2]], axis=1)
            height = np.where(over, (weights * z).sum(axis=1), -np.inf)
            best = int(np.argmax(height))
            self.corners[i], self.weights[i] = triangles[up[best]], weights[best]

    def at(self, nodes: Array) -> Array:
        """Where they are (k, 3) for nodes (n, 3)."""
        return np.asarray(np.einsum("ij,ijk->ik", self.weights, nodes[self.corners]))


def _cross(a: Array, b: Array) -> Array:
    return np.asarray(a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0])
