# SPDX-License-Identifier: Apache-2.0
"""Wide search: from kinematics that may be off by a shaft's width to an outline that is settled.

A shift per eye (coarse.py) first, then outline searches of falling width, each repeated until it
moves no more.  What it ends in is believed only where the kinematics can be that wrong and where
the projected tool is instrument-coloured.
"""

import numpy as np

from trocar.geometry import Array
from trocar.perception.tool.coarse import find_shift
from trocar.perception.tool.eye import Eye
from trocar.perception.tool.filter import Linearisation, LumpedFilter
from trocar.perception.tool.model import ToolPose
from trocar.perception.tool.observer import Observer, View, join
from trocar.perception.tool.report import FollowReport
from trocar.perception.tool.silhouettes import coverage, draw_tool

_COVERED = 0.8  # share of the projected tool in view that must be instrument-coloured at the end
_SEEN = 0.5  # share of the projected outline that must be seen in its place at the end
_AGREEMENT = 0.3  # overlap over union that a shift must reach to be used
_SHIFT_SIGMA_PX = 6.0
_ROUNDS = 6  # at most, per search width
_SETTLED_PX = 0.3  # median motion of the outline in the last round


def acquire(observer: Observer, lumped: LumpedFilter, views: list[View], joints: Array) -> str:
    """Search from the filter's state, then from bare kinematics; "" or why in vain.

    In vain leaves the filter at its prior.
    """
    fault = _search(observer, lumped, views, joints)
    if fault and not np.allclose(lumped.belief.T_correction, np.eye(4)):
        lumped.reset()
        fault = _search(observer, lumped, views, joints)
    if fault:
        lumped.reset()
    return fault


def _search(observer: Observer, lumped: LumpedFilter, views: list[View], joints: Array) -> str:
    config, prior = observer.config, lumped.belief
    pose = observer.pose(prior, joints)
    parts = []
    for view in views:
        shift = find_shift(view.eye, pose, view.segmentation, config.wide_reach_px)
        if shift is not None and shift.agreement > _AGREEMENT:
            parts.append(_linearise_shift(view.eye, pose, shift.shift_px))
    if not parts:
        return "no silhouette like the tool's near the kinematic prediction"
    lumped.update(join(parts), prior, _SHIFT_SIGMA_PX)
    for search_px in config.search_px:
        sigma_px = max(config.edge_sigma_px, search_px / config.search_confidence)
        for _ in range(_ROUNDS):
            report = observer.measure(lumped, views, joints, prior, search_px, sigma_px, gate=False)
            if report.eyes == 0:
                return "no outline near the silhouette"
            if lumped.distance_from_prior() > config.prior_gate:
                return "the silhouette's pose is farther off than the kinematics can be wrong"
            if report.moved_px < _SETTLED_PX:
                break
    if report.moved_px > 3.0 * _SETTLED_PX:
        return "the search did not settle on the silhouette"
    fault = _check_cover(observer.pose(lumped.belief, joints), views)
    if fault:
        return fault
    # Gated from where the search ended, but an update of the same prior: no frame counts twice.
    sigma_px = config.edge_sigma_px
    report = observer.measure(lumped, views, joints, prior, search_px, sigma_px, gate=True)
    return _check_outline(report)


def _linearise_shift(eye: Eye, pose: ToolPose, shift_px: Array) -> Linearisation:
    """The shift as a measurement of the control point's pixel."""
    p = pose.T_camera_tool[None, :3, 3]
    J = (eye.pixel_jacobian(p) @ pose.point_jacobian(p, 0))[0]
    return Linearisation(shift_px, J, np.zeros(2, np.int64))


def _check_outline(report: FollowReport) -> str:
    """Most of the outline must be seen where it is predicted: another instrument's is not."""
    if report.touched:
        return f"another instrument at the tool ({', '.join(report.touched)}) while searching"
    share = float(report.accepted.sum() / max(report.predicted.sum(), 1.0))
    if report.refused or share < _SEEN:
        return f"only {100.0 * share:.0f} % of the projected outline is seen"
    return ""


def _check_cover(pose: ToolPose, views: list[View]) -> str:
    masks = [(draw_tool(view.eye, pose), view) for view in views]
    shares = [coverage(mask, view.segmentation) for mask, view in masks if mask.any()]
    if not shares or min(shares) < _COVERED:
        share = min(shares, default=0.0)
        return f"only {100.0 * share:.0f} % of the projected tool is instrument-coloured"
    return ""
