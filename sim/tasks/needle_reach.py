# SPDX-License-Identifier: Apache-2.0
"""Needle reach: bring the jaw tip to a point above a needle that lies on a pad."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trocar.geometry import Array, make_transform, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell
from trocar.sim.tasks.throw import thrown


@dataclass(frozen=True)
class NeedleReachParameters(TaskParameters):
    """The needle lies within `spread_x`, `spread_y` m of its place, the goal `above` m over it."""

    spread_x: float = size(0.018, 0.0, 0.05)
    spread_y: float = size(0.012, 0.0, 0.05)
    above: float = size(0.005, 0.002, 0.03)


class NeedleReach(Task):
    """Goal (3,): where the tip shall be, above the needle's middle."""

    Parameters = NeedleReachParameters
    objects: ClassVar[dict[str, str]] = {"needle": "needle", "pad": "pad", "goal": "marker"}
    observed = ("needle",)

    def start(self, rng: np.random.Generator) -> Start:
        """Throw the needle on the pad."""
        p = self.parameters
        middle = self.kind("needle", Needle).point(0.5)
        T = thrown(rng, self.place("needle"), p.spread_x, p.spread_y, np.pi, middle)
        goal = transform_points(T, middle) + [0.0, 0.0, p.above]
        return Start(self.poses(needle=T, goal=make_transform(translation=goal)), goal)

    def achieved(self, cell: TaskCell) -> Array:
        """Where the tip truly is."""
        return cell.arms["PSM1"].simulated.tool().tip
