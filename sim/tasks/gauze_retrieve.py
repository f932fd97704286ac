# SPDX-License-Identifier: Apache-2.0
"""Gauze retrieve: take a gauze sponge by its fold and lift it out to a point above the site."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trocar.geometry import Array, make_transform
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell
from trocar.sim.tasks.throw import drawn_in, thrown


@dataclass(frozen=True)
class GauzeRetrieveParameters(TaskParameters):
    """Spreads in m of gauze and goal; the goal is `least_above` to `most_above` m over the pad."""

    spread_x: float = size(0.012, 0.0, 0.05)
    spread_y: float = size(0.010, 0.0, 0.05)
    turn: float = size(0.8, 0.0, 3.2)
    goal_x: float = size(0.015, 0.0, 0.05)
    goal_y: float = size(0.010, 0.0, 0.05)
    least_above: float = size(0.012, 0.005, 0.05)
    most_above: float = size(0.022, 0.005, 0.05)


class GauzeRetrieve(Task):
    """Goal (3,): where the middle of the gauze's underside shall be."""

    Parameters = GauzeRetrieveParameters
    objects: ClassVar[dict[str, str]] = {"gauze": "gauze", "pad": "pad", "goal": "marker"}
    observed = ("gauze",)

    def start(self, rng: np.random.Generator) -> Start:
        """Throw the gauze on the pad, the goal into the air."""
        p = self.parameters
        T = thrown(rng, self.place("gauze"), p.spread_x, p.spread_y, p.turn)
        pad = self.place("pad")[:3, 3]
        spread = np.array([p.goal_x, p.goal_y, 0.0])
        goal = drawn_in(
            rng, pad - spread + [0.0, 0.0, p.least_above], pad + spread + [0.0, 0.0, p.most_above]
        )
        return Start(self.poses(gauze=T, goal=make_transform(translation=goal)), goal)

    def achieved(self, cell: TaskCell) -> Array:
        """Where the gauze is."""
        return np.array(cell.handling.things.poses["gauze"][:3, 3])
