# SPDX-License-Identifier: Apache-2.0
"""Life of a Trocar process: when to end, and what it reports at the end.  Knows no ROS."""

import faulthandler
import io
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from types import FrameType
from typing import Any

LAUNCHER_PID = "TROCAR_LAUNCHER_PID"  # set by the launcher; gone = end
WATCH_PARENT = "TROCAR_WATCH_PARENT"  # "1": the parent is the launcher
LINGER = "TROCAR_LINGER"  # s that a process serves on, so that others can end before it
WATCH_PERIOD = 0.25  # s
ORPHAN_LIMIT = 4.0  # s for an orderly end after the launcher's death
ORPHAN_CODE = 3
RUN_DIR = "TROCAR_RUN_DIR"  # where reports go; unset = none


def segment_name() -> str:
    """Name of the cell's shared-memory segment in this ROS domain."""
    return f"trocar.{os.environ.get('ROS_DOMAIN_ID', '0')}"


def is_alive(pid: int) -> bool:
    """True while a process of that id exists and is not a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


class StopFlag:
    """True once SIGINT or SIGTERM came or the launcher died; `reason` says which.

    The launcher is the process that `TROCAR_LAUNCHER_PID` names.  Under `ros2 launch`, which
    sets no such variable, the launch file sets `TROCAR_WATCH_PARENT` and it is the parent.

    A plant must outlive its controller, which brings the arm to a stop: `TROCAR_LINGER` delays
    the end where nobody orders it - when the launcher is dead, and under `ros2 launch`, which
    signals all at once.
    """

    def __init__(self) -> None:
        """Install the signal handlers; a second signal changes nothing."""
        self.reason = ""
        launcher = os.environ.get(LAUNCHER_PID, "")
        self._launcher = int(launcher) if launcher.isdigit() else 0
        parent = os.getppid()
        watched = os.environ.get(WATCH_PARENT) == "1" or parent == self._launcher
        self._parent = parent if watched else 0
        self._linger = float(os.environ.get(LINGER, "0"))
        self._until: float | None = None  # monotonic s at which a lingering process ends
        if self._launcher or self._parent:
            _outlive_reader()
            threading.Thread(target=self._end_orphan, name="launcher watch", daemon=True).start()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)
        if self._launcher:  # it sends SIGTERM to what is late at its end: say where, each thread
            faulthandler.register(signal.SIGTERM, chain=True)

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if not self.reason:
            self.reason = signal.Signals(number).name

    def __bool__(self) -> bool:
        """Whether to end now.  Cheap for a child of the launcher: one system call, no file."""
        if not self.reason and self._is_orphan():
            self.reason = "launcher died"
        if not self.reason:
            return False
        if not self._linger or (self._launcher and self.reason != "launcher died"):
            return True  # our launcher orders the ends itself
        if self._until is None:
            self._until = time.monotonic() + self._linger
        return time.monotonic() >= self._until

    def _end_orphan(self) -> None:
        """End this process, launcher dead, where its own way out hangs: nobody else would."""
        while not self._is_orphan():
            time.sleep(WATCH_PERIOD)
        self.reason = self.reason or "launcher died"
        time.sleep(self._linger + ORPHAN_LIMIT)
        os._exit(ORPHAN_CODE)

    def _is_orphan(self) -> bool:
        if self._parent:  # a dead parent is replaced, and its id may be used again by another
            return os.getppid() != self._parent
        return bool(self._launcher) and not is_alive(self._launcher)


class _OutputFile(io.RawIOBase):
    """Writes to a descriptor; what nobody reads any more is dropped instead of raising."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def write(self, data: Any) -> int:
        try:
            return os.write(self._descriptor, data)
        except BrokenPipeError:
            return len(data)


def _outlive_reader() -> None:
    """Let printing go on when the launcher, which reads our output, is dead.

    Otherwise the first line after its death raises in the midst of stopping the arm.
    """
    for name, original in (("stdout", sys.__stdout__), ("stderr", sys.__stderr__)):
        if original is None or getattr(sys, name) is not original:
            continue  # captured by a test: nothing to outlive
        raw = _OutputFile(original.fileno())
        stream = io.TextIOWrapper(io.BufferedWriter(raw), errors="replace", line_buffering=True)
        setattr(sys, name, stream)


def write_report(process: str, report: dict[str, Any]) -> None:
    """Write `$TROCAR_RUN_DIR/<process>.json`, whole or not at all; nothing where it is unset."""
    folder = os.environ.get(RUN_DIR)
    if not folder:
        return
    path = Path(folder) / f"{process}.json"
    times = os.times()
    report = {"cpu_s": times.user + times.system, **report}
    partial = path.with_suffix(".part")
    partial.write_text(json.dumps(report, indent=1))
    partial.replace(path)
