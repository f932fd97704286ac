# SPDX-License-Identifier: Apache-2.0
"""From two segmented images to filter updates: wide search, following, gates and their reasons."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool import coarse
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.edges import ShaftObservation, linearise_shaft, observe_shaft
from trocar.perception.tool.filter import Linearisation, LumpedFilter, stack
from trocar.perception.tool.model import Eye, ToolPose, pose_tool
from trocar.perception.tool.segmentation import Segmentation
from trocar.perception.tool.silhouettes import coverage, is_touched, predicted_mask
from trocar.perception.tool.tip import TipObservation, linearise_tip, observe_tip

_COVERED = 0.8  # share of the projected tool that must be instrument-coloured after a search
_SEARCH_ROUNDS = 3
_REMEASURE_PX = 3.0  # a shift beyond it: the profiles were laid too far off, lay them again

Linearise = Callable[[ToolPose], Linearisation | None]


@dataclass(frozen=True)
class View:
    """One eye's picture of this frame."""

    eye: Eye
    image_rgb: NDArray[np.uint8]
    segmentation: Segmentation


@dataclass(frozen=True)
class FollowReport:
    """What became of a frame: anything accepted; seen but refused by the gates; why not GOOD."""

    accepted: bool
    inconsistent: bool
    reason: str


@dataclass
class _Frame:
    """Measurements of one frame that passed, and what did not."""

    groups: list[Linearise] = field(default_factory=list)
    edges: int = 0
    tips: int = 0
    refused: int = 0
    touched: list[str] = field(default_factory=list)


