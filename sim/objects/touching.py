# SPDX-License-Identifier: Apache-2.0
"""Instruments that touch are pushed out of objects and of each other, by a spring.

Free objects yield to an instrument as bodies in PyBullet; what the arm feels of it is this.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.bullet import Near
from trocar.sim.objects.held import TOUCH_STIFFNESS
from trocar.sim.objects.jaws import Jaws
from trocar.sim.objects.load import Load
from trocar.sim.objects.things import Things
from trocar.sim.objects.tool import PARTS, ToolPose, ball_gaps
from trocar.sim.objects.tool_bodies import ToolBodies

_DAMPING = 5.0  # N s/m on the arm (assumed)


class Touching:
    """`max_force` N: the strongest so far; `touched`: instrument and what it has touched so far."""

    def __init__(self, things: Things, bodies: Mapping[str, ToolBodies], jaws: Jaws) -> None:
        """Nothing has been touched."""
        self._things, self._bodies, self._jaws = things, bodies, jaws
        self.max_force = 0.0
        self.touched: set[tuple[str, str]] = set()

    def feel(
        self,
        tools: Mapping[str, ToolPose],
        low: Mapping[str, Array],
        loads: Mapping[str, Load],
    ) -> None:
        """Load the instruments; low: lower bounds (4, o) from each one's parts to the objects."""
        self._each_other(tools, loads)
        for name, tool in tools.items():
            grasp = self._jaws.grasps[name]
            for part, row in zip(PARTS, low[name]):
                for other, bound in zip(self._things.solid, row):
                    if bound > 0.0 or (grasp is not None and grasp.name == other):
                        continue
                    near = self._bodies[name].closest(part, self._things.body[other], 0.0)
                    if near:
                        self.touched.add((name, other))
                        self._push_out(tool, min(near, key=lambda n: n.distance), loads[name])

    def _each_other(self, tools: Mapping[str, ToolPose], loads: Mapping[str, Load]) -> None:
        names = list(tools)
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                for row, column in np.argwhere(ball_gaps(tools[a], tools[b]) < 0.0):
                    other = self._bodies[b].body(PARTS[column])
                    near = self._bodies[a].closest(PARTS[row], other, 0.0)
                    if near:
                        self.touched.add((a, b))
                        deepest = min(near, key=lambda n: n.distance)
                        force = self._push_out(tools[a], deepest, loads[a])
                        loads[b].add(tools[b], -force, deepest.point_b)

    def _push_out(self, tool: ToolPose, near: Near, load: Load) -> Array:
        """Load an instrument with a touch; returns the force (3,) in N on it."""
        speed = float(tool.velocity_at(near.point_a) @ near.normal)
        size = max(0.0, -TOUCH_STIFFNESS * near.distance - _DAMPING * speed)
        load.add(tool, size * near.normal, near.point_a)
        self.max_force = max(self.max_force, size)
        return np.asarray(size * near.normal)
