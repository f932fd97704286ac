# SPDX-License-Identifier: Apache-2.0
"""Where new points are born: strong corners, spread by a grid, off masks and borders.

Corner strength is the smaller eigenvalue of the structure tensor (Shi, Tomasi 1994).
"""

import cv2
import numpy as np

from trocar.geometry import Array
from trocar.perception.images import Grey, Mask
from trocar.perception.tissue.config import TissueConfig


class GridSeeder:
    """Proposes corners in the cells that hold fewer points than they should."""

    def __init__(self, config: TissueConfig, height: int, width: int) -> None:
        """Grid over images (height, width)."""
        self.config = config
        self._size = (height, width)
        self._columns = -(-width // config.cell_px)
        self._cells = self._columns * -(-height // config.cell_px)

    def _cell_of(self, uv: Array) -> Array:
        cell = (uv // self.config.cell_px).astype(int)
        return cell[:, 1] * self._columns + cell[:, 0]

    def quota(self, focus_uv: Array | None, live: int) -> Array:
        """Wanted points of each cell, more round `focus_uv` (2,) px; `live` points exist."""
        full = live >= self.config.max_points
        quota = np.full(self._cells, 0 if full else self.config.points_per_cell)
        if focus_uv is not None and np.isfinite(focus_uv).all():
            index = np.arange(self._cells)
            centre = (np.stack([index % self._columns, index // self._columns], axis=1) + 0.5) * (
                self.config.cell_px
            )
            near = np.linalg.norm(centre - focus_uv, axis=1) < self.config.focus_radius_px
            quota[near] = self.config.focus_points_per_cell
        return quota

    def missing(self, uv: Array, focus_uv: Array | None) -> Array:
        """Points to add to each cell (cells,), given the live points uv (N, 2).

        A cell is filled up only once it holds less than half: points wander between cells,
        and topping up at once would raise their number for ever.
        """
        height, width = self._size
        inside = (uv >= 0).all(axis=1) & (uv < [width, height]).all(axis=1)
        held = np.bincount(self._cell_of(uv[inside]), minlength=self._cells)
        quota = self.quota(focus_uv, int(inside.sum()))
        return np.where(2 * held < quota, quota - held, 0)

    def propose(self, grey: Grey, blocked: Mask, uv: Array, focus_uv: Array | None) -> Array:
        """New corners (M, 2) px at integer positions, half a window or more from uv (N, 2)."""
        missing = self.missing(uv, focus_uv)
        strength = cv2.cornerMinEigenVal(cv2.GaussianBlur(grey, (3, 3), 0), 5)
        free = self._free(blocked, uv)
        if not free.any():
            return np.zeros((0, 2))
        floor = self.config.min_corner_fraction * np.percentile(
            strength[::4, ::4][free[::4, ::4]], 95
        )
        peak = (strength >= cv2.dilate(strength, np.ones((7, 7), np.uint8))) & free
        row, column = np.nonzero(peak & (strength > max(floor, 1e-9)))
        order = np.argsort(-strength[row, column], kind="stable")
        corner = np.stack([column, row], axis=1)[order].astype(float)
        return corner[self._first_per_cell(self._cell_of(corner), missing)]

    def _free(self, blocked: Mask, uv: Array) -> Mask:
        height, width = self._size
        margin = self.config.margin_px
        free = np.zeros((height, width), np.uint8)
        free[margin : height - margin, margin : width - margin] = 1
        free[blocked] = 0
        for u, v in np.rint(uv).astype(int):
            cv2.circle(free, (int(u), int(v)), self.config.window_px // 2, 0, -1)
        return free > 0

    def _first_per_cell(self, cell: Array, missing: Array) -> Array:
        """Indices of the first `missing[c]` entries of each cell c, in the given order."""
        by_cell = np.argsort(cell, kind="stable")
        ordered = cell[by_cell]
        first = np.searchsorted(ordered, ordered, side="left")
        rank = np.arange(len(ordered)) - first
        return np.sort(by_cell[rank < missing[ordered]])
