# SPDX-License-Identifier: Apache-2.0
"""Ctrl-C as a question asked between two steps, so that no step is cut in half."""

import signal
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """True once SIGINT or SIGTERM came while this was entered; a second one ends at once."""

    def __init__(self) -> None:
        """Nothing is caught before `with`."""
        self._came = False
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        """Whether one came."""
        return self._came

    def __enter__(self) -> "Interrupts":
        """Catch from here on."""
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        """Give the handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        if self._came:
            raise KeyboardInterrupt
        self._came = True