class Observer:
    """Measures against the filter's prediction and updates it."""

    def __init__(self, eyes: tuple[Eye, Eye], T_camera_base: Array, config: ToolTrackerConfig) -> None:
        """Keep geometry and tuning."""
        self._eyes = eyes
        self._T_camera_base = T_camera_base
        self._config = config

    def _pose(self, lumped: LumpedFilter, joints: Array) -> ToolPose:
        return pose_tool(lumped.T_correction, self._T_camera_base, joints, lumped.wrist_bias)

    # --- wide search -----------------------------------------------------------------
    def acquire(
        self, lumped: LumpedFilter, views: list[View], joints: Array, jaw: float
    ) -> str:
        """Search from the filter's state, then from bare kinematics; "" or why nothing was found."""
        fault = self._search(lumped, views, joints, jaw)
        if fault:
            lumped.reset()
            fault = self._search(lumped, views, joints, jaw)
        if fault:
            lumped.reset()
        return fault

    def _search(self, lumped: LumpedFilter, views: list[View], joints: Array, jaw: float) -> str:
        T, bias, P = lumped.T_correction, lumped.wrist_bias, lumped.covariance
        for i in range(_SEARCH_ROUNDS):
            reach = 160.0 if i == 0 else 80.0
            groups = self._coarse(self._pose(lumped, joints), views, reach, jaw)
            if isinstance(groups, str):
                return groups
            self._update(lumped, groups, joints, T, bias, P)
        # The coarse measurements are not added to the information: the fine ones see the same edges.
        lumped.covariance = lumped.covariance * 4.0
        for _ in range(2):
            report = self.follow(lumped, views, joints, jaw, is_search=True)
        if not report.accepted:
            return report.reason or "no shaft edges near the silhouette"
        pose = self._pose(lumped, joints)
        covered = max(coverage(predicted_mask(v.eye, pose, jaw), v.segmentation) for v in views)
        if covered < _COVERED:
            return f"silhouette covers {100.0 * covered:.0f} % of the projected tool"
        return ""

    def _coarse(
        self, pose: ToolPose, views: list[View], reach: float, jaw: float
    ) -> list[Linearise] | str:
        c = self._config
        groups: list[Linearise] = []
        edges = 0
        for view in views:
            blob = coarse.choose_blob(view.eye, pose, view.segmentation, reach, jaw)
            if blob is None:
                continue
            shaft = coarse.coarse_shaft(view.eye, pose, blob, reach, c, self._rng())
            edges += len(shaft)
            groups += [_edge(o, c.coarse_edge_sigma_px, c.edge_bias_px) for o in shaft]
            tip = coarse.coarse_tip(view.eye, pose, blob, reach)
            if tip is not None:
                groups.append(_tip(tip, jaw, c.coarse_tip_sigma_px, c.tip_bias_px))
        if edges == 0:
            return "no silhouette with two shaft edges near the kinematic prediction"
        return groups

    # --- following -------------------------------------------------------------------
    def follow(
        self,
        lumped: LumpedFilter,
        views: list[View],
        joints: Array,
        jaw: float,
        is_search: bool = False,
    ) -> FollowReport:
        """Measure round the prediction, gate, update; repeated once where the state moved far."""
        T, bias, P = lumped.T_correction, lumped.wrist_bias, lumped.covariance
        found = self._measure(lumped, views, joints, jaw, is_search)
        if found.groups:
            group = self._update(lumped, found.groups, joints, T, bias, P)
            lumped.consider(group)
        return FollowReport(
            bool(found.groups), found.refused > 0 and not found.groups, self._reason(found)
        )

    def _measure(
        self, lumped: LumpedFilter, views: list[View], joints: Array, jaw: float, is_search: bool
    ) -> _Frame:
        c = self._config
        pose = self._pose(lumped, joints)
        found = _Frame()
        for view in views:
            slack = c.search_px[1] if is_search else 10.0
            own = predicted_mask(view.eye, pose, jaw)
            if is_touched(own, view.segmentation, slack) and not is_search:
                found.touched.append(view.eye.name)
                continue
            search = c.search_px[1] if is_search else c.search_px[0]
            shaft = observe_shaft(view.eye, pose, view.segmentation.chroma, search, c, self._rng())
            edges = [_edge(o, c.edge_sigma_px, c.edge_bias_px) for o in shaft]
            if len(edges) == 2:  # both or none: one alone cannot be told from a stranger's
                found.edges += 2 * self._admit(lumped, pose, edges, found)
            tip = observe_tip(
                view.eye, pose, view.image_rgb, view.segmentation, 20.0 if not is_search else 50.0, c
            )
            if tip is not None:
                groups = [_tip(tip, jaw, c.tip_sigma_px, c.tip_bias_px)]
                found.tips += self._admit(lumped, pose, groups, found)
        return found

    def _admit(
        self, lumped: LumpedFilter, pose: ToolPose, groups: list[Linearise], found: _Frame
    ) -> bool:
        """Take measurements that belong together if they fit the prediction, together."""
        made = [g for g in (group(pose) for group in groups) if g is not None]
        if len(made) < len(groups):
            return False
        if lumped.distance(stack(made)) > self._config.gate_sigma:
            found.refused += 1
            return False
        found.groups += groups
        return True

    def _update(
        self,
        lumped: LumpedFilter,
        groups: list[Linearise],
        joints: Array,
        T: Array,
        bias: Array,
        P: Array,
    ) -> Linearisation:
        for _ in range(2):
            pose = self._pose(lumped, joints)
            made = [g for g in (group(pose) for group in groups) if g is not None]
            lumped.step(stack(made), T, bias, P)
        return stack(made)

    def _reason(self, found: _Frame) -> str:
        reasons = []
        if found.touched:
            reasons.append(f"another instrument at the tool ({', '.join(found.touched)})")
        if found.edges == 0:
            reasons.append("shaft edges lost")
        if found.tips == 0:
            reasons.append("tip lost")
        return "; ".join(reasons)

    def _rng(self) -> np.random.Generator:
        """The same draws for the same points: a frame's result depends on the frame alone."""
        return np.random.default_rng(7)


def _edge(o: ShaftObservation, sigma_px: float, bias_px: float) -> Linearise:
    return lambda pose: linearise_shaft(o, pose, sigma_px, bias_px)


def _tip(o: TipObservation, jaw: float, sigma_px: float, bias_px: float) -> Linearise:
    return lambda pose: linearise_tip(o, pose, jaw, sigma_px, bias_px)
