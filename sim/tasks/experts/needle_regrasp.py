# SPDX-License-Identifier: Apache-2.0
"""PSM2 takes the needle near its other end, PSM1 lets go and leaves, PSM2 goes to the goal."""

from collections.abc import Iterator

import numpy as np

from trocar.geometry import Array, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.tasks.experts.expert import CLOSED, HOLD, WIDE, Aim, Expert
from trocar.sim.tasks.experts.needle_grip import needle_grip
from trocar.sim.tasks.experts.picking import CLOSING_STEPS, Grip

_SHARE = 0.8  # of the arc, where PSM2 takes it
_DEEPER = np.array([0.0, 0.0, -0.0012])  # m: in the air blades may reach past the wire
_ABOVE = np.array([0.0, 0.0, 0.010])  # m
_ASIDE = np.array([-0.010, 0.0, 0.0])  # m
_TRIES = 3


class NeedleRegraspExpert(Expert):
    """Takes over, carries, stays."""

    def script(self) -> Iterator[Array]:
        """PSM2 over the needle, down, close; PSM1 opens, up, aside; PSM2 to the goal."""
        needle = self.task.kind("needle", Needle)

        def grip() -> Grip:
            found = needle_grip(needle, self.object("needle"), _SHARE)
            return Grip(found.tip + _DEEPER, found.closing)

        for _ in range(_TRIES):
            yield from self.go(
                lambda: {"PSM1": HOLD, "PSM2": Aim(grip().tip + _ABOVE, grip().closing, WIDE)}
            )
            yield from self.go(
                lambda: {"PSM1": HOLD, "PSM2": Aim(grip().tip, grip().closing, WIDE)}
            )
            yield from self.keep(lambda: {"PSM1": HOLD, "PSM2": HOLD}, CLOSING_STEPS)
            if self.tool("PSM2").jaw > 0.5 * self.tool("PSM1").jaw:
                break  # something is between the jaws
        opened = Aim(None, None, WIDE)
        yield from self.keep(lambda: {"PSM1": opened, "PSM2": HOLD}, CLOSING_STEPS)
        up = self.tool("PSM1").tip + _ABOVE
        yield from self.go(lambda: {"PSM1": Aim(up, None, WIDE), "PSM2": HOLD})
        aside = Aim(up + _ASIDE, None, WIDE)

        def carried() -> dict[str, Aim]:
            middle = transform_points(self.object("needle"), needle.point(0.5))
            tip = self.tool("PSM2").tip + self.goal[:3] - middle
            return {"PSM1": aside, "PSM2": Aim(tip, None, CLOSED)}

        yield from self.stay(carried)
