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
from trocar.perception.tissue.recovery import (
    GONE_SIGMA_PX,
    Recovery,
    carriers,
    carry,
    mean_velocity,
    motion,
)
from trocar.perception.tissue.search import search_row
from trocar.perception.tissue.seeding import GridSeeder
from trocar.perception.tissue.template import Float32, PatchMemory, patches_at
from trocar.perception.tissue.triangulate import triangulate

_MASK_RIM_PX = 5  # most of a 15 px window must lie on tissue

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
        self._recovery = Recovery(self.config)
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
            carry(self._points, self.config, dt)
            inside = self._inside(self._points.uv)
            found = self._recovery.search(self._points, view.left_f, view.blocked_left, inside, dt)
            self._match_right(view, found)
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
        rows = carriers(p)
        fit = fit_local_affine(
            p.rest[rows], motion(p, rows), p.rest[rows], c.neighbours, exclude_self=True
        )
        departure = motion(p, rows) - fit.value
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

    # --- birth and report ---------------------------------------------------------------

    def _seed(self, view: _View) -> Rows:
        p, c = self._points, self.config
        if (len(p) and self._frame % c.seed_period) or not self._may_seed():
            return np.zeros(0, dtype=np.intp)
        live = p.uv[(p.state != PointState.LOST) & (p.unseen_s < c.missed_s)]
        missing = self._seeder.missing(live, self.focus_uv)
        if not missing.any():
            return np.zeros(0, dtype=np.intp)
        uv = self._seeder.propose(view.left, view.blocked_left, live, self.focus_uv)
        near = carriers(p)
        back = fit_local_affine(p.uv[near], p.rest[near] - p.uv[near], uv, c.neighbours)
        rest = uv + np.where(np.isfinite(back.value), back.value, 0.0)
        rows = p.add(uv, rest, self._next_id, patches_at(view.left_f, uv))
        self._next_id += len(rows)
        p.velocity[rows] = mean_velocity(p)
        p.sigma[rows, :2] = c.sigma_floor_px
        p.sigma[rows, 2] = GONE_SIGMA_PX
        return rows

    def _may_seed(self) -> bool:
        """After losing everything, the old points are looked for before new ones replace them."""
        recovery, p = self._recovery, self._points
        hopeless = recovery.lost_sight_s > self.config.unseen_max_s or not len(p)
        return hopeless or not recovery.is_blind(p)

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
        p.keep(~lost)
        return report
