# SPDX-License-Identifier: Apache-2.0
"""Comparing the projected instrument with the blobs: agreement, strangers, masks.

Masks are (H/2, W/2) uint8, 0 or 1, on the segmentation's grid unless said.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.perception.interfaces import Mask
from trocar.perception.tool.eye import Eye
from trocar.perception.tool.model import ToolPose
from trocar.perception.tool.outline import project_hulls
from trocar.perception.tool.segmentation import Segmentation

Small = NDArray[np.uint8]

_SHIFT = 4  # fractional bits of OpenCV's polygon coordinates
_FARTHEST_PX = 16000.0  # the range of the fixed-point coordinates
_STRANGER_PX = 80  # half-resolution px^2 of another instrument within reach of this one
_REACH_PX = 24.0


def draw_tool(eye: Eye, pose: ToolPose, shrink: int = 2, pad: int = 0) -> Small:
    """The projected instrument on a grid `shrink` times coarser, with `pad` cells all round."""
    height = eye.intrinsics.height // shrink + 2 * pad
    width = eye.intrinsics.width // shrink + 2 * pad
    mask = np.zeros((height, width), np.uint8)
    for hull, *_ in project_hulls(eye, pose):
        # Centre of cell i is full-resolution pixel shrink * i + (shrink - 1) / 2.
        cell = (np.clip(hull, -_FARTHEST_PX, _FARTHEST_PX) - 0.5 * (shrink - 1)) / shrink + pad
        points = np.rint(cell * 2**_SHIFT).astype(np.int32)
        cv2.fillConvexPoly(mask, points, 1, shift=_SHIFT)
    return mask


def dilate(mask: Small, radius_px: float) -> Small:
    """Mask grown by a radius given in full-resolution px."""
    r = max(int(np.ceil(radius_px / 2.0)), 1)
    return cv2.dilate(mask, np.ones((2 * r + 1, 2 * r + 1), np.uint8))


def coverage(predicted: Small, segmentation: Segmentation) -> float:
    """Share of the prediction that is instrument-coloured; 0 where nothing is predicted in view."""
    area = int(predicted.sum())
    return float((segmentation.blobs[predicted > 0] > 0).sum()) / area if area else 0.0


def is_touched(predicted: Small, segmentation: Segmentation, slack_px: float) -> bool:
    """Whether another instrument reaches the neighbourhood of this one.

    Instrument pixels within 24 px of the prediction count, beyond the `slack_px` granted to itself.
    """
    near = dilate(predicted, slack_px + _REACH_PX) - dilate(predicted, slack_px)
    return int(((segmentation.blobs > 0) & (near > 0)).sum()) > _STRANGER_PX


def instrument_mask(segmentation: Segmentation, predicted: Small | None, margin_px: int) -> Mask:
    """Full-resolution mask (H, W): every blob and the projected tool, dilated by the margin."""
    mask = (segmentation.blobs > 0).astype(np.uint8)
    if predicted is not None:
        mask |= predicted
    height, width = segmentation.chroma.shape
    grown = dilate(mask, margin_px)
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
