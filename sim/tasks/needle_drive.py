# SPDX-License-Identifier: Apache-2.0
"""Needle drive: through the tissue, in at one marked dot and out at the other.

Scored as the AMBF Surgical Robotics Challenge does: how far beside the marks it went in and came
out, how far the point is out, and how far the wire moved sideways in its holes, which tears them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array, exp_so3, make_transform, transform_points
from trocar.sim.marks import PointsOnSurface
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.size import size
from trocar.sim.tasks.action import FREE_SIZE, STEP
from trocar.sim.tasks.stitch import Stitch, wrench_of
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell

BODY, TOOL = "tissue", "PSM1"
_CLOSING_STEPS = 3  # the jaws take about 0.3 s to close and grip
_LOWER = 0.0003  # m: how far the tips reach below the wire's middle


@dataclass(frozen=True)
class NeedleDriveParameters(TaskParameters):
    """Entry and exit within `tolerance` m, `least_out` m of wire beyond the exit, never torn.

    `tear` m: the most that the wire may move sideways in a hole.  PSM1 holds the needle at a share
    of its arc, turned by up to `turn`, lifted by `lift` m.
    """

    tolerance: float = size(0.002, 0.0002, 0.05)
    least_out: float = size(0.003, 0.0005, 0.02)
    tear: float = size(0.0015, 0.0002, 0.01)
    least_share: float = size(0.12, 0.0, 1.0)
    most_share: float = size(0.18, 0.0, 1.0)
    turn: float = size(0.17, 0.0, 0.6)
    lift: float = size(0.010, 0.0, 0.05)


class NeedleDrive(Task):
    """Goal (7,): entered, came out, held (0 or 1), then m: entry error, exit error, out, farthest.

    Before there is a hole, its error is that of the needle's point.  Extra (13,): entry and exit
    mark (6,) m, as they are now, and what is achieved (7,).
    """

    Parameters = NeedleDriveParameters
    objects: ClassVar[dict[str, str]] = {"needle": "needle", "pad": "pad"}
    observed = ("needle",)
    goal_size: ClassVar[int] = 7
    extra_size: ClassVar[int] = 13
    tool_action_size: ClassVar[int] = FREE_SIZE
    units: ClassVar[dict[str, str]] = {
        "entry_error": "mm",
        "exit_error": "mm",
        "out": "mm",
        "sideways": "mm",
        "tissue_force": "N",
    }

    def start(self, rng: np.random.Generator) -> Start:
        """Draw how PSM1 holds the needle, and which pair of marks it is."""
        p = self.parameters
        needle = self.kind("needle", Needle)
        share = float(rng.uniform(p.least_share, p.most_share))
        turn = float(rng.uniform(-p.turn, p.turn))
        pairs = self._pairs()
        self._xy = pairs[int(rng.integers(len(pairs)))]
        T_tip = self.tip_at_start(TOOL)
        along = np.cross([0.0, 0.0, 1.0], T_tip[:3, 1])  # a wire along it lies square in the jaws
        if along @ T_tip[:3, 0] < 0.0:
            along = -along
        tangent = needle.tangent(share)
        angle = np.arctan2(along[1], along[0]) - np.arctan2(tangent[1], tangent[0])
        T = make_transform(exp_so3([0.0, 0.0, angle + turn]))
        T[:3, 3] = T_tip[:3, 3] - T[:3, :3] @ needle.point(share)
        T[2, 3] = self.place("needle")[2, 3]
        goal = np.array([1.0, 1.0, 1.0, p.tolerance, p.tolerance, p.least_out, p.tear])
        return Start(self.poses(needle=T), goal)

    def began(self, cell: TaskCell) -> None:
        """Find the marks on the tissue."""
        body = cell.surroundings.soft.bodies[BODY]
        self._marks = PointsOnSurface(body.body.rest, body.body.surface, self._xy)
        self._stitch = Stitch(self.kind("needle", Needle))

    def prepare(self, cell: TaskCell, command: Callable[[Array], None]) -> str:
        """Close the jaws on the needle and lift it."""
        action = np.zeros(FREE_SIZE)
        action[4] = -1.0
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

    def watch(self, cell: TaskCell) -> None:
        """Follow the needle, and let the tissue push it."""
        surface = float(self._places(cell)[:, 2].mean())
        things = cell.handling.things
        pushes = self._stitch.look(things.poses["needle"], surface)
        cell.handling.push("needle", *wrench_of(pushes, things.centre("needle")))

    def achieved(self, cell: TaskCell) -> Array:
        """How far it has come, and how well."""
        stitch, marks = self._stitch, self._places(cell)
        needle = self.kind("needle", Needle)
        point = transform_points(cell.handling.things.poses["needle"], needle.point(1.0))
        holes = [point if hole is None else hole for hole in (stitch.entry, stitch.exit)]
        errors = [float(np.linalg.norm((h - m)[:2])) for h, m in zip(holes, marks)]
        entered = stitch.entry is not None and stitch.is_deep
        came_out = entered and stitch.exit is not None
        held = TOOL in self.holders(cell, "needle")
        return np.array([entered, came_out, held, *errors, stitch.out, stitch.farthest], float)

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """In and out at the marks, far enough, not torn, still held."""
        a, d = np.asarray(achieved), np.asarray(desired)
        is_done = np.all(a[..., :3] >= d[..., :3], axis=-1) & (a[..., 5] >= d[..., 5])
        is_good = np.all(a[..., 3:5] <= d[..., 3:5], axis=-1) & (a[..., 6] <= d[..., 6])
        return np.asarray(is_done & is_good)

    def extra(self, cell: TaskCell) -> Array:
        """What a tracker of the marks would give, and the score so far."""
        return np.concatenate([self._places(cell).ravel(), self.achieved(cell)])

    def measures(self, cell: TaskCell) -> dict[str, float]:
        """The Challenge's figures, and the strongest force of the tissue on the needle."""
        values = [*(1e3 * self.achieved(cell)[3:]), self._stitch.force]
        return {name: float(value) for name, value in zip(self.units, values)}

    def _places(self, cell: TaskCell) -> Array:
        return self._marks.at(cell.surroundings.soft.bodies[BODY].nodes)

    def _pairs(self) -> list[Array]:
        """Places (x, y) of every pair (2, 2) of marks entry_K and exit_K, in the file's order."""
        marks, pairs = self.scene.marks, []
        for name in marks:
            ends = [marks.get(name), marks.get(name.replace("entry_", "exit_", 1))]
            if name.startswith("entry_") and all(
                m is not None and m.on == BODY and len(m.points) == 1 for m in ends
            ):
                pairs.append(np.array([m.points[0] for m in ends if m is not None]))
        if not pairs or BODY not in self.scene.soft:
            raise ConfigurationError(
                f"scene file {self.scene.name}.yaml: marks: task needle_drive needs dots entry_1 "
                f"and exit_1 on a soft body {BODY}"
            )
        return pairs
