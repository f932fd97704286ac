# SPDX-License-Identifier: Apache-2.0
"""The tip: the extremal point of the instrument's blob along the projected tool axis."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.filter import SIZE, Linearisation
from trocar.perception.tool.model import Eye, ToolPose, pinhole
from trocar.perception.tool.segmentation import Segmentation, instrument_pixels

_TOGETHER_PX = 6.0  # jaw tips nearer than this along the axis are seen as one end
_SHORTEST_PX = 15.0  # jaws that point at the lens have no end to see
_END_PIXELS = 8  # the extremal point is the mean of so many outermost pixels


@dataclass(frozen=True)
class TipObservation:
    """End of the blob in one eye: `point` (2,) px; `axis` (2,) the direction it is extremal in."""

    eye: Eye
    point: Array
    axis: Array


def projected_axis(eye: Eye, pose: ToolPose) -> tuple[Array, Array, float]:
    """Control point (2,) px, unit direction (2,) of the jaws in the image, their length in px."""
    ends = eye.project(np.stack([pose.T_camera_tool[:3, 3], pose.p_jaw_tip]))
    along = ends[1] - ends[0]
    length = float(np.linalg.norm(along))
    return ends[0], along / max(length, 1e-9), length


def extremal_point(uv: Array, axis: Array) -> Array:
    """End (2,) of pixels (N, 2) along `axis`; across it, the middle of the end."""
    normal = np.array([-axis[1], axis[0]])
    along, lateral = uv @ axis, uv @ normal
    count = min(_END_PIXELS, len(along))
    end = float(np.partition(along, -count)[-count:].mean())
    tail = lateral[along > end - _TOGETHER_PX]
    return end * axis + 0.5 * (tail.min() + tail.max()) * normal


def observe_tip(
    eye: Eye,
    pose: ToolPose,
    image_rgb: NDArray[np.uint8],
    segmentation: Segmentation,
    reach_px: float,
    config: ToolTrackerConfig,
) -> TipObservation | None:
    """Tip within `reach_px` of its prediction; None where the blob does not end there."""
    start, axis, length = projected_axis(eye, pose)
    if length < _SHORTEST_PX:
        return None
    end = start + length * axis
    low = np.floor(np.minimum(start, end) - reach_px - 20.0).astype(int)
    high = np.ceil(np.maximum(start, end) + reach_px + 20.0).astype(int)
    height, width = segmentation.chroma.shape
    low, high = np.maximum(low, 0), np.minimum(high, [width - 1, height - 1])
    if (high - low).min() < 8 or not eye.is_inside(end, 8.0):
        return None
    crop = image_rgb[low[1] : high[1] + 1, low[0] : high[0] + 1]
    grey = instrument_pixels(crop, segmentation.threshold, config.brightness_cap)
    # Glints on the metal leave holes and notches: close them over about 1 mm.
    grey = cv2.morphologyEx(cv2.medianBlur(grey, 3), cv2.MORPH_CLOSE, _CLOSE)
    _, labels = cv2.connectedComponents(grey, connectivity=4)
    # The blob is the component that holds most of the predicted jaws' axis.
    on_axis = start + np.linspace(0.0, 0.8 * length, 12)[:, None] * axis - low
    column, line = np.clip(np.rint(on_axis).astype(int), 0, (high - low)).T
    held = np.bincount(labels[line, column])[1:]
    if len(held) == 0 or held.max() < 4:
        return None
    v, u = np.nonzero(labels == int(np.argmax(held)) + 1)
    uv = np.column_stack([u, v]) + low.astype(float)
    ahead = uv[(uv - start) @ axis > 0.3 * length]
    if len(ahead) < 2 * _END_PIXELS:
        return None
    point = extremal_point(ahead, axis)
    if np.linalg.norm(point - end) > reach_px + 10.0:
        return None
    if ((point - low) < 3.0).any() or ((high - point) < 3.0).any():
        return None  # cut by the window: the blob goes on, it is not the tip
    return TipObservation(eye, point, axis)


def linearise_tip(
    observation: TipObservation, pose: ToolPose, jaw: float, sigma_px: float, bias_px: float
) -> Linearisation:
    """End of the jaws, opened by `jaw` (rad), along and across the axis, at this pose."""
    eye, axis = observation.eye, observation.axis
    tips = pose.jaw_tips(jaw)
    pixels, derivatives = zip(*(pinhole(eye, tip) for tip in tips), strict=True)
    along = np.array([p @ axis for p in pixels])
    # Seen as one end: the middle across, the farther one along.  Otherwise only the farther one.
    first = int(np.argmax(along))
    share = np.array([0.5, 0.5])
    if abs(along[0] - along[1]) > _TOGETHER_PX:
        share = np.eye(2)[first]
    normal = np.array([-axis[1], axis[0]])
    residual, rows = [], []
    for direction, weight in ((axis, np.eye(2)[first]), (normal, share)):
        predicted = sum(w * (p @ direction) for w, p in zip(weight, pixels, strict=True))
        residual.append(observation.point @ direction - predicted)
        row = np.zeros(SIZE)
        for w, tip, J in zip(weight, tips, derivatives, strict=True):
            row += w * (direction @ J @ point_jacobian(pose, tip))
        rows.append(row)
    return Linearisation(
        np.array(residual), np.stack(rows), np.full(2, sigma_px), np.full(2, bias_px)
    )


def point_jacobian(pose: ToolPose, x: Array) -> Array:
    """Motion (3, 8) of a point x (3,) of the jaws with the state: v + w x X, and the wrist's axes."""
    J = np.zeros((3, SIZE))
    J[:, :3] = np.eye(3)
    J[:, 3:6] = -np.array([[0.0, -x[2], x[1]], [x[2], 0.0, -x[0]], [-x[1], x[0], 0.0]])
    J[:, 6:] = np.cross(pose.wrist_axes, x - pose.wrist_origins).T
    return J


_CLOSE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
