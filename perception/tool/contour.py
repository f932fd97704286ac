# SPDX-License-Identifier: Apache-2.0
"""The silhouette as measurements: sub-pixel offsets of the real outline from the predicted one.

Along each outline sample's normal (outwards, s in px) the instrument's edge is the steepest rise of
linear chroma, grey to red, and its position where the profile crosses the mean of the two local
levels.  A sample counts only with that polarity, with grey inwards and red outwards, so an
instrument that lies across yields none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool.outline import Outline
from trocar.perception.tool.segmentation import Image32

_REACH = 3  # px, each side, of the step filter and of the local levels
_INWARDS_PX = 6  # px inside the edge that must be grey


@dataclass(frozen=True)
class ContourObservation:
    """Offsets (N,) px, outwards, of the seen outline from the prediction; sound (N,) usable."""

    outline: Outline
    offset: Array
    sound: NDArray[np.bool_]


def find_steps(profile: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Position (N,) in samples of the grey-to-red step in profiles (N, K), and soundness (N,)."""
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
    back = (i - 1)[:, None] - np.arange(length)
    inwards = (back > 0) & (back <= _INWARDS_PX)
    grey = np.where(inwards, profile > middle[:, None], False).sum(axis=1) <= 1
    sound = (x0 <= middle) & (x1 > middle) & (low < 0.45 * high) & grey
    return position, sound & np.isfinite(position)


def observe_contour(outline: Outline, chroma: Image32, search_px: float) -> ContourObservation:
    """Measure an outline in one eye's chroma (H, W), within `search_px` either way."""
    if len(outline) == 0:
        return ContourObservation(outline, np.empty(0), np.empty(0, bool))
    s = np.arange(-search_px - 2 * _REACH, search_px + 2 * _REACH + 1.0)
    where = outline.uv[:, None, :] + s[:, None] * outline.normal[:, None, :]
    profile = cv2.remap(
        chroma, where.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(float)
    position, sound = find_steps(profile)
    offset = position + s[0]
    at_edge = outline.uv + offset[:, None] * outline.normal
    bright = profile.max(axis=1) > 0.25 * float(np.median(profile[:, -_REACH:]))
    sound &= bright & (np.abs(offset) <= search_px)
    sound &= outline.eye.is_inside(at_edge, _REACH + 1.0)
    return ContourObservation(outline, np.where(sound, offset, 0.0), sound)
