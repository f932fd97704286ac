# SPDX-License-Identifier: Apache-2.0
"""From two segmented images to filter updates: wide search, following, gates and their reasons."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, inverse, log_se3
from trocar.perception.tool.coarse import find_shift
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.contour import ContourObservation, observe_contour, sample_outline
from trocar.perception.tool.filter import Belief, Linearisation, LumpedFilter
from trocar.perception.tool.model import Eye, ToolPose, pose_tool
from trocar.perception.tool.segmentation import Segmentation
from trocar.perception.tool.silhouettes import coverage, draw_tool, is_touched

_SHAFT, _WRIST, _JAWS = 0, 1, 2
_COVERED = 0.8  # share of the projected tool that must be instrument-coloured after a search
_ELSEWHERE = 0.7  # a smaller share: the tool is not where it is believed to be
_COARSE_SIGMA_PX = 6.0
_SEARCH_ROUNDS = 6  # at most, per search width
_SETTLED_PX = 0.3  # median motion of the outline in the last round
_REMEASURE_PX = 1.5  # a larger shift of the outline: measure once more from there


@dataclass(frozen=True)
class View:
    """One eye's picture of this frame."""

    eye: Eye
    image_rgb: NDArray[np.uint8]
    segmentation: Segmentation


@dataclass
class FollowReport:
    """What became of a frame: outline samples predicted and accepted per part, and why not."""

    predicted: Array = field(default_factory=lambda: np.zeros(3))
    accepted: Array = field(default_factory=lambda: np.zeros(3))
    eyes: int = 0
    refused: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    moved_px: float = 0.0

    @property
    def is_inconsistent(self) -> bool:
        """Outline seen, but not where it must be, and nothing else accepted."""
        return bool(self.refused) and self.eyes == 0

    @property
    def reason(self) -> str:
        """Why the estimate is not GOOD; empty where it is."""
        out = []
        if self.touched:
            out.append(f"another instrument at the tool ({', '.join(self.touched)})")
        if self.refused:
            out.append(f"outline lost ({', '.join(self.refused)})")
        if self.eyes == 0 and not out:
            out.append("tool out of view")
        if self.eyes and self.accepted[_JAWS] < 0.4 * self.predicted[_JAWS]:
            out.append("tip lost")
        elif self.eyes and self.predicted[_JAWS] < 8:
            out.append("tip out of view")
        if self.predicted[_SHAFT] >= 16 and self.accepted[_SHAFT] < 0.3 * self.predicted[_SHAFT]:
            out.append("shaft edges lost")
        return "; ".join(out)


