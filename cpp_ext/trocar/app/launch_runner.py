# SPDX-License-Identifier: Apache-2.0
"""Starts what a launch file describes, watches it, and ends it in order.

One process per node, each in its own session (a Ctrl-C of the terminal reaches the launcher
alone).  Ending: SIGINT to the control process, which stops the arm and powers it off; then
SIGINT to the others; then SIGTERM and SIGKILL for what is still there.  All of it within 5 s.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from types import FrameType

from trocar.app.child import Child, start_child
from trocar.app.launch_file import LaunchDescription
from trocar.app.leftovers import cell_files, remove_cell_files
from trocar.app.pauses import Pauses
from trocar.process import LAUNCHER_PID

STOP_FIRST = "control_node"
# Seconds after the request at which the next measure is taken; the last is the promise of 5 s.
OTHERS_AT = 2.0  # at the latest: control's stop and power off take about 0.5 s
TERM_AT = 3.8  # the others may still be starting, and then take a while to listen
KILL_AT = 4.4
GIVE_UP_AT = 4.8
BRAKE_TIME = 0.5  # s for the plant side to brake the arm of a dead control process
POLL = 0.05

CONSEQUENCE = {
    "sim_node": "the simulated cell is gone with it",
    "render_node": "perception gets no more pictures: the arm is held",
    "perception_node": "following has no estimates: the arm is held",
    "control_node": "the plant side damps the arm and brakes it within 30 ms",
    "console_node": "an operator's input ends: the arm is held",
}


@dataclass(frozen=True)
class Ending:
    """How a launch ended: `reason` "clean" or what went wrong, shell `code`, `duration` in s."""

    reason: str
    code: int
    duration: float


class StopRequest:
    """Set by the first SIGINT or SIGTERM; more of them change nothing."""

    def __init__(self) -> None:
        """Install the handlers (main thread)."""
        self.event = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.event.set()


class LaunchRunner:
    """The processes of one launch description."""

    def __init__(
        self,
        description: LaunchDescription,
        environment: dict[str, str] | None = None,
        say: Callable[[str], None] | None = None,
    ) -> None:
        """`environment` is added to every process; `say` takes each line for the screen."""
        self._description = description
        self._environment = dict(environment or {})
        self._say = say or write_line
        self._children: list[Child] = []
        self._files_before = cell_files()
        self._pauses = Pauses(self._say)
        self._started = 0.0

    @property
    def children(self) -> list[Child]:
        """The processes in the order of the launch file."""
        return self._children

    def start(self) -> None:
        """Start every process; what was started is ended again where one cannot be."""
        self._started = time.monotonic()
        extra = {"PYTHONUNBUFFERED": "1", LAUNCHER_PID: str(os.getpid())}
        extra.setdefault("AMENT_PREFIX_PATH", os.environ.get("AMENT_PREFIX_PATH", sys.prefix))
        try:
            for spec in self._description.nodes:
                self._children.append(start_child(spec, extra | self._environment, self._say))
        except OSError as error:
            self._say(f"[launch] {error}")
            self.stop()
            raise
        self._pauses.open(self._children)

    def wait(self, stop: threading.Event, duration: float | None = None) -> Ending:
        """Until `stop` is set, `duration` s are over or a process ends; then end all."""
        deadline = None if duration is None else time.monotonic() + duration
        reason, code = "clean", 0
        while not stop.wait(POLL):
            if deadline is not None and time.monotonic() >= deadline:
                break
            self._pauses.serve()
            dead = [c for c in self._children if c.spec.ends_all and c.poll() is not None]
            if dead:
                reason, code = self._report_death(dead[0]), dead[0].exit_code() or 1
                break
        lasted = time.monotonic() - self._started
        problems = self.stop()
        if code == 0 and problems:
            reason, code = "; ".join(problems), 1
        return Ending(reason, code, lasted)

    def _report_death(self, child: Child) -> str:
        after = time.monotonic() - self._started
        what = (
            f"{child.name} (pid {child.pid}) {child.how_it_ended()} {after:.1f} s after the start"
        )
        follows = CONSEQUENCE.get(child.spec.executable, "")
        self._say(f"[launch] {what}{': ' + follows if follows else ''}; ending everything")
        if child.spec.executable == STOP_FIRST:
            time.sleep(BRAKE_TIME)
        return what

    def stop(self) -> list[str]:
        """End every process in order; returns what did not end as it should."""
        begun = time.monotonic()
        self._pauses.close()
        alive = [c for c in self._children if c.poll() is None]
        first = [c for c in alive if c.spec.executable == STOP_FIRST]
        self._signal(first, signal.SIGINT, begun + OTHERS_AT)
        self._signal([c for c in alive if c not in first], signal.SIGINT, begun + TERM_AT, alive)
        self._signal(alive, signal.SIGTERM, begun + KILL_AT)
        self._signal(alive, signal.SIGKILL, begun + GIVE_UP_AT)
        problems = [f"{c.name} {c.how_it_ended()}" for c in alive if not self._ended_well(c)]
        for child in self._children:
            child.kill_group()  # what a process itself had started
            child.close()
        removed = remove_cell_files(self._files_before)
        if removed:
            self._say(f"[launch] removed shared memory left behind: {', '.join(removed)}")
        for problem in problems:
            self._say(f"[launch] {problem}")
        self._say(f"[launch] all processes ended within {time.monotonic() - begun:.1f} s")
        return problems

    @staticmethod
    def _ended_well(child: Child) -> bool:
        """Exit code 0; for all but control also the SIGTERM that we sent late in their end."""
        if child.spec.executable != STOP_FIRST and child.poll() == -signal.SIGTERM:
            return True
        return child.exit_code() == 0

    def _signal(
        self,
        children: Iterable[Child],
        number: int,
        deadline: float,
        awaited: Iterable[Child] | None = None,
    ) -> None:
        """Send to those that run and wait for them, or for `awaited`, until the deadline."""
        for child in children:
            child.send(number)
        waiting = list(children if awaited is None else awaited)
        while any(c.poll() is None for c in waiting) and time.monotonic() < deadline:
            time.sleep(0.02)


def write_line(line: str) -> None:
    """One line on the screen, whole; a closed pipe is no reason to fail."""
    try:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    except (BrokenPipeError, ValueError):
        pass
