# SPDX-License-Identifier: Apache-2.0
"""Takes the gauze by its fold and carries it to the goal."""

from collections.abc import Iterator

from trocar.geometry import Array, transform_points
from trocar.sim.objects.gauze import Gauze
from trocar.sim.tasks.experts.expert import CLOSED, WIDE, Aim, Expert
from trocar.sim.tasks.experts.picking import Grip, pick

_DEEP = 0.25  # share of the fold's height that tips leave below them
_ABOVE = 0.010  # m


class GauzeRetrieveExpert(Expert):
    """Picks, carries, stays."""

    def script(self) -> Iterator[Array]:
        """Over it, down, close, up, to the goal."""
        gauze = self.task.kind("gauze", Gauze)
        fold = [0.0, 0.0, gauze.thickness + _DEEP * gauze.fold_height]

        def grip() -> Grip:
            T = self.object("gauze")
            return Grip(transform_points(T, fold), T[:3, 0])

        yield from pick(self, "PSM1", grip, lambda: float(self.object("gauze")[2, 3]), WIDE, _ABOVE)

        def carried() -> dict[str, Aim]:
            place = self.object("gauze")[:3, 3]
            return {"PSM1": Aim(self.tool("PSM1").tip + self.goal - place, None, CLOSED)}

        yield from self.stay(carried)
