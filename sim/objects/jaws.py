# SPDX-License-Identifier: Apache-2.0
"""Who holds what: finds pinches, makes grasps of them, lets go."""

from __future__ import annotations

from collections.abc import Mapping

from trocar.geometry import Array
from trocar.sim.objects.bullet import BulletWorld
from trocar.sim.objects.grasp import TOUCH, Grasp, pinch
from trocar.sim.objects.things import Things
from trocar.sim.objects.tool import JAWS, ToolPose
from trocar.sim.objects.tool_bodies import ToolBodies

_CHECK_AFTER = 5e-4  # m of slipping after which one looks whether anything is left in the jaws
_STILL_BETWEEN = 3e-4  # m: blades yield by less
_FALL = 0.002  # m: what is let go higher than this above everything is dropped, not put down


class Jaws:
    """`grasps`: what the jaws of each instrument touch from both sides, None where nothing.

    `made` counts the grasps that began to hold, `dropped` the things that then fell, `slipped_away`
    those of them that no jaw had let go.
    """

    def __init__(
        self, world: BulletWorld, things: Things, bodies: Mapping[str, ToolBodies]
    ) -> None:
        """All jaws are empty."""
        self._world, self._things, self._bodies = world, things, bodies
        self.grasps: dict[str, Grasp | None] = dict.fromkeys(bodies)
        self.made = 0
        self.dropped = 0
        self.slipped_away = 0
        self._checked = dict.fromkeys(bodies, 0.0)

    def holders(self, name: str) -> list[str]:
        """Instruments that hold an object."""
        return [t for t, g in self.grasps.items() if g and g.is_held and g.name == name]

    def watch(self, tools: Mapping[str, ToolPose]) -> None:
        """Let go what the grip no longer holds: all that can change while nothing is near."""
        for tool, grasp in self.grasps.items():
            if grasp is None or not grasp.is_held:
                continue
            has_slipped = self._has_slipped_away(tool, grasp)
            if has_slipped or not grasp.holds(tools[tool].jaw):
                grasp.is_held = False
                self.slipped_away += has_slipped
                self._release(grasp.name, tools[tool])

    def look(self, tools: Mapping[str, ToolPose], low: Mapping[str, Array]) -> None:
        """Look for pinches.  low: per instrument, lower bounds (4, o) from parts to objects."""
        for tool, grasp in self.grasps.items():
            if grasp is not None and grasp.is_held:
                continue
            found = self._pinched(tool, tools[tool], low[tool])
            self._collide(tool, grasp, found)
            self.grasps[tool] = found
            if found is not None and found.holds(tools[tool].jaw):
                found.is_held = True
                self._things.carried.add(found.name)
                self._checked[tool] = 0.0
                self.made += 1

    def _has_slipped_away(self, tool: str, grasp: Grasp) -> bool:
        """Whether what has slipped in the jaws is still between them."""
        if grasp.slipped - self._checked[tool] < _CHECK_AFTER:
            return False
        self._checked[tool] = grasp.slipped
        body = self._things.body[grasp.name]
        return not all(self._bodies[tool].closest(jaw, body, _STILL_BETWEEN) for jaw in JAWS)

    def _pinched(self, tool: str, pose: ToolPose, low: Array) -> Grasp | None:
        things, bodies = self._things, self._bodies[tool]
        for column, name in enumerate(things.solid):
            if name not in things.moving or low[2:, column].max() > TOUCH:
                continue
            near_a, near_b = (bodies.closest(jaw, things.body[name], TOUCH) for jaw in JAWS)
            found = pinch(name, things.shapes[name], pose, things.poses[name], near_a, near_b)
            if found is not None:
                return found
        return None

    def _collide(self, tool: str, before: Grasp | None, now: Grasp | None) -> None:
        """Between two jaws an object no longer meets them as a body of Bullet.

        A light body between two that nothing can stop would be thrown about; the grasp's spring
        takes over.
        """
        was, name = before.name if before else None, now.name if now else None
        if was == name:
            return
        for body in self._bodies[tool].numbers:
            if was is not None:
                self._world.collide(body, self._things.body[was], True)
            if name is not None:
                self._world.collide(body, self._things.body[name], False)

    def _release(self, name: str, tool: ToolPose) -> None:
        """Without another holder it goes on as fast as it was carried."""
        if not self.holders(name):
            centre = self._things.centre(name)
            self.dropped += self._things.lower_bounds_of(name).min() > _FALL
            self._things.release(name, tool.velocity_at(centre), tool.twist[3:])
