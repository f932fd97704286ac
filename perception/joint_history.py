# SPDX-License-Identifier: Apache-2.0
"""Joint states by time: the ones that belong to a picture are those at its capture.

The arm moves several millimetres between the capture of a frame and its arrival; joints
read at arrival would charge that to the calibration.
"""

from bisect import bisect_left
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array


@dataclass(frozen=True)
class JointLookup:
    """q (n,) at the asked stamp, or None with the reason why it cannot be told."""

    q: Array | None
    reason: str = ""


class JointHistory:
    """The last `keep_s` of measured joints; interpolates linearly, extrapolates within a limit."""

    def __init__(
        self, keep_s: float = 2.0, extrapolate_s: float = 0.025, gap_s: float = 0.1
    ) -> None:
        """`gap_s`: two samples farther apart are not joined by a line."""
        self._keep_ns = round(keep_s * 1e9)
        self._extrapolate_ns = round(extrapolate_s * 1e9)
        self._gap_ns = round(gap_s * 1e9)
        self._stamps: deque[int] = deque()
        self._q: deque[Array] = deque()

    def add(self, stamp_ns: int, q: ArrayLike) -> bool:
        """Take joints q (n,) at a stamp; False where not newer, not finite, or of another size.

        A stamp that falls back by more than what is kept means a new clock: the past is dropped.
        """
        sample = np.array(q, dtype=float)
        if self._stamps and stamp_ns < self._stamps[-1] - self._keep_ns:
            self._stamps.clear()
            self._q.clear()
        if not np.isfinite(sample).all() or sample.ndim != 1:
            return False
        if self._stamps and (stamp_ns <= self._stamps[-1] or sample.shape != self._q[-1].shape):
            return False
        self._stamps.append(stamp_ns)
        self._q.append(sample)
        while self._stamps[0] < stamp_ns - self._keep_ns:
            self._stamps.popleft()
            self._q.popleft()
        return True

    @property
    def newest_ns(self) -> int:
        """Stamp of the newest sample; -1 where there is none."""
        return self._stamps[-1] if self._stamps else -1

    def at(self, stamp_ns: int) -> JointLookup:
        """Joints at a stamp."""
        if not self._stamps:
            return JointLookup(None, "no joint state has arrived")
        i = bisect_left(self._stamps, stamp_ns)
        if i < len(self._stamps) and self._stamps[i] == stamp_ns:
            return JointLookup(self._q[i].copy())
        if i == 0:
            ahead_ms = (self._stamps[0] - stamp_ns) * 1e-6
            return JointLookup(
                None, f"capture is {ahead_ms:.0f} ms older than the oldest joint state kept"
            )
        if i == len(self._stamps):
            return self._extrapolate(stamp_ns)
        before, after = self._stamps[i - 1], self._stamps[i]
        if after - before > self._gap_ns:
            return JointLookup(
                None, f"joint states have a gap of {(after - before) * 1e-6:.0f} ms at capture"
            )
        s = (stamp_ns - before) / (after - before)
        return JointLookup((1.0 - s) * self._q[i - 1] + s * self._q[i])

    def _extrapolate(self, stamp_ns: int) -> JointLookup:
        late_ns = stamp_ns - self._stamps[-1]
        if late_ns > self._extrapolate_ns:
            return JointLookup(
                None,
                f"newest joint state is {late_ns * 1e-6:.0f} ms older than the capture, "
                f"limit {self._extrapolate_ns * 1e-6:.0f} ms",
            )
        newest = self._q[-1]
        if len(self._q) < 2 or self._stamps[-1] - self._stamps[-2] > self._gap_ns:
            return JointLookup(newest.copy())
        rate = (newest - self._q[-2]) / (self._stamps[-1] - self._stamps[-2])
        return JointLookup(newest + rate * late_ns)
