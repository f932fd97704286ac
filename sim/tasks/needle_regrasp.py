# SPDX-License-Identifier: Apache-2.0
"""Needle regrasp: PSM1 holds a needle, PSM2 takes it over and brings it to its side.

An episode begins with PSM1's jaws around the needle on the pad; they are closed by their motor
until the grasp is verified, and lifted, before the first observation.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, exp_so3, make_transform, transform_points
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.size import size
from trocar.sim.tasks.action import SIZE, STEP
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell
from trocar.sim.tasks.throw import drawn_in

_CLOSING_STEPS = 3  # the jaws take about 0.3 s to close and grip
_LOWER = 0.0003  # m: how far the tips reach below the wire's middle


@dataclass(frozen=True)
class NeedleRegraspParameters(TaskParameters):
    """PSM1 holds the needle at a share of its arc, turned by up to `turn`; goals on PSM2's side."""

    least_share: float = size(0.15, 0.0, 1.0)
    most_share: float = size(0.25, 0.0, 1.0)
    turn: float = size(0.25, 0.0, 0.6)
    lift: float = size(0.010, 0.0, 0.05)
    goal_x: float = size(0.012, -0.1, 0.1)  # the goals' middle
    spread_x: float = size(0.006, 0.0, 0.05)
    spread_y: float = size(0.008, 0.0, 0.05)
    least_above: float = size(0.015, 0.005, 0.05)
    most_above: float = size(0.022, 0.005, 0.05)


class NeedleRegrasp(Task):
    """Goal (5,): the needle's middle (3,) m; whether PSM1, and whether PSM2, holds it."""

    Parameters = NeedleRegraspParameters
    objects: ClassVar[dict[str, str]] = {"needle": "needle", "pad": "pad", "goal": "marker"}
    observed = ("needle",)
    tools = ("PSM1", "PSM2")
    goal_size = 5

    def start(self, rng: np.random.Generator) -> Start:
        """Lay the needle between PSM1's jaws, and the goal to PSM2's side."""
        p = self.parameters
        needle = self.kind("needle", Needle)
        self._middle = needle.point(0.5)
        share = float(rng.uniform(p.least_share, p.most_share))
        T_tip = self.tip_at_start("PSM1")
        along = np.cross(T_tip[:3, 1], [0.0, 0.0, 1.0])  # a wire along it lies square in the jaws
        tangent = needle.tangent(share)
        angle = np.arctan2(along[1], along[0]) - np.arctan2(tangent[1], tangent[0])
        turn = exp_so3([0.0, 0.0, angle + float(rng.uniform(-p.turn, p.turn))])
        T = make_transform(turn)
        T[:3, 3] = T_tip[:3, 3] - turn @ needle.point(share)
        T[2, 3] = self.place("needle")[2, 3]
        pad = self.place("pad")[:3, 3] + [p.goal_x, 0.0, 0.0]
        spread = np.array([p.spread_x, p.spread_y, 0.0])
        point = drawn_in(
            rng, pad - spread + [0.0, 0.0, p.least_above], pad + spread + [0.0, 0.0, p.most_above]
        )
        goal = np.concatenate([point, [0.0, 1.0]])
        return Start(self.poses(needle=T, goal=make_transform(translation=point)), goal)

    def prepare(self, cell: TaskCell, command: Callable[[Array], None]) -> str:
        """Close PSM1's jaws on the needle and lift it."""
        action = np.zeros(2 * SIZE)
        action[4], action[SIZE + 4] = -1.0, 1.0
        for _ in range(_CLOSING_STEPS):
            command(action)
        if not self.holders(cell, "needle"):
            return (
                "arms: PSM1: its jaws do not close on the needle; give an initial_q with open jaws "
                f"around it, tip {_LOWER * 1e3:g} mm below the wire's middle"
            )
        action[2] = 1.0
        for _ in range(round(self.parameters.lift / STEP)):
            command(action)
        return ""

    def achieved(self, cell: TaskCell) -> Array:
        """Where the needle's middle is and who holds it."""
        point = transform_points(cell.handling.things.poses["needle"], self._middle)
        holders = self.holders(cell, "needle")
        return np.append(point, [float(tool in holders) for tool in self.tools])

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """Near enough, and held as wanted."""
        gap = np.asarray(achieved) - np.asarray(desired)
        near = np.linalg.norm(gap[..., :3], axis=-1) < self.parameters.tolerance
        return np.asarray(near & np.all(np.abs(gap[..., 3:]) < 0.5, axis=-1))
