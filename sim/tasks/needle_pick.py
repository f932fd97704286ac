# SPDX-License-Identifier: Apache-2.0
"""Needle pick: take a needle from a pad and bring its middle to a point above it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trocar.geometry import Array, make_transform, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell
from trocar.sim.tasks.throw import drawn_in, thrown


@dataclass(frozen=True)
class NeedlePickParameters(TaskParameters):
    """Spreads in m of needle and goal; the goal is `least_above` to `most_above` m over the pad."""

    spread_x: float = size(0.012, 0.0, 0.05)
    spread_y: float = size(0.010, 0.0, 0.05)
    goal_x: float = size(0.015, 0.0, 0.05)
    goal_y: float = size(0.010, 0.0, 0.05)
    least_above: float = size(0.012, 0.005, 0.05)
    most_above: float = size(0.025, 0.005, 0.05)


class NeedlePick(Task):
    """Goal (3,): where the needle's middle shall be, held in the air."""

    Parameters = NeedlePickParameters
    objects: ClassVar[dict[str, str]] = {"needle": "needle", "pad": "pad", "goal": "marker"}
    observed = ("needle",)

    def start(self, rng: np.random.Generator) -> Start:
        """Throw the needle on the pad, the goal into the air."""
        p = self.parameters
        self._middle = self.kind("needle", Needle).point(0.5)
        T = thrown(rng, self.place("needle"), p.spread_x, p.spread_y, np.pi, self._middle)
        pad = self.place("pad")[:3, 3]
        spread = np.array([p.goal_x, p.goal_y, 0.0])
        goal = drawn_in(
            rng, pad - spread + [0.0, 0.0, p.least_above], pad + spread + [0.0, 0.0, p.most_above]
        )
        return Start(self.poses(needle=T, goal=make_transform(translation=goal)), goal)

    def achieved(self, cell: TaskCell) -> Array:
        """Where the needle's middle is."""
        return np.asarray(transform_points(cell.handling.things.poses["needle"], self._middle))
