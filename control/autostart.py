# SPDX-License-Identifier: Apache-2.0
"""Powering, homing and engaging an arm by itself, once, where a person asked for that at launch."""

from collections.abc import Callable
from enum import Enum

from trocar import _core

NS = 1_000_000_000


class Step(Enum):
    """What to do next."""

    NOTHING = "nothing"
    ENABLE = "enable"
    HOME = "home"
    ENGAGE = "engage"


class Autostart:
    """Walks an arm from DISABLED to following.  Any command of a person, or a fault, ends it."""

    def __init__(self, is_wanted: bool, retry_s: float = 1.0) -> None:
        """`retry_s`: how long a step may take before it is asked for again."""
        self.is_pending = is_wanted
        self.reason = ""
        self._retry_ns = int(retry_s * NS)
        self._asked: Step = Step.NOTHING
        self._asked_ns = 0

    def cancel(self, reason: str) -> None:
        """End it for good."""
        if self.is_pending:
            self.is_pending, self.reason = False, reason

    def next(self, state: _core.ArmState, now_ns: int, is_target_good: Callable[[], bool]) -> Step:
        """The step to take in this tick."""
        if not self.is_pending or state.tick == 0:
            return Step.NOTHING
        if state.operating_state == _core.OperatingState.FAULT:
            self.cancel("the arm is in FAULT")
            return Step.NOTHING
        if state.operating_state == _core.OperatingState.DISABLED:
            return self._ask(Step.ENABLE, now_ns)
        if not state.is_homed:
            return Step.NOTHING if state.is_busy else self._ask(Step.HOME, now_ns)
        if state.is_busy or not is_target_good():
            return Step.NOTHING
        self.is_pending = False
        return Step.ENGAGE

    def _ask(self, step: Step, now_ns: int) -> Step:
        if step == self._asked and now_ns - self._asked_ns < self._retry_ns:
            return Step.NOTHING
        self._asked, self._asked_ns = step, now_ns
        return step
