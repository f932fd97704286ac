# SPDX-License-Identifier: Apache-2.0
"""How long an image takes to become a set-point, from what the loop itself stamped."""

from collections import deque

import numpy as np

MS = 1e6  # ns
_KEPT = 100_000  # newest samples; at 15 Hz nearly two hours


class SetpointLatency:
    """Collects image-to-set-point and topic-to-set-point of follow commands.

    Image: `command_applied_ns` of the first tick that used an image, minus its stamp.  Topic:
    the same tick minus the arrival of the estimate here.  All stamps are of one clock.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._image_ms: deque[float] = deque(maxlen=_KEPT)
        self._topic_ms: deque[float] = deque(maxlen=_KEPT)
        self._arrived: dict[int, int] = {}
        self._last_ns = 0

    def arrived(self, stamp_ns: int, now_ns: int) -> None:
        """An estimate of that image came in."""
        self._arrived[stamp_ns] = now_ns
        while len(self._arrived) > 64:
            self._arrived.pop(next(iter(self._arrived)))

    def applied(self, stamp_ns: int, applied_ns: int) -> None:
        """The loop reports the newest image it has used; an image counts once."""
        if stamp_ns <= self._last_ns or applied_ns <= 0:
            return
        self._last_ns = stamp_ns
        self._image_ms.append((applied_ns - stamp_ns) / MS)
        arrived_ns = self._arrived.pop(stamp_ns, None)
        if arrived_ns is not None:
            self._topic_ms.append((applied_ns - arrived_ns) / MS)

    def report(self) -> dict[str, dict[str, float | int | None]]:
        """p50, p99 in ms and n of both."""
        return {
            "image_to_setpoint_ms": _percentiles(self._image_ms),
            "topic_to_setpoint_ms": _percentiles(self._topic_ms),
        }


def _percentiles(samples: "deque[float]") -> dict[str, float | int | None]:
    if not samples:
        return {"p50": None, "p99": None, "n": 0}
    p50, p99 = np.percentile(np.array(samples), [50, 99])
    return {"p50": float(p50), "p99": float(p99), "n": len(samples)}
