# SPDX-License-Identifier: Apache-2.0
"""The newest state of the cell from shared memory, through the death and return of its writer."""

import time
from collections.abc import Callable

from trocar import _core
from trocar.errors import SharedMemoryError
from trocar.sim.snapshot import CellSnapshot, SnapshotLayout

_RETRY_NS = 200_000_000  # between attempts to open
_QUIET_NS = 1_000_000_000  # a snapshot unchanged for so long may belong to a dead writer: reopen


class SnapshotReader:
    """Reads each state at most once; `why` says why there is none, "" while there is."""

    def __init__(self, name: str, layout: SnapshotLayout, say: Callable[[str], object]) -> None:
        """`say` gets one line whenever the waiting begins."""
        self.why = ""
        self._name = name
        self._layout = layout
        self._say = say
        self._snapshot: _core.Snapshot | None = None
        self._sequence = 0
        self._changed_ns = 0
        self._retry_ns = 0

    def newest(self) -> tuple[CellSnapshot, int] | None:
        """State and capture stamp (ns) if there is one not read before, else None at once."""
        now_ns = time.monotonic_ns()
        snapshot = self._snapshot or self._open(now_ns)
        if snapshot is None:
            return None
        values, stamp_ns, sequence = snapshot.read()
        if sequence in (0, self._sequence):
            if now_ns - self._changed_ns > _QUIET_NS:
                self._wait(f"the cell {self._name} has stopped; waiting for it to go on")
                self.close()
            return None
        self._sequence, self._changed_ns, self.why = sequence, now_ns, ""
        return self._layout.from_vector(values), stamp_ns

    def close(self) -> None:
        """Let go of the shared memory; the writer owns and removes it."""
        if self._snapshot is not None:
            self._snapshot.close()
        self._snapshot = None

    def _open(self, now_ns: int) -> _core.Snapshot | None:
        if now_ns < self._retry_ns:
            return None
        self._retry_ns = now_ns + _RETRY_NS
        try:
            self._snapshot = _core.Snapshot(self._name, self._layout.size, False)
        except (SharedMemoryError, OSError) as error:
            self._wait(f"waiting for the cell {self._name}, written by sim_node ({error})")
            return None
        self._changed_ns = now_ns
        return self._snapshot

    def _wait(self, why: str) -> None:
        if not self.why:
            self._say(why)
        self.why = why
