# SPDX-License-Identifier: Apache-2.0
"""One thread that works on the newest item only, so that ROS is heard meanwhile."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class LatestWorker(Generic[Item]):
    """Calls `work(item)` in its own thread; an item that waits is replaced by a newer one."""

    def __init__(self, work: Callable[[Item], None]) -> None:
        """`dropped` counts replaced items; an exception of `work` is raised again by `stop`."""
        self._work = work
        self._pending: Item | None = None
        self._is_ended = False
        self._changed = threading.Condition()
        self._failure: BaseException | None = None
        self.dropped = 0
        self._thread = threading.Thread(target=self._run, name="work", daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> None:
        """Hand over the newest item."""
        with self._changed:
            self.dropped += self._pending is not None
            self._pending = item
            self._changed.notify()

    @property
    def failure(self) -> BaseException | None:
        """What ended the thread before its time."""
        return self._failure

    def stop(self, timeout_s: float = 2.0) -> None:
        """Let the present item finish and end the thread."""
        with self._changed:
            self._is_ended = True
            self._changed.notify()
        self._thread.join(timeout_s)
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            while True:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_ended or self._pending is not None)
                    if self._is_ended:
                        return
                    item, self._pending = self._pending, None
                assert item is not None  # for the type checker: waited for
                self._work(item)
        except Exception as error:
            self._failure = error
