# SPDX-License-Identifier: Apache-2.0
"""Left and right pictures of one capture: equal stamps belong together, the latest pair wins."""

from typing import Generic, TypeVar

Picture = TypeVar("Picture")
EYES = ("left", "right")


class StereoPairer(Generic[Picture]):
    """Holds what waits for its other half; `dropped` counts pictures that never met it."""

    def __init__(self, keep: int = 3) -> None:
        """`keep`: pictures per eye that may wait."""
        self._waiting: dict[str, dict[int, Picture]] = {eye: {} for eye in EYES}
        self._keep = keep
        self._newest_ns = 0
        self.dropped = 0

    def add(self, eye: str, stamp_ns: int, picture: Picture) -> tuple[Picture, Picture] | None:
        """(left, right) once both of a stamp are there; nothing older than the last pair comes out.

        A stamp more than 1 s before the last pair is a new clock (a restarted camera).
        """
        if stamp_ns <= self._newest_ns:
            if stamp_ns > self._newest_ns - 1_000_000_000:
                self.dropped += 1
                return None
            self._newest_ns = 0
            self._forget(stamp_ns)
        mine, other = self._waiting[eye], self._waiting[EYES[1 - EYES.index(eye)]]
        if stamp_ns in other:
            partner = other.pop(stamp_ns)
            self._newest_ns = stamp_ns
            self._drop_until(stamp_ns)
            return (picture, partner) if eye == "left" else (partner, picture)
        mine[stamp_ns] = picture
        while len(mine) > self._keep:
            del mine[min(mine)]
            self.dropped += 1
        return None

    def _drop_until(self, stamp_ns: int) -> None:
        for waiting in self._waiting.values():
            for stamp in [s for s in waiting if s <= stamp_ns]:
                del waiting[stamp]
                self.dropped += 1

    def _forget(self, stamp_ns: int) -> None:
        """After the clock jumped back to `stamp_ns`: what waits with later stamps never pairs."""
        for waiting in self._waiting.values():
            for stamp in [s for s in waiting if s > stamp_ns + 1_000_000_000]:
                del waiting[stamp]
                self.dropped += 1
