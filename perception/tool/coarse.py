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
    """Best shift within `reach_px` per axis onto the blobs; None where no instrument is in view.

    Maximises overlap over union at a quarter of the resolution, for all shifts at once by
    correlation.  Each blob alone, as another instrument elsewhere must not count, and all
    together, as glints may have cut the tool in two.
    """
    pad = int(np.ceil(reach_px / _SHRINK))
    template = draw_tool(eye, pose, _SHRINK, pad).astype(np.float32)
    size = (eye.intrinsics.width // _SHRINK, eye.intrinsics.height // _SHRINK)
    if template.sum() < _SMALLEST_CELLS:
        return None
    drawn = cv2.matchTemplate(template, np.ones(size[::-1], np.float32), cv2.TM_CCORR)
    best = None
    for label in range(len(segmentation.areas)):
        blob = segmentation.blobs == label if label else segmentation.blobs > 0
        seen = cv2.resize(blob.astype(np.float32), size, interpolation=cv2.INTER_AREA)
        total = float(seen.sum())
        if total < _SMALLEST_CELLS:
            continue
        overlap = cv2.matchTemplate(template, seen, cv2.TM_CCORR)
        agreement = overlap / np.maximum(total + drawn - overlap, 1.0)
        row, column = np.unravel_index(int(np.argmax(agreement)), agreement.shape)
        if best is None or agreement[row, column] > best.agreement:
            # Window (row, column) of the padded canvas: moved by pad - (column, row).
            shift = _SHRINK * np.array([pad - column, pad - row], dtype=float)
            best = Shift(shift, float(agreement[row, column]))
    return best
