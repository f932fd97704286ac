# SPDX-License-Identifier: Apache-2.0
"""What becomes of hidden points: carried by their neighbours, searched for, or given up.

A point is given up only where it should be in plain view of a picture that shows something,
and is not found for `unseen_max_s`; or after `hidden_max_s` anywhere.  When nearly everything
was lost at once (a covered lens, a jump of the endoscope), a wide search for a few points
that agree on one displacement brings the rest back.
"""

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import PointState
from trocar.geometry import Array
from trocar.perception.images import Mask, lookup_mask
from trocar.perception.tissue.config import TissueConfig
from trocar.perception.tissue.deformation import fit_local_affine
from trocar.perception.tissue.points import PointTable
from trocar.perception.tissue.search import search_around
from trocar.perception.tissue.template import Float32

GONE_SIGMA_PX = 20.0
_VELOCITY_DECAY_S = 0.5  # a point that nothing carries comes to rest

Rows = NDArray[np.intp]


def carriers(p: PointTable) -> Rows:
    """Rows seen in both eyes in this frame: what neighbours may lean on."""
    return np.flatnonzero((p.state == PointState.VISIBLE) & p.measured)


def motion(p: PointTable, rows: Rows) -> Array:
    """(u, v) away from rest, and disparity, (M, 3) px."""
    return np.column_stack([p.uv[rows] - p.rest[rows], p.disparity[rows]])


def mean_velocity(p: PointTable) -> Array:
    """Median velocity (2,) px/s of what is seen; zero where nothing is."""
    rows = carriers(p)
    return np.median(p.velocity[rows], axis=0) if len(rows) else np.zeros(2)


def carry(p: PointTable, config: TissueConfig, dt: float) -> None:
    """Move hidden points, and the depth of half-hidden ones, with their neighbours."""
    hidden = p.state == PointState.OCCLUDED
    rows = np.flatnonzero(hidden | ~p.measured)
    lean_on = carriers(p)
    fit = fit_local_affine(p.rest[lean_on], motion(p, lean_on), p.rest[rows], config.neighbours)
    known = np.isfinite(fit.value[:, 0])
    carried = fit.value + np.where(np.isfinite(p.habit[rows]), p.habit[rows], 0.0)
    growth = config.carried_growth_px * (p.hidden_s[rows] + dt)
    sigma = np.hypot(fit.spread, config.carried_sigma_px + growth)
    sigma = np.where(known, sigma, GONE_SIGMA_PX)
    p.disparity[rows] = np.where(known, carried[:, 2], p.disparity[rows])
    p.sigma[rows, 2] = sigma
    here = hidden[rows]
    still = p.uv[rows] + p.velocity[rows] * dt
    uv = np.where(known[:, None], p.rest[rows] + carried[:, :2], still)[here]
    rows = rows[here]
    p.velocity[rows] *= np.exp(-dt / _VELOCITY_DECAY_S)
    p.uv[rows] = uv
    p.sigma[rows, :2] = sigma[here, None]


class Recovery:
    """Searches for hidden points frame by frame; `lost_sight_s` s of a picture without carriers."""

    def __init__(self, config: TissueConfig) -> None:
        """Nothing has been lost yet."""
        self.config = config
        self.lost_sight_s = 0.0

    def is_blind(self, p: PointTable) -> bool:
        """Whether too few points are seen to say how the tissue moves."""
        return len(carriers(p)) < self.config.trackable_points

    def search(
        self, p: PointTable, image: Float32, blocked: Mask, inside: NDArray[np.bool_], dt: float
    ) -> Rows:
        """Look for hidden points near where they were carried; returns the rows found.

        `inside` (N,) marks points off the border; `image` is the left grey picture.
        """
        c = self.config
        blank = float(image[::4, ::4].std()) < c.blank_contrast
        blind = self.is_blind(p)
        if not blank:
            self.lost_sight_s = self.lost_sight_s + dt if blind else 0.0
        p.hidden_s[p.state == PointState.OCCLUDED] += dt
        rows = p.rows(PointState.OCCLUDED)
        rows = rows[inside[rows] & ~lookup_mask(blocked, p.uv[rows])]
        found = np.zeros(0, dtype=np.intp)
        if not blank:
            if not blind or self.lost_sight_s > c.unseen_max_s:
                p.unseen_s[rows] += dt
            found = self._relocate(p, image, rows) if blind else self._revisit(p, image, rows, dt)
            found = self._confirm(p, image, blocked, found)
        self._give_up(p)
        return found

    def _revisit(self, p: PointTable, image: Float32, rows: Rows, dt: float) -> Rows:
        """Each point near its own place; the longest in view waits when there are too many."""
        c = self.config
        rows = rows[np.argsort(p.unseen_s[rows], kind="stable")][: c.searches_per_frame]
        frames = np.rint(p.unseen_s[rows] / dt).astype(np.intp)
        radius = np.minimum(c.search_px + frames, c.search_max_px)
        uv, ncc = search_around(image, p.memory.patch[rows], p.uv[rows], radius)
        good = ncc > c.ncc_visible
        p.uv[rows[good]] = uv[good]
        return rows[good]

    def _relocate(self, p: PointTable, image: Float32, rows: Rows) -> Rows:
        """A few points far and wide: those that agree on one displacement are believed."""
        c = self.config
        some = rows[:: max(1, len(rows) // c.relocation_points)]
        radius = np.full(len(some), c.relocation_px, dtype=np.intp)
        uv, ncc = search_around(image, p.memory.patch[some], p.uv[some], radius)
        good = ncc > c.ncc_reacquired
        if good.sum() < c.relocation_agree:
            return np.zeros(0, dtype=np.intp)
        shift = (uv - p.uv[some])[good]
        common = np.median(shift, axis=0)
        agrees = np.linalg.norm(shift - common, axis=1) < c.search_max_px
        if agrees.sum() < c.relocation_agree:
            return np.zeros(0, dtype=np.intp)
        p.uv[rows] += common
        found = some[good][agrees]
        p.uv[found] = uv[good][agrees]
        return found

    def _confirm(self, p: PointTable, image: Float32, blocked: Mask, rows: Rows) -> Rows:
        """Sub-pixel alignment to the remembered patch decides; others go back to where carried."""
        c = self.config
        start = p.uv[rows]
        aligned = p.memory.picked(rows).align(image, start, steps=4)
        good = aligned.ncc > c.ncc_reacquired
        good &= np.linalg.norm(aligned.uv - start, axis=1) < c.anchor_limit_px
        good &= ~lookup_mask(blocked, aligned.uv)
        back = rows[good]
        p.uv[back] = aligned.uv[good]
        p.sigma[back, :2] = np.hypot(aligned.sigma[good], c.sigma_floor_px)
        p.velocity[back] = mean_velocity(p)
        p.state[back] = PointState.VISIBLE
        p.hidden_s[back] = p.unseen_s[back] = 0.0
        return back

    def _give_up(self, p: PointTable) -> None:
        c = self.config
        gone = (p.unseen_s > c.unseen_max_s) | (p.hidden_s > c.hidden_max_s)
        p.state[gone & (p.state == PointState.OCCLUDED)] = PointState.LOST
