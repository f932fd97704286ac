# SPDX-License-Identifier: Apache-2.0
"""Cut line: follow a line that is inked on breathing tissue; what the tip passes over is cut."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.marks import PointsOnSurface
from trocar.sim.objects.size import size
from trocar.sim.tasks.action import SIZE
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell

BODY, TOOL, MARK = "tissue", "PSM1", "line"
SPACING = 0.0025  # m between the points of the line that the tip has to pass
_SEEN = 3  # points ahead that are seen
_BREATH_STEPS = 20  # of 0.2 s: one breath
_BLADE = 0.0075  # m that the blade goes below the surface
_BACK = 3  # points that it reaches back: a cut follows the mesh, and shorter ones would open none
_OVER = 0.001  # m over the surface where it begins


@dataclass(frozen=True)
class CutLineParameters(TaskParameters):
    """The tip cuts within `height` m of the surface and must stay within `tolerance` m of the line.

    `closing` m: how near it must come to a point before the next one counts.
    """

    tolerance: float = size(0.0015, 0.0002, 0.05)
    height: float = size(0.0025, 0.0005, 0.01)
    closing: float = size(0.0012, 0.0003, 0.005)


class CutLine(Task):
    """Goal (2,): the share of the line that is cut, 1, and the farthest that the tip was off it, m.

    Extra (11,): the next three points (9,) m, as they are now, the share, the farthest so far.
    """

    Parameters = CutLineParameters
    goal_size: ClassVar[int] = 2
    extra_size: ClassVar[int] = 3 * _SEEN + 2

    def start(self, rng: np.random.Generator) -> Start:
        """Draw at which phase of the breath it begins, and from which end."""
        mark = self.scene.marks.get(MARK)
        if mark is None or len(mark.points) < 2 or mark.on != BODY or BODY not in self.scene.soft:
            raise ConfigurationError(
                f"scene file {self.scene.name}.yaml: marks: task cut_line needs {MARK}, at least "
                f"two points on a soft body {BODY}"
            )
        self._wait = int(rng.integers(_BREATH_STEPS))
        self._xy = _walk(mark.points if rng.random() < 0.5 else mark.points[::-1], SPACING)
        return Start(self.poses(), np.array([1.0, self.parameters.tolerance]))

    def began(self, cell: TaskCell) -> None:
        """Find the line on the tissue."""
        body = cell.surroundings.soft.bodies[BODY]
        self._line = PointsOnSurface(body.body.rest, body.body.surface, self._xy)
        self._next, self._farthest = 0, 0.0

    def prepare(self, cell: TaskCell, command: Any) -> str:
        """Wait for the phase of the breath that was drawn."""
        for _ in range(self._wait):
            command(np.zeros(SIZE))
        return ""

    def watch(self, cell: TaskCell) -> None:
        """Count the points that the tip has passed; cut between them."""
        if self._next == len(self._xy):
            return
        points = self._points(cell)
        tip = cell.arms[TOOL].simulated.tool().tip
        at = points[self._next]
        if abs(tip[2] - at[2]) > self.parameters.height:
            return
        if self._next > 0:
            before = points[self._next - 1]
            self._farthest = max(self._farthest, _off(tip[:2], before[:2], at[:2]))
        if float(np.linalg.norm(tip[:2] - at[:2])) <= self.parameters.closing:
            if self._next > 0:
                self._cut(cell, points[max(0, self._next - _BACK)], at)
            self._next += 1

    def achieved(self, cell: TaskCell) -> Array:
        """The share that is cut, and how far off the tip has been."""
        return np.array([self._next / len(self._xy), self._farthest])

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """All of it, and never too far off."""
        a, d = np.asarray(achieved), np.asarray(desired)
        return np.asarray((a[..., 0] >= d[..., 0]) & (a[..., 1] <= d[..., 1]))

    def extra(self, cell: TaskCell) -> Array:
        """What a tissue tracker would give."""
        last = len(self._xy) - 1
        ahead = [min(self._next + k, last) for k in range(_SEEN)]
        return np.concatenate([self._points(cell)[ahead].ravel(), self.achieved(cell)])

    def _points(self, cell: TaskCell) -> Array:
        return self._line.at(cell.surroundings.soft.bodies[BODY].nodes)

    def _cut(self, cell: TaskCell, a: Array, b: Array) -> None:
        up = np.array([0.0, 0.0, _OVER])
        down = np.array([0.0, 0.0, -(_OVER + _BLADE)])
        cell.surroundings.soft.bodies[BODY].cut(a + up, b + up, down)


def _walk(corners: Array, spacing: float) -> Array:
    """Points (k, 2) along a line of corners, about `spacing` apart, both ends among them."""
    steps = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    along = np.concatenate([[0.0], np.cumsum(steps)])
    at = np.linspace(0.0, along[-1], max(2, round(along[-1] / spacing) + 1))
    return np.stack([np.interp(at, along, corners[:, k]) for k in range(2)], axis=1)


def _off(p: Array, a: Array, b: Array) -> float:
    """Distance (m) of p (2,) from the segment from a to b."""
    d = b - a
    s = float(np.clip((p - a) @ d / max(float(d @ d), 1e-12), 0.0, 1.0))
    return float(np.linalg.norm(p - a - s * d))
