# SPDX-License-Identifier: Apache-2.0
"""Pauses of processes that a schedule asks for: the cell's process asks the launcher for them."""

from collections.abc import Callable, Iterable

from trocar.sim.faults.catalogue import Place
from trocar.sim.faults.desk import FaultDesk
from trocar.sim.faults.schedule import ScheduledFault, at_place


class ProcessFaults:
    """Hands each pause on once, when it is due; `update` with the cell's time."""

    def __init__(
        self, desk: FaultDesk, faults: Iterable[ScheduledFault], say: Callable[[str], object]
    ) -> None:
        """`desk` of the process that owns the cell's time."""
        self._desk, self._say = desk, say
        self._waiting = list(at_place(faults, Place.PROCESS))

    def update(self, time_s: float) -> None:
        """Ask for what is due."""
        due = [fault for fault in self._waiting if fault.at <= time_s]
        self._waiting = [fault for fault in self._waiting if fault.at > time_s]
        for fault in due:
            if not self._desk.tell(fault.kind.place.process, fault):
                self._say(f"fault {fault}: not done, no trocar launch listens in this domain")
