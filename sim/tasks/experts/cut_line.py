# SPDX-License-Identifier: Apache-2.0
"""From point to point, a little over the tissue, with the tissue's own motion added."""

from collections.abc import Iterator

import numpy as np

from trocar.geometry import Array
from trocar.sim.tasks.experts.expert import CLOSED, Aim, Expert

_OVER = 0.001  # m over the surface
_HIGH = 0.006
_STEP = 0.0025  # m


class CutLineExpert(Expert):
    """Goes over the first point, down, and along the line."""

    def script(self) -> Iterator[Array]:
        """One way; the breath moves the points, what they moved in a step is added to the next."""
        yield from self.go(lambda: {"PSM1": Aim(self._next(0) + [0, 0, _HIGH], None, CLOSED)})
        share, before = self.extra[9], self._next(0)
        while self.extra[9] < 1.0:
            now = self._next(0)
            drift = now - before if self.extra[9] == share else np.zeros(3)
            share, before = self.extra[9], now
            tip = self.tool("PSM1").tip
            gap = now + drift + [0.0, 0.0, _OVER] - tip
            size = float(np.linalg.norm(gap))
            step = gap * min(1.0, _STEP / max(size, 1e-9))
            yield self._action({"PSM1": Aim(tip + step, None, CLOSED)})
        yield from self.go(lambda: {"PSM1": Aim(self._next(0) + [0, 0, 3 * _HIGH], None, CLOSED)})
        yield from self.stay(lambda: {"PSM1": Aim(None, None, CLOSED)})

    def _next(self, k: int) -> Array:
        return np.array(self.extra[3 * k : 3 * k + 3])
