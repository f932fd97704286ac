# SPDX-License-Identifier: Apache-2.0
"""Faults of the process that owns the cell: its desk, what it can serve, and pauses it asks for."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from trocar.errors import ConfigurationError
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.catalogue import Place
from trocar.sim.faults.desk import FaultDesk
from trocar.sim.faults.process import ProcessFaults
from trocar.sim.faults.schedule import ScheduledFault

if TYPE_CHECKING:
    from trocar.sim.scene import Scene


class CellFaults:
    """`board` is for the cell; `serve` it where there is time, with the cell's time in s."""

    def __init__(
        self,
        scene: "Scene",
        faults: Iterable[ScheduledFault],
        say: Callable[[str], object],
        served: tuple[Place, ...],
        seed: int = 0,
    ) -> None:
        """`faults` beside the scene's own; `served`: places at which this cell can have faults.

        Raises ConfigurationError on a fault of an arm or body that the scene does not have.
        """
        self._scene, self._served = scene, served
        every = (*scene.faults, *faults)
        scene.check_faults(every, "faults")
        self._desk = FaultDesk("sim", every, say, self._check, seed)
        self._process = ProcessFaults(self._desk, every, say)

    @property
    def board(self) -> FaultBoard:
        """What acts on the cell."""
        return self._desk.board

    def serve(self, time_s: float) -> None:
        """Answer commands; ask for the pauses that are due."""
        self._desk.serve(time_s)
        self._process.update(time_s)

    def hear(self, words: str, time_s: float) -> None:
        """Take a fault from a topic."""
        self._desk.hear(words, time_s)

    def active(self, time_s: float) -> str:
        """What acts now, in a line."""
        return "; ".join(map(str, self.board.active(time_s=time_s)))

    def close(self) -> None:
        """Take no more."""
        self._desk.close()

    def _check(self, fault: ScheduledFault) -> None:
        self._scene.check_faults([fault], "refused")
        if fault.kind.place not in self._served:
            places = ", ".join(place.value for place in self._served) or "none"
            raise ConfigurationError(
                f"{fault.kind.name}: this cell has no faults of the {fault.kind.place.value}; "
                f"places it has: {places}"
            )
