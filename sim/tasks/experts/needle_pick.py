# SPDX-License-Identifier: Apache-2.0
"""Takes the needle in its middle and carries it to the goal."""

from collections.abc import Iterator

from trocar.geometry import Array, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.tasks.experts.expert import CLOSED, WIDE, Aim, Expert
from trocar.sim.tasks.experts.needle_grip import needle_grip
from trocar.sim.tasks.experts.picking import pick

_SHARE = 0.5
_ABOVE = 0.008  # m


class NeedlePickExpert(Expert):
    """Picks, carries, stays."""

    def script(self) -> Iterator[Array]:
        """Over it, down, close, up, to the goal."""
        needle = self.task.kind("needle", Needle)
        yield from pick(
            self,
            "PSM1",
            lambda: needle_grip(needle, self.object("needle"), _SHARE),
            lambda: float(self.object("needle")[2, 3]),
            WIDE,
            _ABOVE,
        )

        def carried() -> dict[str, Aim]:
            middle = transform_points(self.object("needle"), needle.point(0.5))
            return {"PSM1": Aim(self.tool("PSM1").tip + self.goal - middle, None, CLOSED)}

        yield from self.stay(carried)
