# SPDX-License-Identifier: Apache-2.0
"""The fault `process_pause`: the launcher stops one of its own children and lets it go on.

The waking is done by a small process of its own, so that a launcher that dies in between leaves
no child stopped for good.
"""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence

from trocar.app.child import Child
from trocar.errors import ConfigurationError
from trocar.sim.faults.desk import FaultDesk
from trocar.sim.faults.schedule import ScheduledFault

_SCRIPT = 'kill -STOP "$1" && sleep "$2"; kill -CONT "$1"'


class Pauses:
    """Listens for pauses; `serve` it often: a pause begins no more precisely than that."""

    def __init__(self, say: Callable[[str], object]) -> None:
        """Nothing listens before `open`."""
        self._say = say
        self._desk: FaultDesk | None = None
        self._children: Sequence[Child] = ()
        self._done: list[ScheduledFault] = []
        self._wakers: list[subprocess.Popen[bytes]] = []

    def open(self, children: Sequence[Child]) -> None:
        """Listen for pauses of these children."""
        self._children = children
        self._desk = FaultDesk("launch", (), lambda _: None, self._check)

    def serve(self) -> None:
        """Take what was asked, and do what is due."""
        if self._desk is None:
            return
        now = time.monotonic()
        self._desk.serve(now)
        for fault in self._desk.board.active(time_s=now):
            if not any(fault is done for done in self._done):
                self._done.append(fault)
                self._pause(self._child(fault), fault.duration)
        self._wakers = [waker for waker in self._wakers if waker.poll() is None]

    def close(self) -> None:
        """Listen no more; what is stopped goes on now, so that it can end."""
        if self._desk is not None:
            self._desk.close()
        for waker in self._wakers:
            if waker.poll() is None:
                os.killpg(waker.pid, signal.SIGKILL)
                waker.wait()
        for child in self._children:
            child.send(signal.SIGCONT)
        self._desk = None

    def _check(self, fault: ScheduledFault) -> None:
        self._child(fault)

    def _child(self, fault: ScheduledFault) -> Child:
        running = {c.name: c for c in self._children if c.poll() is None}
        name = fault.word("process")
        if name not in running:
            raise ConfigurationError(
                f"process_pause: no process {name!r} runs here; running: {', '.join(running)}"
            )
        return running[name]

    def _pause(self, child: Child, seconds: float) -> None:
        self._say(f"[launch] fault: {child.name} (pid {child.pid}) stopped for {seconds:g} s")
        words = ["sh", "-c", _SCRIPT, "pause", str(child.pid), f"{seconds:.3f}"]
        nothing = subprocess.DEVNULL  # nobody may wait for its end of our output
        self._wakers.append(
            subprocess.Popen(
                words, stdin=nothing, stdout=nothing, stderr=nothing, start_new_session=True
            )
        )
