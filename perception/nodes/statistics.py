# SPDX-License-Identifier: Apache-2.0
"""What a process measures of itself: rates by topic, quantiles of times.  Time is an argument."""

from collections import deque

import numpy as np

_KEEP = 20_000  # samples: 20 min at 15 Hz


class Rate:
    """Events per second between the first and the last event."""

    def __init__(self) -> None:
        """No event yet."""
        self.count = 0
        self._first_ns = self._last_ns = 0

    def tick(self, now_ns: int) -> None:
        """One event at a monotonic time."""
        if not self.count:
            self._first_ns = now_ns
        self._last_ns = now_ns
        self.count += 1

    @property
    def hz(self) -> float | None:
        """Mean rate; None before the second event."""
        span_ns = self._last_ns - self._first_ns
        return (self.count - 1) * 1e9 / span_ns if span_ns > 0 else None


class Spread:
    """Quantiles of a bounded number of samples."""

    def __init__(self) -> None:
        """No sample yet."""
        self._samples: deque[float] = deque(maxlen=_KEEP)

    def add(self, value: float) -> None:
        """One sample."""
        self._samples.append(value)

    @property
    def last(self) -> float | None:
        """Newest sample."""
        return self._samples[-1] if self._samples else None

    def summary(self) -> dict[str, float | int | None]:
        """p50, p95, p99, max and the count n."""
        if not self._samples:
            return {"p50": None, "p95": None, "p99": None, "max": None, "n": 0}
        values = np.array(self._samples)
        p50, p95, p99 = (float(q) for q in np.percentile(values, [50, 95, 99]))
        return {"p50": p50, "p95": p95, "p99": p99, "max": float(values.max()), "n": len(values)}