class Observer:
    """Measures against the filter's prediction and updates it."""

    def __init__(self, T_camera_base: Array, config: ToolTrackerConfig) -> None:
        """Keep geometry and tuning."""
        self._T_camera_base = T_camera_base
        self._config = config

    def pose(self, belief: Belief, joints: Array) -> ToolPose:
        """Instrument of a belief for joints (7,), jaw last."""
        T = belief.T_correction @ self._T_camera_base
        return pose_tool(T, joints[:6], float(joints[6]), belief.bias)

    # --- wide search -----------------------------------------------------------------
    def acquire(self, lumped: LumpedFilter, views: list[View], joints: Array) -> str:
        """Search from the filter's state, then from bare kinematics; "" or why in vain."""
        fault = self._search(lumped, views, joints)
        if fault and not np.allclose(lumped.belief.T_correction, np.eye(4)):
            lumped.reset()
            fault = self._search(lumped, views, joints)
        if fault:
            lumped.reset()
        return fault

    def _search(self, lumped: LumpedFilter, views: list[View], joints: Array) -> str:
        prior = lumped.belief
        pose = self.pose(prior, joints)
        parts = []
        for view in views:
            shift = find_shift(view.eye, pose, view.segmentation, self._config.wide_reach_px)
            if shift is not None and shift.agreement > 0.3:
                parts.append(self._linearise_shift(view.eye, pose, shift.shift_px))
        if not parts:
            return "no silhouette like the tool's near the kinematic prediction"
        lumped.update(_join(parts), prior, _COARSE_SIGMA_PX)
        for search in self._config.search_px:
            for _ in range(_SEARCH_ROUNDS):
                report = self._measure_and_update(lumped, views, joints, prior, search, gate=False)
                if lumped.distance_from_prior() > self._config.prior_gate:
                    return "the silhouette's pose is farther off than the kinematics can be wrong"
                if report.eyes and report.moved_px < _SETTLED_PX:
                    break
        if report.eyes == 0:
            return "no outline near the silhouette"
        if report.moved_px > 3.0 * _SETTLED_PX:
            return "the search did not settle on the silhouette"
        pose = self.pose(lumped.belief, joints)
        covered = min(coverage(draw_tool(v.eye, pose), v.segmentation) for v in views)
        if covered < _COVERED:
            return f"only {100.0 * covered:.0f} % of the projected tool is instrument-coloured"
        return ""

    def _linearise_shift(self, eye: Eye, pose: ToolPose, shift_px: Array) -> Linearisation:
        """The shift as a measurement of the control point's pixel."""
        p = pose.T_camera_tool[None, :3, 3]
        J = (eye.pixel_jacobian(p) @ pose.point_jacobian(p, 0))[0]
        return Linearisation(shift_px, J, np.zeros(2, np.int64))

    # --- following -------------------------------------------------------------------
    def follow(self, lumped: LumpedFilter, views: list[View], joints: Array) -> FollowReport:
        """Measure round the prediction, gate, update; once more where the outline moved far."""
        prior = lumped.belief
        narrow = self._config.search_px[-1]
        report = self._measure_and_update(lumped, views, joints, prior, narrow, gate=True)
        if report.moved_px > _REMEASURE_PX:
            report = self._measure_and_update(lumped, views, joints, prior, narrow, gate=True)
        return report

    def _measure_and_update(
        self,
        lumped: LumpedFilter,
        views: list[View],
        joints: Array,
        prior: Belief,
        search_px: float,
        gate: bool,
    ) -> FollowReport:
        c = self._config
        pose = self.pose(lumped.belief, joints)
        report = FollowReport()
        parts = []
        for view in views:
            outline = sample_outline(view.eye, pose, c.spacing_px, 4.0)
            report.predicted += np.bincount(outline.joint, minlength=3)
            own = draw_tool(view.eye, pose) if gate else None
            if own is not None and own.any():
                # Tissue where the tool must be: it is elsewhere.  Another instrument is grey, too.
                if coverage(own, view.segmentation) < _ELSEWHERE:
                    report.refused.append(view.eye.name)
                    continue
                if is_touched(own, view.segmentation, c.slack_px):
                    report.touched.append(view.eye.name)
                    continue
            seen = observe_contour(outline, view.segmentation.chroma, search_px)
            good = self._admit(lumped, seen, gate)
            if good.sum() < max(c.min_samples, c.min_share * len(outline)):
                if len(outline) >= c.min_samples:
                    report.refused.append(view.eye.name)
                continue
            report.eyes += 1
            report.accepted += np.bincount(outline.joint[good], minlength=3)
            parts.append(
                Linearisation(
                    seen.offset[good] - lumped.belief.bias[3],
                    outline.jacobian[good],
                    outline.group[good] + (0 if view.eye.name == "left" else 10_000),
                )
            )
        if parts:
            joined = _join(parts)
            before = lumped.belief
            sigma = (
                c.edge_sigma_px if gate else max(c.edge_sigma_px, search_px / c.search_confidence)
            )
            weight = lumped.update(joined, prior, sigma)
            lumped.consider(joined, weight, sigma, c.edge_bias_px)
            report.moved_px = self._outline_motion(before, lumped.belief, joined)
        return report

    def _admit(
        self, lumped: LumpedFilter, seen: ContourObservation, gate: bool
    ) -> NDArray[np.bool_]:
        """Usable samples; with `gate`, those within reach of the prediction's uncertainty."""
        if not gate:
            return seen.sound
        c = self._config
        noise = float(np.hypot(c.edge_noise_px, c.edge_bias_px))
        sigma = np.hypot(lumped.sigma_px(seen.outline.jacobian), noise)
        residual = seen.offset - lumped.belief.bias[3]
        return seen.sound & (np.abs(residual) < c.gate_sigma * sigma)

    def _outline_motion(self, before: Belief, after: Belief, joined: Linearisation) -> float:
        """Median motion in px of the outline between two beliefs."""
        xi = log_se3(after.T_correction @ inverse(before.T_correction))
        step = np.concatenate([xi, after.bias - before.bias])
        return float(np.median(np.abs(joined.jacobian @ step)))


def _join(parts: list[Linearisation]) -> Linearisation:
    return Linearisation(
        np.concatenate([p.residual for p in parts]),
        np.concatenate([p.jacobian for p in parts]),
        np.concatenate([p.group for p in parts]),
    )
