# SPDX-License-Identifier: Apache-2.0
"""When to draw: evenly spaced deadlines, of which late ones are dropped and never queued."""


class FramePacer:
    """Deadlines `period_ns` apart from the first call on; time is the caller's monotonic clock."""

    def __init__(self, period_ns: int) -> None:
        """The first frame is due at once."""
        self.period_ns = period_ns
        self.dropped = 0
        self._next_ns: int | None = None

    def wait_ns(self, now_ns: int) -> int:
        """How long until the next frame is due; 0 when it is."""
        return 0 if self._next_ns is None else max(0, self._next_ns - now_ns)

    def taken(self, now_ns: int) -> int:
        """Take the frame that is due; returns how many whole periods had gone by unused."""
        if self._next_ns is None:
            self._next_ns = now_ns
        missed = max(0, now_ns - self._next_ns) // self.period_ns
        self._next_ns += (missed + 1) * self.period_ns
        self.dropped += missed
        return missed
