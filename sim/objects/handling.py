# SPDX-License-Identifier: Apache-2.0
"""Instruments among rigid objects: free ones fall and are pushed, held ones follow the jaws.

PyBullet moves what is free and finds what is near what.  Each millisecond an arm says where its
instrument is and gets what it feels: a wrench on its control point and a load on its jaw's axis.

What is far is looked at every LOOK_TICKS only, and while everything lies still and no instrument is
near nothing is computed at all: pure functions of the state, so repeatable to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array
from trocar.sim.objects.bullet import STEP_S, BulletWorld, Near
from trocar.sim.objects.carrying import balance, carry
from trocar.sim.objects.grasp import TOUCH
from trocar.sim.objects.jaws import Jaws
from trocar.sim.objects.load import Load
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.things import Things
from trocar.sim.objects.tool import BALL_RADII, PARTS, ToolPose, ball_gaps, reach_of
from trocar.sim.objects.tool_bodies import ToolBodies
from trocar.sim.objects.touching import Touching

LOOK_TICKS = 10
# m: what is farther than this cannot meet within LOOK_TICKS, up to 0.2 m/s.
REACH = 2.0e-3
_AWAKE = 5e-4  # m: a free object with something nearer than this is moved


class Handling:
    """Objects by name, instruments by name.

    `things` holds the objects, `jaws` the grasps.
    """

    def __init__(self, shapes: Mapping[str, Shape]) -> None:
        """Nothing stands anywhere before `reset`."""
        self._world = BulletWorld()
        self.things = Things(self._world, shapes)

    def reset(self, poses: Mapping[str, Array], tools: Mapping[str, ToolPose]) -> bool:
        """Start anew with objects and instruments there.

        False where the objects do not come to rest by themselves.
        """
        self._world.clear()
        self.things.reset(poses)
        is_settled = self.things.settle()  # before instruments stand in the way
        self._bodies = {name: ToolBodies(self._world, tool) for name, tool in tools.items()}
        self._pass_through()
        self.jaws = Jaws(self._world, self.things, self._bodies)
        self._touching = Touching(self.things, self._bodies, self.jaws)
        self._push: dict[str, Array] = {}
        self._held_low: dict[str, Array] = {}
        self._clear_ticks = 0
        self._far_looks = 0
        return is_settled

    @property
    def max_force(self) -> float:
        """The strongest contact force in N since the reset, of an instrument or what it holds."""
        return self._touching.max_force

    @property
    def touched(self) -> set[tuple[str, str]]:
        """Instruments and what they have touched since the reset, objects or each other."""
        return self._touching.touched

    def close(self) -> None:
        """Free the physics world."""
        self._world.close()

    def push(self, name: str, force: Array, torque: ArrayLike = (0.0, 0.0, 0.0)) -> None:
        """Pull at a held object from now on: force (3,) N at its centre, torque (3,) N m; world."""
        self._push[name] = np.concatenate([force, torque]).astype(float)

    def is_idle(self, tools: Mapping[str, ToolPose]) -> bool:
        """Whether nothing can happen within LOOK_TICKS: no `step` is needed then.

        To be asked every LOOK_TICKS.  What is far is not looked at again before it can be near.
        """
        if not self.things.at_rest or any(self.jaws.grasps.values()):
            self._far_looks = 0
            return False
        self._arrive(tools)
        if self._far_looks > 0:
            self._far_looks -= 1
            return True
        low = self._lower_bounds(tools)
        apart = 0.5 * self._tools_apart(tools)  # both may move
        least = min([apart, *(float(one.min(initial=1.0)) for one in low.values())])
        # The fastest thing to assume: one REACH a look; the last look before is spared no one.
        self._far_looks = max(0, int(least / REACH) - 2)
        reach = {name: reach_of(tool, LOOK_TICKS * STEP_S) for name, tool in tools.items()}
        if apart < max(reach.values(), default=0.0):
            return False
        return not any(self._is_within(name, low[name], reach[name]) for name in tools)

    def overlaps(self, tools: Mapping[str, ToolPose]) -> list[tuple[str, str, float]]:
        """Instruments that stand in something: their name, what it is, and how deep in m."""
        self._arrive(tools)
        names, found = list(self._bodies), []
        for i, name in enumerate(names):
            others = {thing: [body] for thing, body in self.things.body.items()}
            for other in names[i + 1 :]:
                others[other] = [self._bodies[other].body(part) for part in PARTS]
            for other, theirs in others.items():
                depth = max(
                    (
                        -n.distance
                        for p in PARTS
                        for b in theirs
                        for n in self._bodies[name].closest(p, b, 0.0)
                    ),
                    default=0.0,
                )
                if depth > 0.0:
                    found.append((name, other, depth))
        return found

    def step(self, tools: Mapping[str, ToolPose]) -> dict[str, Load]:
        """One millisecond, at whose end the instruments are there; what they feel from now on."""
        loads = {name: Load() for name in tools}
        self.jaws.watch(tools)
        is_clear = self._clear_ticks > 0 and self.things.at_rest
        low = {} if is_clear else self._lower_bounds(tools)
        if not is_clear:
            self._move_free(tools, low)
        before = {name: bodies.pose for name, bodies in self._bodies.items()}
        self._arrive(tools)
        if not is_clear:
            self.jaws.look(tools, low)
        self._move_held(before, tools, loads, is_clear)
        if not is_clear:
            self._touching.feel(tools, low, loads)
        for name, tool in tools.items():
            grasp = self.jaws.grasps[name]
            if grasp is not None:
                loads[name].grip = grasp.jaw_load(tool.jaw, tool.jaw_speed)
        self._clear_ticks -= 1
        if not is_clear:
            self._clear_ticks = LOOK_TICKS if self._is_clear(tools, low) else 0
        return loads

    def _arrive(self, tools: Mapping[str, ToolPose]) -> None:
        for name, tool in tools.items():
            self._bodies[name].pose = tool

    # --- what is near ----------------------------------------------------------------------
    def _lower_bounds(self, tools: Mapping[str, ToolPose]) -> dict[str, Array]:
        """Per instrument, lower bounds (4, o) in m of its parts' distances from the objects."""
        centres = np.concatenate([tool.ball_centres for tool in tools.values()])
        low = self.things.lower_bounds(centres, np.tile(BALL_RADII, len(tools)))
        return {name: low[4 * i : 4 * i + 4] for i, name in enumerate(tools)}

    def _is_within(self, name: str, low: Array, reach: float) -> bool:
        """Whether any object is really within reach of an instrument."""
        for row, column in np.argwhere(low < reach):
            body = self.things.body[self.things.solid[column]]
            if self._bodies[name].closest(PARTS[row], body, reach):
                return True
        return False

    def _tools_apart(self, tools: Mapping[str, ToolPose]) -> float:
        """At least how far in m any two instruments are from each other."""
        gap, poses = np.inf, list(tools.values())
        for i, a in enumerate(poses):
            for b in poses[i + 1 :]:
                gap = min(gap, float(ball_gaps(a, b).min()))
        return gap

    def _is_clear(self, tools: Mapping[str, ToolPose], low: Mapping[str, Array]) -> bool:
        """Whether, held objects and their holders aside, nothing is within REACH of anything."""
        if self._tools_apart(tools) < 2.0 * REACH:
            return False
        held = {}
        for name, grasp in self.jaws.grasps.items():
            if grasp is not None:
                if not grasp.is_held or len(self.jaws.holders(grasp.name)) > 1:
                    return False
                held[name] = grasp.name
        for name in tools:
            others = [i for i, other in enumerate(self.things.solid) if other != held.get(name)]
            if low[name][:, others].min(initial=np.inf) < REACH:
                return False
        return all(self._held_low[name].min() > REACH for name in held.values())

    def _pass_through(self) -> None:
        """Instruments push what is free, nothing else: the rest is theirs to feel, `_touch`."""
        bodies = [body for tool in self._bodies.values() for body in tool.numbers]
        fixed = [self.things.body[n] for n in self.things.solid if n not in self.things.moving]
        for i, body in enumerate(bodies):
            for other in [*bodies[i + 1 :], *fixed]:
                self._world.collide(body, other, False)

    # --- objects ---------------------------------------------------------------------------
    def _move_free(self, tools: Mapping[str, ToolPose], low: Mapping[str, Array]) -> None:
        things = self.things
        free = [i for i, name in enumerate(things.solid) if things.is_free(name)]
        if not free:
            return
        near = min(float(low[name][:, free].min()) for name in tools)
        for name in things.carried:
            near = min(near, float(self._held_low[name][free].min()))
        if near < _AWAKE:
            things.wake()
        if not things.at_rest:
            for name, tool in tools.items():
                self._bodies[name].head_for(tool)
            things.step()

    def _move_held(
        self,
        before: Mapping[str, ToolPose],
        tools: Mapping[str, ToolPose],
        loads: Mapping[str, Load],
        is_clear: bool,
    ) -> None:
        for name in sorted(self.things.carried):
            holds = [(tool, self.jaws.grasps[tool]) for tool in self.jaws.holders(name)]
            known = [(tool, grasp) for tool, grasp in holds if grasp is not None]
            push = self._push.get(name, np.zeros(6))
            force = carry(self.things, name, known, before, tools, push[:3])
            if not is_clear:
                self._held_low[name] = self.things.lower_bounds_of(name)
            contacts = [] if is_clear else self._contacts(name, tools, [tool for tool, _ in known])
            strongest = balance(
                self.things, name, known, tools, np.append(force, push[3:]), contacts, loads
            )
            self._touching.max_force = max(self._touching.max_force, strongest)

    def _contacts(self, name: str, tools: Mapping[str, ToolPose], holders: list[str]) -> list[Near]:
        """What a held object meets: fixed and free objects, and instruments that do not hold it."""
        things, body = self.things, self.things.body[name]
        found = []
        for other, low in zip(things.solid, self._held_low[name]):
            if low < TOUCH:
                found += self._world.closest(body, things.body[other], TOUCH)
        index = things.solid.index(name)
        for tool in tools:
            if tool in holders:
                continue
            low = things.lower_bounds(tools[tool].ball_centres, BALL_RADII)[:, index]
            for part, bound in zip(PARTS, low):
                if bound < TOUCH:
                    found += self._world.closest(body, self._bodies[tool].body(part), TOUCH)
        return found
