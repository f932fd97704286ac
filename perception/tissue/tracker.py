# SPDX-License-Identifier: Apache-2.0
"""`TissueTracker`: sparse points on the tissue, in both eyes, with an honest state each.

One frame: Lucas-Kanade from the last frame with a way back, alignment to the key-frame
patch against drift, left to right from the last disparity with a way back, a check against
the neighbours' motion; points that fail are OCCLUDED, ride on their neighbours and are
searched for near where those carried them; what stays away is LOST; empty cells are
seeded.  No patch is ever learnt from a masked or doubted point.  Images are rectified.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import PointState, StereoFrame, TissuePoints
from trocar.geometry import Array
from trocar.perception.images import Grey, Mask, check_image, highlight_mask, lookup_mask, to_grey
from trocar.perception.rectify import is_rectified
from trocar.perception.tissue.config import TissueConfig
from trocar.perception.tissue.deformation import fit_local_affine
from trocar.perception.tissue.flow import track_back_checked
from trocar.perception.tissue.points import PointTable
from trocar.perception.tissue.search import search_around, search_row
from trocar.perception.tissue.seeding import GridSeeder
from trocar.perception.tissue.template import Float32, PatchMemory, patches_at
from trocar.perception.tissue.triangulate import triangulate

_MASK_RIM_PX = 5  # most of a 15 px window must lie on tissue
_VELOCITY_DECAY_S = 0.5  # a point that nothing carries comes to rest
_GONE_SIGMA_PX = 20.0

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class _View:
    """One frame as the tracker uses it."""

    left: Grey
    right: Grey
    left_f: Float32
    right_f: Float32
    blocked_left: Mask
    blocked_right: Mask


def _blocked(image_rgb: NDArray[np.uint8], mask: Mask) -> Mask:
    size = 2 * _MASK_RIM_PX + 1
    wide = cv2.dilate(mask.astype(np.uint8), np.ones((size, size), np.uint8)) > 0
    return np.asarray(wide | highlight_mask(image_rgb), dtype=np.bool_)


class TissueTracker:
    """Tracks up to a few hundred points; `focus_uv` (2,) px, when set, is seeded more densely."""

    def __init__(self, rig: StereoRig, config: TissueConfig | None = None) -> None:
        """For rectified images of `rig`; raises ConfigurationError for a rig that is not."""
        if not is_rectified(rig):
            raise ConfigurationError(
                "tissue tracker: the rig is not rectified; use Rectifier(rig).rig"
            )
        self.rig = rig
        self.config = config or TissueConfig()
        self.focus_uv: Array | None = None
        self._points = PointTable.empty()
        self._seeder = GridSeeder(self.config, rig.left.height, rig.left.width)
        self._view: _View | None = None
        self._stamp_ns = 0
        self._next_id = 0
        self._frame = 0

    def update(self, frame: StereoFrame, mask_left: Mask, mask_right: Mask) -> TissuePoints:
        """Points of this frame in rectified pixels; masks (H, W) are True on instruments."""
        eye = self.rig.left
        check_image("left", frame.left_rgb, eye.height, eye.width)
        check_image("right", frame.right_rgb, eye.height, eye.width)
        left, right = to_grey(frame.left_rgb), to_grey(frame.right_rgb)
        view = _View(
            left,
            right,
            left.astype(np.float32),
            right.astype(np.float32),
            _blocked(frame.left_rgb, mask_left),
            _blocked(frame.right_rgb, mask_right),
        )
        dt = max((frame.stamp_ns - self._stamp_ns) * 1e-9, 1e-3)
        if self._view is not None:
            self._follow(self._view, view, dt)
            self._match_right(view, self._points.rows(PointState.VISIBLE))
            self._judge_by_neighbours()
            self._carry(dt)
            self._match_right(view, self._search_hidden(view, dt))
        self._match_right(view, self._seed(view))
        self._view, self._stamp_ns = view, frame.stamp_ns
        self._frame += 1
        return self._report(frame.stamp_ns)

    # --- points that were visible -------------------------------------------------------

    def _follow(self, before: _View, now: _View, dt: float) -> None:
        p, c = self._points, self.config
        rows = p.rows(PointState.VISIBLE)
        start = p.uv[rows]
        guess = start + p.velocity[rows] * dt
        chained, error = track_back_checked(
            before.left, now.left, start, guess, c.window_px, c.levels, c.iterations
        )
        aligned = p.memory.picked(rows).align(now.left_f, chained, steps=3)
        anchored = (aligned.ncc > c.ncc_good) & (
            np.linalg.norm(aligned.uv - chained, axis=1) < c.anchor_limit_px
        )
        uv = np.where(anchored[:, None], aligned.uv, chained)
        seen = (error < c.back_check_px) & (aligned.ncc > c.ncc_visible)
        seen &= ~lookup_mask(now.blocked_left, uv) & self._inside(uv)
        ok = rows[seen]
        p.velocity[ok] += 0.5 * ((uv - start)[seen] / dt - p.velocity[ok])
        p.uv[ok] = uv[seen]
        p.sigma[ok, :2] = np.hypot(aligned.sigma[seen], c.sigma_floor_px)
        p.state[rows[~seen]] = PointState.OCCLUDED
        p.poor[ok] = np.where(anchored[seen], 0, p.poor[ok] + 1)
        stale = rows[seen & ~anchored]
        stale = stale[p.poor[stale] >= c.renew_after]
        if len(stale):
            p.memory.replace(stale, patches_at(now.left_f, p.uv[stale]))
            p.poor[stale] = 0

    def _inside(self, uv: Array) -> NDArray[np.bool_]:
        eye, margin = self.rig.left, self.config.margin_px
        inside = (uv >= margin).all(axis=1) & (uv < [eye.width - margin, eye.height - margin]).all(
            axis=1
        )
        return np.asarray(inside, dtype=np.bool_)

    def _match_right(self, view: _View, rows: Rows) -> None:
        """Disparity of the given visible points, from the last one or, for new points, blindly."""
        p, c, eye = self._points, self.config, self.rig.left
        p.measured[rows] = False
        patches = None
        new = rows[~np.isfinite(p.disparity[rows])]
        if len(new):
            near, far = (eye.fx * self.rig.baseline / z for z in c.depth_range_m)
            patches = patches_at(view.left_f, p.uv[new])
            found, ncc = search_row(view.right_f, patches, p.uv[new], (far, near))
            p.disparity[new] = np.where(ncc > c.ncc_good, p.uv[new, 0] - found[:, 0], np.nan)
        rows = rows[np.isfinite(p.disparity[rows])]
        uv = p.uv[rows]
        guess = uv - np.stack([p.disparity[rows], np.zeros(len(rows))], axis=1)
        chained, error = track_back_checked(
            view.left, view.right, uv, guess, c.window_px, 0, c.iterations
        )
        # Lucas-Kanade takes the eyes' different light for motion (1 px); a free gain does not
        aligned = PatchMemory.of(patches_at(view.left_f, uv)).align(view.right_f, chained, steps=4)
        offset = uv - aligned.uv
        good = (error < c.stereo_back_check_px) & (aligned.ncc > c.ncc_good) & (offset[:, 0] > 0)
        good &= np.abs(offset[:, 1]) < c.epipolar_px
        good &= np.linalg.norm(aligned.uv - chained, axis=1) < c.anchor_limit_px
        good &= ~lookup_mask(view.blocked_right, aligned.uv)
        p.disparity[rows[good]] = offset[good, 0]
        p.measured[rows[good]] = True
        p.sigma[rows[good], 2] = np.hypot(aligned.sigma[good, 0], c.sigma_disparity_floor_px)
        never = new[~p.measured[new]]
        p.disparity[never] = np.nan

    def _judge_by_neighbours(self) -> None:
        """Hide points that move as no tissue can; learn the usual departure of the others."""
        p, c = self._points, self.config
        rows = self._carriers()
        fit = fit_local_affine(
            p.rest[rows], self._motion(rows), p.rest[rows], c.neighbours, exclude_self=True
        )
        departure = self._motion(rows) - fit.value
        first = ~np.isfinite(p.habit[rows, 0])
        change = np.linalg.norm(
            np.where(first[:, None], departure, departure - p.habit[rows]), axis=1
        )
        # a newborn has no habit yet: relief may part it from its neighbours, so it gets more room
        stray = change > np.where(first, 3.0, 1.0) * c.mesh_limit_px
        p.state[rows[stray]] = PointState.OCCLUDED
        blend = np.where(first, 1.0, 0.2)[:, None]
        old = np.where(first[:, None], 0.0, p.habit[rows])
        p.habit[rows] = np.where(stray[:, None], p.habit[rows], old + blend * (departure - old))

    def _carriers(self) -> Rows:
        p = self._points
        return np.flatnonzero((p.state == PointState.VISIBLE) & p.measured)

    def _motion(self, rows: Rows) -> Array:
        p = self._points
        return np.column_stack([p.uv[rows] - p.rest[rows], p.disparity[rows]])

    # --- points that are hidden ---------------------------------------------------------

    def _carry(self, dt: float) -> None:
        """Move hidden points, and the depth of half-hidden ones, with their neighbours."""
        p, c = self._points, self.config
        hidden = p.state == PointState.OCCLUDED
        rows = np.flatnonzero(hidden | ~p.measured)
        carriers = self._carriers()
        fit = fit_local_affine(p.rest[carriers], self._motion(carriers), p.rest[rows], c.neighbours)
        habit = np.where(np.isfinite(p.habit[rows]), p.habit[rows], 0.0)
        known = np.isfinite(fit.value[:, 0])
        carried = fit.value + habit
        growth = c.carried_growth_px * (p.hidden_s[rows] + dt)
        sigma = np.where(known, np.hypot(fit.spread, c.carried_sigma_px + growth), _GONE_SIGMA_PX)
        p.disparity[rows] = np.where(known, carried[:, 2], p.disparity[rows])
        p.sigma[rows, 2] = sigma
        here = hidden[rows]
        still = p.uv[rows] + p.velocity[rows] * dt
        moved = np.where(known[:, None], p.rest[rows] + carried[:, :2], still)[here]
        rows = rows[here]
        p.velocity[rows] *= np.exp(-dt / _VELOCITY_DECAY_S)
        p.uv[rows] = moved
        p.sigma[rows, :2] = sigma[here, None]

    def _search_hidden(self, view: _View, dt: float) -> Rows:
        """Look for hidden points near where they were carried; returns the rows found."""
        p, c = self._points, self.config
        hidden = p.rows(PointState.OCCLUDED)
        in_view = ~lookup_mask(view.blocked_left, p.uv[hidden]) & self._inside(p.uv[hidden])
        p.hidden_s[hidden] += dt
        rows = hidden[in_view]
        rows = rows[np.argsort(p.unseen_s[rows], kind="stable")][: c.searches_per_frame]
        p.unseen_s[rows] += dt
        frames_unseen = np.rint(p.unseen_s[rows] / dt).astype(np.intp)
        radius = np.minimum(c.search_px + frames_unseen, c.search_max_px)
        memory = p.memory.picked(rows)
        found, ncc = search_around(view.left_f, memory.patch, p.uv[rows], radius)
        aligned = memory.align(view.left_f, found, steps=4)
        good = (ncc > c.ncc_visible) & (aligned.ncc > c.ncc_reacquired)
        good &= np.linalg.norm(aligned.uv - found, axis=1) < c.anchor_limit_px
        good &= ~lookup_mask(view.blocked_left, aligned.uv) & self._inside(aligned.uv)
        back = rows[good]
        p.uv[back] = aligned.uv[good]
        p.sigma[back, :2] = np.hypot(aligned.sigma[good], c.sigma_floor_px)
        p.state[back] = PointState.VISIBLE
        p.hidden_s[back] = 0.0
        p.unseen_s[back] = 0.0
        p.velocity[back] = self._mean_velocity()
        gone = ((p.state == PointState.OCCLUDED) & (p.unseen_s > c.unseen_max_s)) | (
            p.hidden_s > c.hidden_max_s
        )
        p.state[gone] = PointState.LOST
        return back

    def _mean_velocity(self) -> Array:
        p = self._points
        rows = self._carriers()
        return np.median(p.velocity[rows], axis=0) if len(rows) else np.zeros(2)

    # --- birth and report ---------------------------------------------------------------

    def _seed(self, view: _View) -> Rows:
        p, c = self._points, self.config
        if self._frame % c.seed_period:
            return np.zeros(0, dtype=np.intp)
        live = p.uv[p.state != PointState.LOST]
        missing = self._seeder.missing(live, self.focus_uv)
        if not missing.any():
            return np.zeros(0, dtype=np.intp)
        uv = self._seeder.propose(view.left, view.blocked_left, live, self.focus_uv)
        carriers = self._carriers()
        back = fit_local_affine(p.uv[carriers], p.rest[carriers] - p.uv[carriers], uv, c.neighbours)
        rest = uv + np.where(np.isfinite(back.value), back.value, 0.0)
        rows = p.add(uv, rest, self._next_id, patches_at(view.left_f, uv))
        self._next_id += len(rows)
        p.velocity[rows] = self._mean_velocity()
        p.sigma[rows, :2] = c.sigma_floor_px
        p.sigma[rows, 2] = _GONE_SIGMA_PX
        return rows

    def _report(self, stamp_ns: int) -> TissuePoints:
        """Copies of everything; LOST points are told once and then forgotten."""
        p = self._points
        lost = p.state == PointState.LOST
        point, covariance = triangulate(self.rig, p.uv, p.disparity, p.sigma)
        uv, uv_right = p.uv.copy(), p.uv.copy()
        uv_right[:, 0] -= p.disparity
        for column in (uv, uv_right, point, covariance):
            column[lost] = np.nan
        report = TissuePoints(
            stamp_ns, p.ids.copy(), uv, uv_right, p.state.copy(), point, covariance
        )
        # a newborn never matched in the right eye is no 3-D point: let the cell be seeded anew
        p.keep(~lost)
        return report
