# SPDX-License-Identifier: Apache-2.0
"""The way in: up to a safe height, across, then down along the normal, never below the end.

Every leg is a straight line between two heights that are both at or above the end's, so no
point of the way is below it (for a tip that did not begin below).
"""

import numpy as np

from trocar.geometry import Array


class Approach:
    """Says where to go next; remembers only whether it is descending, with hysteresis.

    clearance: extra height while crossing; capture and escape: lateral distances at which the
    descent begins and ends; all in m.
    """

    def __init__(self, clearance: float, capture: float, escape: float) -> None:
        """Begin crossing."""
        self.clearance, self.capture, self.escape = clearance, capture, escape
        self.is_descending = False

    def restart(self) -> None:
        """Forget that it was descending."""
        self.is_descending = False

    def next(self, offset: Array, end: Array, n: Array) -> Array:
        """The next way point (3,) for a tip at `offset` (3,) on its way to `end` (3,).

        All are relative to the target, n (3,) is its unit normal, in any one frame.
        """
        gap = offset - end
        height = float(gap @ n)
        lateral = gap - height * n
        distance = float(np.linalg.norm(lateral))
        if distance < self.capture:
            self.is_descending = True
        elif distance > self.escape:
            self.is_descending = False
        if self.is_descending:
            return end
        if height < 0.0:  # too low and beside the point: straight up first
            return end + lateral + self.clearance * n
        return end + max(height, self.clearance) * n
