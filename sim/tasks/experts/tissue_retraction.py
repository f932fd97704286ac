# SPDX-License-Identifier: Apache-2.0
"""Press open jaws into the mark, close them, pull slowly, and give way where it pulls back."""

from collections.abc import Iterator

import numpy as np

from trocar.geometry import Array
from trocar.sim.tasks.experts.expert import CLOSED, WIDE, Aim, Expert

_ABOVE, _INTO = 0.008, 0.004  # m over the mark before, and below it when the jaws close
_CLOSING_STEPS = 6
_SLOW = 0.002  # m a step
_TRIES = 4


class TissueRetractionExpert(Expert):
    """Takes the tissue and brings the mark to the goal."""

    def script(self) -> Iterator[Array]:
        """Press, close, pull; again where nothing was taken."""
        for _ in range(_TRIES):
            mark = self.extra[:3].copy()
            over, into = mark + [0, 0, _ABOVE], mark - [0, 0, _INTO]
            yield from self.go(lambda at=over: {"PSM1": Aim(at, None, WIDE)})  # type: ignore[misc]
            yield from self.go(lambda at=into: {"PSM1": Aim(at, None, WIDE)}, 12)  # type: ignore[misc]
            for _ in range(_CLOSING_STEPS):
                yield self._action({"PSM1": Aim(into, None, CLOSED)})
            while self.extra[4] > 0.5:
                gap = self.goal[:3] - self.extra[:3]
                size = float(np.linalg.norm(gap))
                step = gap * min(1.0, _SLOW / max(size, 1e-9))
                if self.extra[3] > 0.85 * self.goal[3]:
                    step = np.zeros(3)  # as hard as may be: wait
                yield self._action({"PSM1": Aim(self.tool("PSM1").tip + step, None, CLOSED)})
        yield from self.stay(lambda: {"PSM1": Aim(None, None, WIDE)})
