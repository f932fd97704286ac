# SPDX-License-Identifier: Apache-2.0
"""The faults of one cell, scheduled and commanded: what acts at a given time of the cell."""

from collections.abc import Iterable
from dataclasses import replace

from trocar.sim.faults.schedule import ScheduledFault


class FaultBoard:
    """Faults may be added and cleared at any time; `active` is a function of time and of these."""

    def __init__(self, faults: Iterable[ScheduledFault] = (), seed: int = 0) -> None:
        """`seed` is for what a fault draws (which pictures are lost)."""
        self.seed = seed
        self._faults: list[ScheduledFault] = list(faults)

    @property
    def faults(self) -> tuple[ScheduledFault, ...]:
        """All of them, over, active or to come."""
        return tuple(self._faults)

    def active(self, *names: str, time_s: float) -> list[ScheduledFault]:
        """Those that act now, in the order given; without names all."""
        if not self._faults:  # as a rule, and asked each millisecond
            return []
        return [
            fault
            for fault in self._faults
            if (not names or fault.kind.name in names) and fault.is_active(time_s)
        ]

    def add(self, fault: ScheduledFault, time_s: float) -> ScheduledFault:
        """Take a fault whose `at` counts from now; returns it as it will happen."""
        taken = replace(fault, at=time_s + fault.at)
        self._faults.append(taken)
        return taken

    def clear(self, name: str, time_s: float) -> int:
        """End what acts now, and drop what is to come, of one name ("": of all); how many."""
        chosen = [
            i
            for i, fault in enumerate(self._faults)
            if name in ("", fault.kind.name) and not fault.is_over(time_s)
        ]
        for i in chosen:
            fault = self._faults[i]
            self._faults[i] = replace(fault, duration=max(0.0, time_s - fault.at))
        return len(chosen)
