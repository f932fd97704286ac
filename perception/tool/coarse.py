# SPDX-License-Identifier: Apache-2.0
"""Wide search: the shift that lays the projected instrument on the blobs of one eye.

With the base off by 5-10 mm and 3-5 deg the projection is off by up to 100 px, too far for
edge profiles.  The rotation matters little inside the picture; a shift per eye starts the
outline search.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from trocar.geometry import Array
from trocar.perception.tool.eye import Eye
from trocar.perception.tool.model import ToolPose
from trocar.perception.tool.segmentation import Segmentation
from trocar.perception.tool.silhouettes import draw_tool

_SHRINK = 4
_SMALLEST_CELLS = 40  # of instrument in view, to be worth laying on


@dataclass(frozen=True)
class Shift:
    """Displacement (2,) px of the whole projection; agreement in [0, 1]: overlap over union."""

    shift_px: Array
    agreement: float


def find_shift(
    eye: Eye, pose: ToolPose, segmentation: Segmentation, reach_px: float
) -> Shift | None:
    """Best shift within `reach_px` per axis; None where no instrument is in view.

    Minimises the count of cells in which projection and blobs differ, at a quarter of the
    resolution, for all shifts at once by correlation.
    """
    pad = int(np.ceil(reach_px / _SHRINK))
    template = draw_tool(eye, pose, _SHRINK, pad).astype(np.float32)
    size = (eye.intrinsics.width // _SHRINK, eye.intrinsics.height // _SHRINK)
    seen = cv2.resize(
        (segmentation.blobs > 0).astype(np.float32), size, interpolation=cv2.INTER_AREA
    )
    total = float(seen.sum())
    if total < _SMALLEST_CELLS or template.sum() < _SMALLEST_CELLS:
        return None
    overlap = cv2.matchTemplate(template, seen, cv2.TM_CCORR)
    drawn = cv2.matchTemplate(template, np.ones_like(seen), cv2.TM_CCORR)
    union = total + drawn - overlap
    agreement = overlap / np.maximum(union, 1.0)
    row, column = np.unravel_index(int(np.argmax(agreement)), agreement.shape)
    # Window (row, column) of the padded canvas is the projection moved by pad - (column, row).
    shift = _SHRINK * np.array([pad - column, pad - row], dtype=float)
    return Shift(shift, float(agreement[row, column]))
