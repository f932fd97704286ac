# SPDX-License-Identifier: Apache-2.0
"""When a physics step is due in wall time: absolute deadlines, none ever dropped.

A late step is caught up by running the next ones without a pause.  The caller gives the time,
from any monotonic clock in ns.
"""

from collections import deque

import numpy as np

_WINDOW = 20_000  # steps kept for the quantiles: 20 s at 1 kHz


class TickPacer:
    """Deadlines `period_ns` apart, the first at `start_ns`.

    `ticks` steps taken, `overruns` of them begun more than a whole period late, `late_us` how
    late each of the last 20,000 began.
    """

    def __init__(self, period_ns: int, start_ns: int) -> None:
        """The first step is due at once."""
        self.period_ns = period_ns
        self.start_ns = start_ns
        self.ticks = 0
        self.overruns = 0
        self.late_us: deque[float] = deque(maxlen=_WINDOW)

    def slack_ns(self, now_ns: int) -> int:
        """Time until the next step is due; negative when it is late."""
        return self.start_ns + self.ticks * self.period_ns - now_ns

    def taken(self, now_ns: int) -> None:
        """The next step begins now."""
        late_ns = -self.slack_ns(now_ns)
        self.overruns += late_ns > self.period_ns
        self.late_us.append(late_ns / 1e3)
        self.ticks += 1

    def realtime_factor(self, now_ns: int) -> float:
        """Simulated over elapsed time since the start; 1 as long as nothing stays behind."""
        elapsed_ns = max(now_ns - self.start_ns, 1)
        return min(1.0, self.ticks * self.period_ns / elapsed_ns)

    def lateness(self) -> dict[str, float | None]:
        """Quantiles in us of how late steps begin: p50, p99, max."""
        if not self.late_us:
            return {"p50": None, "p99": None, "max": None}
        p50, p99, most = np.percentile(self.late_us, [50, 99, 100])
        return {"p50": float(p50), "p99": float(p99), "max": float(most)}
