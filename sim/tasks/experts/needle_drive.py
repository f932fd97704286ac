# SPDX-License-Identifier: Apache-2.0
"""Stand the needle up across the marks, then turn it about the middle of its arc, which stays.

A wire that turns about its arc's middle passes through its own track: nothing moves sideways.
"""

from collections.abc import Callable, Iterator

import numpy as np

from trocar.geometry import Array, inverse, log_so3, make_transform
from trocar.sim.objects.needle import Needle
from trocar.sim.tasks.action import FREE_SIZE, STEP, TURN
from trocar.sim.tasks.experts.expert import CLOSED, Expert

_UP = 0.030  # m, height of the tip where the needle, which hangs 20 mm down, is stood up
_OVER = 0.010  # m over where the drive begins
_FIRST = -0.90  # rad: the point's angle before the drive, 0 straight down, a quarter turn ahead
_BEYOND = 0.40  # rad that the point goes on after the exit: 4 mm at a radius of 10 mm
_PACE = 0.06  # rad a step: 3 mm/s
_THERE, _TURNED = 4e-4, 0.02  # m, rad
_MOST = 40  # steps of one movement


class NeedleDriveExpert(Expert):
    """Up, stand it up, over the entry, down, through; then stay."""

    def script(self) -> Iterator[Array]:
        """One way, each step corrected by where the needle is."""
        needle = self.task.kind("needle", Needle)
        yield from self._reach(self._lifted)
        here = self._stood_up(needle)
        yield from self._reach(lambda: here)
        yield from self._reach(lambda: self._pose(needle, _FIRST, _OVER))
        yield from self._reach(lambda: self._pose(needle, _FIRST, 0.0))
        last = self._half_angle(needle) + _BEYOND
        for angle in np.arange(_FIRST, last, _PACE):
            yield self._towards(self._pose(needle, float(angle), 0.0))
        while True:
            yield self._towards(self._pose(needle, last, 0.0))

    def _half_angle(self, needle: Needle) -> float:
        """Of the arc between the marks."""
        entry, exit_ = self.extra[:3], self.extra[3:6]
        half = 0.5 * float(np.linalg.norm((exit_ - entry)[:2]))
        return float(np.arcsin(min(1.0, half / needle.radius)))

    def _pose(self, needle: Needle, angle: float, above: float) -> Array:
        """`T_world_needle` (4, 4), its arc through both marks and its point at an angle."""
        entry, exit_ = self.extra[:3], self.extra[3:6]
        middle = 0.5 * (entry + exit_)
        middle[2] += needle.radius * np.cos(self._half_angle(needle)) + above
        return make_transform(self._upright(needle, angle), middle)

    def _upright(self, needle: Needle, angle: float) -> Array:
        """Rotation (3, 3) of the needle: in the upright plane through the marks."""
        ahead = self.extra[3:6] - self.extra[:3]
        ahead[2] = 0.0
        ahead /= np.linalg.norm(ahead)
        up = np.array([0.0, 0.0, 1.0])
        at = angle - 0.5 * needle.angle
        x = -np.cos(at) * up + np.sin(at) * ahead
        z = np.cross(ahead, up)
        return np.stack([x, np.cross(z, x), z], axis=1)

    def _lifted(self) -> Array:
        """As it is, with the tip at _UP."""
        T = self.object("needle")
        T[2, 3] += _UP - self.tool("PSM1").tip[2]
        return T

    def _stood_up(self, needle: Needle) -> Array:
        """Stood up about the tip, which stays."""
        T, tip = self.object("needle"), self.tool("PSM1").tip
        R = self._upright(needle, _FIRST)
        return make_transform(R, tip + R @ T[:3, :3].T @ (T[:3, 3] - tip))

    def _reach(self, wanted: Callable[[], Array]) -> Iterator[Array]:
        """Until the needle is there."""
        for _ in range(_MOST):
            T, seen = wanted(), self.object("needle")
            gap = float(np.linalg.norm(T[:3, 3] - seen[:3, 3]))
            if gap < _THERE and np.linalg.norm(log_so3(T[:3, :3] @ seen[:3, :3].T)) < _TURNED:
                return
            yield self._towards(T)

    def _towards(self, T_world_needle: Array) -> Array:
        """The action that brings the needle there: the tool goes with it as if they were one."""
        tool = self.tool("PSM1")
        change = T_world_needle @ inverse(self.object("needle"))
        move = (change[:3, :3] @ tool.tip + change[:3, 3] - tool.tip) / STEP
        turn = log_so3(change[:3, :3]) / TURN
        action = np.zeros(FREE_SIZE)
        action[:3] = move / max(1.0, float(np.abs(move).max()))
        turn = turn / max(1.0, float(np.abs(turn).max()))
        action[3], action[5:] = turn[2], turn[:2]
        action[4] = CLOSED
        return action
