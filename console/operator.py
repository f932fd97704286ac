# SPDX-License-Identifier: Apache-2.0
"""Who drives: one operator at a time, and only while the dead-man is held and fresh.

Pure: time is an argument (s, any monotonic clock).  Every way of losing the operator -
key released, page closed, server told nothing for `timeout` - ends in the same released
input, handed out exactly once.
"""

from trocar.console.messages import OperatorInput

INPUT_TIMEOUT = 0.100  # s, design.md section 2: 100 ms without news holds


class OperatorLease:
    """Turns the inputs of many clients into those of at most one operator."""

    def __init__(self, timeout: float = INPUT_TIMEOUT) -> None:
        """`timeout` in s: an operator silent for longer has let go."""
        self._timeout = timeout
        self._holder: int | None = None
        self._last_seq = -1
        self._last_time = 0.0
        self._must_release: set[int] = set()
        self.refusal = ""

    @property
    def holder(self) -> int | None:
        """The client that holds the dead-man, or None."""
        return self._holder

    def offer(self, client: int, sample: OperatorInput, now: float) -> OperatorInput | None:
        """The input to pass on, or None (then `refusal` says why, empty for a mere repetition)."""
        self.refusal = ""
        if not sample.deadman:
            self._must_release.discard(client)
            return self.release(client)
        if client in self._must_release:
            self.refusal = "input was late: let go of the dead-man and hold it again"
            return None
        if self._holder is None:
            self._holder, self._last_seq = client, -1
        if self._holder != client:
            self.refusal = "another operator is holding the dead-man"
            return None
        if sample.seq <= self._last_seq:
            return None  # replayed or reordered: never acted on twice
        self._last_seq, self._last_time = sample.seq, now
        return sample

    def release(self, client: int) -> OperatorInput | None:
        """`client` let go or is gone: the released input, once."""
        if self._holder != client:
            return None
        self._holder = None
        return OperatorInput(seq=self._last_seq + 1)

    def forget(self, client: int) -> OperatorInput | None:
        """`client` disconnected."""
        self._must_release.discard(client)
        return self.release(client)

    def expire(self, now: float) -> OperatorInput | None:
        """The released input, once, where the holder was silent for too long."""
        if self._holder is None or now - self._last_time <= self._timeout:
            return None
        self._must_release.add(self._holder)
        return self.release(self._holder)
