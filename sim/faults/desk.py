# SPDX-License-Identifier: Apache-2.0
"""Where one process of a running system takes faults: from its schedule, its port and a topic."""

from collections.abc import Callable, Iterable
from typing import Any

from trocar.errors import ConfigurationError, SharedMemoryError
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.port import FaultPort
from trocar.sim.faults.schedule import ScheduledFault, parse_fault

Check = Callable[[ScheduledFault], object]


class FaultDesk:
    """Keeps the board of one process; `serve` it now and then with the cell's time in s."""

    def __init__(
        self,
        process: str,
        faults: Iterable[ScheduledFault],
        say: Callable[[str], object],
        check: Check = lambda _fault: None,
        seed: int = 0,
    ) -> None:
        """`faults`: a schedule, of which this process's own are kept; `check` refuses by raising.

        Where another process listens already, faults come by schedule and topic alone, said once.
        """
        self.process = process
        own = [fault for fault in faults if fault.kind.place.process == process]
        for fault in own:
            check(fault)
        self.board = FaultBoard(own, seed)
        self._say, self._check = say, check
        self._port: FaultPort | None = None
        try:
            self._port = FaultPort(process)
        except (SharedMemoryError, OSError) as error:
            say(f"faults by command are off: {error}")

    def serve(self, time_s: float) -> None:
        """Answer what was asked since the last call."""
        if self._port is None:
            return
        for request, reply in self._port.requests():
            try:
                reply(True, self._do(request, time_s))
            except ConfigurationError as error:
                reply(False, str(error))

    def hear(self, words: str, time_s: float) -> None:
        """Take `name:key=value,...` or `clear NAME` from a topic, if it is for this process."""
        name, _, rest = words.strip().partition(" ")
        try:
            if name == "clear":
                self._do({"clear": rest.strip()}, time_s)
            else:
                fault = parse_fault(words)
                if fault.kind.place.process == self.process:
                    self.take(fault, time_s)
        except ConfigurationError as error:
            self._say(f"refused: {error}")

    def take(self, fault: ScheduledFault, time_s: float) -> str:
        """Put a fault on the board, its `at` counted from now; returns it in a line."""
        if fault.kind.place.process != self.process:
            raise ConfigurationError(
                f"{fault.kind.name} is served by {fault.kind.place.process}, not {self.process}"
            )
        self._check(fault)
        line = f"fault {self.board.add(fault, time_s)}"
        self._say(line)
        return line

    def tell(self, process: str, fault: ScheduledFault) -> bool:
        """Hand a fault on to another process, to happen now; False where none listens."""
        if self._port is None:
            return False
        words = str(fault).replace(f"at={fault.at!r}", "at=0")
        return self._port.tell(process, {"fault": words})

    def close(self) -> None:
        """Take no more."""
        if self._port is not None:
            self._port.close()

    def _do(self, request: dict[str, Any], time_s: float) -> str:
        if isinstance(request.get("fault"), str):
            return self.take(parse_fault(request["fault"]), time_s)
        if isinstance(request.get("clear"), str):
            count = self.board.clear(request["clear"], time_s)
            if count:
                self._say(f"{count} faults cleared")
            return f"{count} cleared"
        if "list" in request:
            active = self.board.active(time_s=time_s)
            return "; ".join(str(fault) for fault in active) or "no fault acts"
        raise ConfigurationError("no such request; give fault, clear or list")
