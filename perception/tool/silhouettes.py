# SPDX-License-Identifier: Apache-2.0
"""Comparing the projected instrument with the blobs: agreement, strangers, masks.

All masks here are (H/2, W/2) uint8, 0 or 1, on the segmentation's grid unless said.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.perception.interfaces import Mask
from trocar.perception.tool.model import Eye, ToolPose, silhouette
from trocar.perception.tool.segmentation import Segmentation

Small = NDArray[np.uint8]

_SHIFT = 4  # fractional bits of OpenCV's polygon coordinates
_STRANGER_PX = 100  # half-resolution px^2 of another instrument within reach of this one


def predicted_mask(eye: Eye, pose: ToolPose, jaw: float) -> Small:
    """The projected instrument."""
    size = (eye.intrinsics.height // 2, eye.intrinsics.width // 2)
    mask = np.zeros(size, np.uint8)
    for outline in silhouette(eye, pose, jaw):
        # Half-resolution pixel centres: full = 2 half + 0.5.
        half = np.clip((outline - 0.5) / 2.0, -4000.0, 4000.0).astype(np.float32)
        hull = cv2.convexHull(half)
        cv2.fillConvexPoly(mask, np.rint(hull * 2**_SHIFT).astype(np.int32), 1, shift=_SHIFT)
    return mask


def dilate(mask: Small, radius_px: float) -> Small:
    """Mask grown by a radius given in full-resolution px."""
    r = max(int(np.ceil(radius_px / 2.0)), 1)
    return cv2.dilate(mask, cv2.getStructuringElement(cv2.MORPH_RECT, (2 * r + 1, 2 * r + 1)))


def coverage(predicted: Small, segmentation: Segmentation) -> float:
    """Share of the prediction that is instrument-coloured; 0 where nothing is predicted in view."""
    area = int(predicted.sum())
    return float((segmentation.blobs[predicted > 0] > 0).sum()) / area if area else 0.0


def stranger_area(predicted: Small, segmentation: Segmentation, slack_px: float) -> int:
    """Instrument pixels (half resolution) near the tool that are not the tool's.

    Near: 24 px round the prediction, `slack_px` of which is granted to the tool itself.
    """
    near = dilate(predicted, slack_px + 24.0) - dilate(predicted, slack_px)
    return int(((segmentation.blobs > 0) & (near > 0)).sum())


def is_touched(predicted: Small, segmentation: Segmentation, slack_px: float) -> bool:
    """Whether another instrument reaches the neighbourhood of this one."""
    return stranger_area(predicted, segmentation, slack_px) > _STRANGER_PX


def instrument_mask(segmentation: Segmentation, predicted: Small | None, margin_px: int) -> Mask:
    """Full-resolution mask (H, W): every blob and the projected tool, dilated by the margin."""
    mask = (segmentation.blobs > 0).astype(np.uint8)
    if predicted is not None:
        mask |= predicted
    height, width = segmentation.chroma.shape
    grown = dilate(mask, margin_px)
    return cv2.resize(grown, (width, height), interpolation=cv2.INTER_NEAREST).astype(bool)
