# SPDX-License-Identifier: Apache-2.0
"""Sub-pixel shaft edges: chroma profiles across the predicted edges, reduced to two points each.

Along a profile (outwards, s in px) an instrument's edge is the steepest rise of linear chroma,
grey to red; its position is where the profile crosses the mean of the two local levels.  A
sample counts only with that polarity, with grey all the way inwards and red outwards, so an
instrument lying across the shaft yields no samples where it lies.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from trocar.geometry import Array, transform_points
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.filter import SIZE, Linearisation
from trocar.perception.tool.lines import OffsetLine, fit_offset_line
from trocar.perception.tool.model import (
    Eye,
    ToolPose,
    edge_contacts,
    shaft_lines,
    shaft_span,
)
from trocar.perception.tool.segmentation import Image32

_REACH = 3  # px, each side, of the step filter and of the local levels
_SAMPLE_NOISE_PX = 1.2  # largest deviation of a sound sample from its line is 3 times this


@dataclass(frozen=True)
class ShaftObservation:
    """One edge (0 or 1, order of `ShaftLines`) of one eye: two points (2, 2) px on it and their
    white sigma in px; `count` samples stand behind it.
    """

    eye: Eye
    edge: int
    points: Array
    sigma_px: float
    count: int


def visible_stations(eye: Eye, pose: ToolPose, config: ToolTrackerConfig, clearance: float) -> Array:
    """Distances (N,) in m behind the wrist at which at least one edge is inside the image."""
    lines = shaft_lines(eye, pose)
    span = shaft_span(eye, pose, clearance, config.shaft_reach)
    if lines is None or span is None:
        return np.empty(0)
    back = np.linspace(*span, 32)
    uv = eye.project(edge_contacts(eye, pose, lines, back))
    inside = np.flatnonzero(eye.is_inside(uv).any(axis=0))
    if len(inside) < 2:
        return np.empty(0)
    return np.linspace(back[inside[0]], back[inside[-1]], config.stations)


def find_steps(profile: Array) -> tuple[Array, Array]:
    """Position (N,) in samples of the grey-to-red step in each profile (N, K), and soundness (N,)."""
    n, length = profile.shape
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(profile, axis=1)], axis=1)
    mean = (total[:, _REACH:] - total[:, :-_REACH]) / _REACH  # mean[:, i]: samples i .. i+2
    rise = mean[:, _REACH + 1 :] - mean[:, : -_REACH - 1]  # round sample i + _REACH
    i = np.argmax(rise, axis=1) + _REACH
    row = np.arange(n)
    low, high = mean[row, i - _REACH], mean[row, i + 1]
    middle = 0.5 * (low + high)
    # Cross the middle between i - 1 and i + 1, where the steepest rise is.
    a, b, c = profile[row, i - 1], profile[row, i], profile[row, i + 1]
    first = b >= middle
    x0, x1 = np.where(first, a, b), np.where(first, b, c)
    with np.errstate(divide="ignore", invalid="ignore"):
        position = np.where(first, i - 1, i) + (middle - x0) / (x1 - x0)
    inwards = np.arange(length) < (i - 1)[:, None]
    grey = np.where(inwards, profile > middle[:, None], False).sum(axis=1) <= 1
    sound = (x0 <= middle) & (x1 > middle) & (low < 0.45 * high) & grey
    return position, sound & np.isfinite(position)


def observe_shaft(
    eye: Eye,
    pose: ToolPose,
    chroma: Image32,
    search_px: float,
    config: ToolTrackerConfig,
    rng: np.random.Generator,
) -> list[ShaftObservation]:
    """Edges seen in one eye (none, one or two), searched within `search_px` of the prediction."""
    lines = shaft_lines(eye, pose)
    back = visible_stations(eye, pose, config, config.shaft_clearance)
    if lines is None or len(back) == 0:
        return []
    uv = eye.project(edge_contacts(eye, pose, lines, back))
    outwards = -lines.lines[:, :2]
    offsets = np.arange(-search_px - 2 * _REACH, search_px + 2 * _REACH + 1.0)
    where = uv[:, :, None, :] + offsets[:, None] * outwards[:, None, None, :]
    grid = where.reshape(-1, len(offsets), 2).astype(np.float32)
    profile = cv2.remap(chroma, grid, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    position, sound = find_steps(profile.astype(float))
    ends_inside = eye.is_inside(where[:, :, [0, -1]]).all(axis=-1)
    offset = position.reshape(2, -1) + offsets[0]
    sound = sound.reshape(2, -1) & ends_inside & (np.abs(offset) <= search_px)
    floor = 0.25 * float(np.median(profile[:, -_REACH:]))  # a step must be a fair part of tissue
    bright = profile.max(axis=1).reshape(2, -1) > floor
    seen = []
    for edge in range(2):
        good = sound[edge] & bright[edge]
        tangent = np.array([-lines.lines[edge, 1], lines.lines[edge, 0]])
        along = uv[edge] @ tangent
        fit = fit_offset_line(
            along[good], offset[edge, good], _SAMPLE_NOISE_PX, config.min_stations, rng
        )
        if fit is not None and fit.count >= 0.5 * good.sum():
            seen.append(reduce_edge(eye, edge, fit, uv[edge, 0], tangent, outwards[edge]))
    return seen


def reduce_edge(
    eye: Eye, edge: int, fit: OffsetLine, origin: Array, tangent: Array, outwards: Array
) -> ShaftObservation:
    """Two points with independent errors that stand for all samples of an edge."""
    t = fit.centre + np.array([-1.0, 1.0]) * fit.spread
    offset = fit.level + fit.slope * (t - fit.centre)
    foot = origin + (t - origin @ tangent)[:, None] * tangent
    points = foot + offset[:, None] * outwards
    return ShaftObservation(eye, edge, points, fit.sigma * np.sqrt(2.0 / fit.count), fit.count)


def linearise_shaft(
    observation: ShaftObservation, pose: ToolPose, sigma_px: float, bias_px: float
) -> Linearisation | None:
    """Signed distances of the two points from the predicted edge at this pose.

    If the tool's surface moves by dX at the contact point X, the tangent plane n . X = 0 turns so
    that the edge moves by n . dX / (Z scale) in px (Z depth of X; sliding along the surface does
    not matter to first order).
    """
    eye, k = observation.eye, observation.edge
    lines = shaft_lines(eye, pose)
    if lines is None:
        return None
    n, line, scale = lines.normals[k], lines.lines[k], lines.scale[k]
    uv1 = np.column_stack([observation.points, np.ones(len(observation.points))])
    distance = uv1 @ line
    rays = (uv1 @ np.linalg.inv(eye.intrinsics.matrix).T) @ eye.T_eye_camera[:3, :3]
    start = edge_contacts(eye, pose, lines, np.zeros(1))[k, 0]
    from_eye = start + eye.T_eye_camera[:3, :3].T @ eye.T_eye_camera[:3, 3]
    across = np.cross(pose.direction, rays)
    back = (np.cross(from_eye, rays) * across).sum(axis=1) / (across**2).sum(axis=1)
    X = start - back[:, None] * pose.direction
    depth = transform_points(eye.T_eye_camera, X)[:, 2]
    J = np.zeros((len(X), SIZE))
    J[:, :3] = n
    J[:, 3:6] = np.cross(X, n)
    J *= -1.0 / (depth * scale)[:, None]
    sigma = np.full(len(X), np.hypot(sigma_px, observation.sigma_px))
    return Linearisation(-distance, J, sigma, np.full(len(X), bias_px))
