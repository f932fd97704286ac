# SPDX-License-Identifier: Apache-2.0
"""From two segmented images to a filter update: measuring round the prediction, and the gates."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, inverse, log_se3
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.contour import ContourObservation, observe_contour
from trocar.perception.tool.eye import Eye
from trocar.perception.tool.filter import Belief, Linearisation, LumpedFilter
from trocar.perception.tool.model import ToolPose, pose_tool
from trocar.perception.tool.outline import sample_outline
from trocar.perception.tool.report import FollowReport
from trocar.perception.tool.segmentation import Segmentation
from trocar.perception.tool.silhouettes import coverage, draw_tool, is_touched

_ELSEWHERE = 0.7  # a smaller share: the tool is not where it is believed to be
_MARGIN_PX = 4.0  # of outline samples from the border
_RIGHT_GROUPS = 10_000  # pieces of the right eye are other pieces
_REMEASURE_PX = 1.5  # a larger shift of the outline: measure once more from there


@dataclass(frozen=True)
class View:
    """One eye's picture of this frame."""

    eye: Eye
    segmentation: Segmentation


class Observer:
    """Measures against the filter's prediction and updates it."""

    def __init__(self, T_camera_base: Array, config: ToolTrackerConfig) -> None:
        """Keep geometry and tuning."""
        self._T_camera_base = T_camera_base
        self.config = config

    def pose(self, belief: Belief, joints: Array) -> ToolPose:
        """Instrument of a belief for joints (7,), jaw last."""
        T = belief.T_correction @ self._T_camera_base
        return pose_tool(T, joints[:6], float(joints[6]), belief.bias)

    def follow(self, lumped: LumpedFilter, views: list[View], joints: Array) -> FollowReport:
        """Measure round the prediction, gate, update; once more where the outline moved far."""
        prior = lumped.belief
        search, sigma = self.config.search_px[-1], self.config.edge_sigma_px
        report = self.measure(lumped, views, joints, prior, search, sigma, gate=True)
        if report.moved_px > _REMEASURE_PX:
            report = self.measure(lumped, views, joints, prior, search, sigma, gate=True)
        return report

    def measure(
        self,
        lumped: LumpedFilter,
        views: list[View],
        joints: Array,
        prior: Belief,
        search_px: float,
        sigma_px: float,
        gate: bool,
    ) -> FollowReport:
        """One round: measure at the filter's belief, update `prior` with it.

        Samples are sought within `search_px` and weighted by `sigma_px`; without `gate` they are
        all taken, and neither other instruments nor an empty place count against them.
        """
        pose = self.pose(lumped.belief, joints)
        report = FollowReport()
        parts = []
        for view in views:
            part = self._measure_eye(lumped, view, pose, search_px, gate, report)
            if part is not None:
                parts.append(part)
        if parts:
            seen, before = join(parts), lumped.belief
            weight = lumped.update(seen, prior, sigma_px)
            lumped.consider(seen, weight, sigma_px, self.config.edge_bias_px)
            report.moved_px = _outline_motion(before, lumped.belief, seen)
        return report

    def _measure_eye(
        self,
        lumped: LumpedFilter,
        view: View,
        pose: ToolPose,
        search_px: float,
        gate: bool,
        report: FollowReport,
    ) -> Linearisation | None:
        c, name = self.config, view.eye.name
        outline = sample_outline(view.eye, pose, c.spacing_px, _MARGIN_PX)
        report.predicted += np.bincount(outline.joint, minlength=3)
        own = draw_tool(view.eye, pose) if gate else None
        if own is not None and own.any():
            # Tissue where the tool must be: it is elsewhere.  Another instrument is grey, too.
            if coverage(own, view.segmentation) < _ELSEWHERE:
                report.refused.append(name)
                return None
            if is_touched(own, view.segmentation, c.slack_px):
                report.touched.append(name)
                return None
        seen = observe_contour(outline, view.segmentation.chroma, search_px)
        good = self._admit(lumped, seen) if gate else seen.sound
        if good.sum() < max(c.min_samples, c.min_share * len(outline)):
            if len(outline) >= c.min_samples:
                report.refused.append(name)
            return None
        report.eyes += 1
        report.accepted += np.bincount(outline.joint[good], minlength=3)
        return Linearisation(
            seen.offset[good] - lumped.belief.bias[3],
            outline.jacobian[good],
            outline.group[good] + (0 if name == "left" else _RIGHT_GROUPS),
        )

    def _admit(self, lumped: LumpedFilter, seen: ContourObservation) -> NDArray[np.bool_]:
        """Samples within reach of the prediction's uncertainty."""
        c = self.config
        noise = float(np.hypot(c.edge_noise_px, c.edge_bias_px))
        sigma = np.hypot(lumped.sigma_px(seen.outline.jacobian), noise)
        residual = seen.offset - lumped.belief.bias[3]
        return seen.sound & (np.abs(residual) < c.gate_sigma * sigma)


def _outline_motion(before: Belief, after: Belief, seen: Linearisation) -> float:
    """Median motion in px of the outline between two beliefs."""
    xi = log_se3(after.T_correction @ inverse(before.T_correction))
    step = np.concatenate([xi, after.bias - before.bias])
    return float(np.median(np.abs(seen.jacobian @ step)))


def join(parts: list[Linearisation]) -> Linearisation:
    """All parts as one."""
    return Linearisation(
        np.concatenate([p.residual for p in parts]),
        np.concatenate([p.jacobian for p in parts]),
        np.concatenate([p.group for p in parts]),
    )
