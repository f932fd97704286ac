# SPDX-License-Identifier: Apache-2.0
"""Tissue retraction: take the tissue at a mark, pull it to a place, and never too hard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, make_transform
from trocar.sim.marks import PointsOnSurface
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell

BODY, TOOL = "tissue", "PSM1"


@dataclass(frozen=True)
class TissueRetractionParameters(TaskParameters):
    """The mark lies within `spread` m of the middle and goes up by `least_up` to `most_up` m.

    It goes aside by up to `aside` m; `force_limit` N is the most that the instrument may feel.
    """

    tolerance: float = size(0.003, 0.0002, 0.05)
    spread: float = size(0.010, 0.0, 0.03)
    least_up: float = size(0.005, 0.001, 0.03)
    most_up: float = size(0.009, 0.001, 0.03)
    aside: float = size(0.003, 0.0, 0.02)
    force_limit: float = size(2.5, 0.1, 10.0)


class TissueRetraction(Task):
    """Goal (5,): where the marked tissue shall be (3,) m, the most force N, and 1: it is held.

    Extra (5,): the mark (3,) m, the force that the instrument feels N, and whether it holds.
    """

    Parameters = TissueRetractionParameters
    objects: ClassVar[dict[str, str]] = {"goal": "marker"}
    goal_size: ClassVar[int] = 5
    extra_size: ClassVar[int] = 5

    def start(self, rng: np.random.Generator) -> Start:
        """Draw the mark and where it goes."""
        p = self.parameters
        self._xy = rng.uniform(-p.spread, p.spread, 2)
        aside = rng.uniform(-p.aside, p.aside, 2)
        top = self.scene.soft[BODY].position[2]
        goal = np.array([*(self._xy + aside), top + rng.uniform(p.least_up, p.most_up)])
        place = make_transform(translation=goal)
        return Start(self.poses(goal=place), np.array([*goal, p.force_limit, 1.0]))

    def began(self, cell: TaskCell) -> None:
        """Find the marked tissue."""
        body = cell.surroundings.soft.bodies[BODY]
        self._mark = PointsOnSurface(body.body.rest, body.body.surface, self._xy[None])
        self._most = 0.0

    def watch(self, cell: TaskCell) -> None:
        """Keep the strongest force."""
        self._most = max(self._most, self._force(cell))

    def achieved(self, cell: TaskCell) -> Array:
        """Where the mark is, the strongest force so far, whether tissue is held."""
        return np.array([*self._place(cell), self._most, float(self._holds(cell))])

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """There, held, and never pulled too hard."""
        a, d = np.asarray(achieved), np.asarray(desired)
        near = np.linalg.norm(a[..., :3] - d[..., :3], axis=-1) < self.parameters.tolerance
        return np.asarray(near & (a[..., 3] <= d[..., 3]) & (a[..., 4] >= d[..., 4]))

    def extra(self, cell: TaskCell) -> Array:
        """What a tracker and a force observer would give."""
        return np.array([*self._place(cell), self._force(cell), float(self._holds(cell))])

    def _place(self, cell: TaskCell) -> Array:
        return self._mark.at(cell.surroundings.soft.bodies[BODY].nodes)[0]

    def _force(self, cell: TaskCell) -> float:
        return float(np.linalg.norm(cell.surroundings.soft.wrenches[TOOL][:3]))

    def _holds(self, cell: TaskCell) -> bool:
        return cell.surroundings.soft.bodies[BODY].touch[TOOL].jaws.is_holding
