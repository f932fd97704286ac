# SPDX-License-Identifier: Apache-2.0
"""Wide search: shaft edges and tip from the silhouette blob, for a start from kinematics alone.

With the base off by 5-10 mm and 3-5 deg the projection is off by up to a shaft's width, too far
for edge profiles.  The blob that overlaps the (widened) prediction most is scanned across the
predicted axis; runs of about a shaft's width give two coarse edges, the blob's end the tip.
"""

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.edges import ShaftObservation, reduce_edge, visible_stations
from trocar.perception.tool.lines import fit_offset_line
from trocar.perception.tool.model import Eye, ToolPose, edge_contacts, shaft_lines
from trocar.perception.tool.segmentation import Segmentation
from trocar.perception.tool.silhouettes import dilate, predicted_mask
from trocar.perception.tool.tip import TipObservation, extremal_point, projected_axis

_WIDTH_RATIO = (0.6, 1.6)  # of a run to the predicted shaft: depth may be off by a third
_STEP_PX = 2.0  # the grid of the blobs
_SAMPLE_NOISE_PX = 4.0
_MIN_STATIONS = 8


def choose_blob(
    eye: Eye, pose: ToolPose, segmentation: Segmentation, reach_px: float, jaw: float
) -> NDArray[np.bool_] | None:
    """Half-resolution mask of the blob that overlaps the prediction most; None: none does."""
    near = dilate(predicted_mask(eye, pose, jaw), reach_px) > 0
    held = np.bincount(segmentation.blobs[near], minlength=len(segmentation.areas))[1:]
    if len(held) == 0 or held.max() == 0:
        return None
    return segmentation.blobs == int(np.argmax(held)) + 1


def coarse_shaft(
    eye: Eye,
    pose: ToolPose,
    blob: NDArray[np.bool_],
    reach_px: float,
    config: ToolTrackerConfig,
    rng: np.random.Generator,
) -> list[ShaftObservation]:
    """Both edges from runs of the blob across the predicted axis; none or two."""
    lines = shaft_lines(eye, pose)
    back = visible_stations(eye, pose, config, 1.5 * config.shaft_clearance)
    if lines is None or len(back) == 0:
        return []
    uv = eye.project(edge_contacts(eye, pose, lines, back))
    across = uv[1] - uv[0]
    width = np.linalg.norm(across, axis=1)
    across /= width[:, None]
    half = reach_px + 0.6 * float(width.max())
    s = np.arange(-half, half + _STEP_PX, _STEP_PX)
    where = uv.mean(axis=0)[:, None, :] + s[:, None] * across[:, None, :]
    inside = eye.is_inside(where)
    index = np.clip(np.rint((where - 0.5) / 2.0).astype(int), 0, None)
    v = np.minimum(index[..., 1], blob.shape[0] - 1)
    u = np.minimum(index[..., 0], blob.shape[1] - 1)
    first, last, whole = longest_runs(blob[v, u], inside)
    run = (last - first + 1) * _STEP_PX
    # One line per edge: the tangent of the predicted axis in the image carries both.
    sound = whole & (run > _WIDTH_RATIO[0] * width) & (run < _WIDTH_RATIO[1] * width)
    seen = []
    for edge, position in ((0, s[first] - 0.5 * _STEP_PX), (1, s[last] + 0.5 * _STEP_PX)):
        point = uv.mean(axis=0) + position[:, None] * across
        outwards = -lines.lines[edge, :2]
        tangent = np.array([-outwards[1], outwards[0]])
        offset = (point - uv[edge]) @ outwards
        along = point @ tangent
        fit = fit_offset_line(along[sound], offset[sound], _SAMPLE_NOISE_PX, _MIN_STATIONS, rng)
        if fit is not None:
            seen.append(reduce_edge(eye, edge, fit, uv[edge, 0], tangent, outwards))
    return seen if len(seen) == 2 else []


def longest_runs(
    member: NDArray[np.bool_], inside: NDArray[np.bool_]
) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.bool_]]:
    """First and last index (N,) of each row's longest run of True, and whether it ends inside."""
    n, length = member.shape
    padded = np.zeros((n, length + 2), np.int8)
    padded[:, 1:-1] = member & inside
    change = np.diff(padded, axis=1)
    first = np.zeros(n, np.intp)
    last = np.zeros(n, np.intp)
    whole = np.zeros(n, bool)
    for i in range(n):
        starts = np.flatnonzero(change[i] == 1)
        stops = np.flatnonzero(change[i] == -1)
        if len(starts) == 0:
            continue
        k = int(np.argmax(stops - starts))
        first[i], last[i] = starts[k], stops[k] - 1
        whole[i] = 0 < first[i] and last[i] < length - 1
        whole[i] = whole[i] and inside[i, first[i] - 1] and inside[i, last[i] + 1]
    return first, last, whole


def coarse_tip(
    eye: Eye, pose: ToolPose, blob: NDArray[np.bool_], reach_px: float
) -> TipObservation | None:
    """End of the blob along the predicted axis; None where the blob leaves the image there."""
    start, axis, length = projected_axis(eye, pose)
    v, u = np.nonzero(blob)
    uv = 2.0 * np.column_stack([u, v]) + 0.5
    normal = np.array([-axis[1], axis[0]])
    lateral = (uv - start) @ normal
    uv = uv[np.abs(lateral) < reach_px + 20.0]
    if length < 15.0 or len(uv) < 20:
        return None
    point: Array = extremal_point(uv, axis)
    return TipObservation(eye, point, axis) if eye.is_inside(point, 6.0) else None
