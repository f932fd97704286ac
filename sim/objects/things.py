# SPDX-License-Identifier: Apache-2.0
"""Rigid objects by name in a physics world: where they are, and whether all of them lie still."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.bullet import BulletWorld
from trocar.sim.objects.nearness import Boxes, covering_balls
from trocar.sim.objects.shape import Shape

_STILL_SPEED, _STILL_TURN = 2e-3, 0.5  # m/s, rad/s: slower than this for _STILL_STEPS is at rest
_STILL_STEPS = 30
_SETTLE_STEPS = 600  # 0.6 s: what a scene may need to come to rest at its start


class Things:
    """`solid`: names of what can be touched; `moving`: of them, what is not fixed to the world.

    `poses` T_world_object (4, 4) of every object, `body` its number; `carried`: names of those
    that somebody else moves.
    """

    def __init__(self, world: BulletWorld, shapes: Mapping[str, Shape]) -> None:
        """Nothing is in the world before `reset`.  Objects without parts are only looked at."""
        self.shapes = dict(shapes)
        self.solid = tuple(name for name, shape in self.shapes.items() if shape.parts)
        self.moving = tuple(name for name in self.solid if not self.shapes[name].static)
        self.poses: dict[str, Array] = {}
        self.body: dict[str, int] = {}
        self.carried: set[str] = set()
        self._world = world
        self._boxes = Boxes([self.shapes[name] for name in self.solid])
        self._balls = {name: covering_balls(self.shapes[name]) for name in self.moving}
        self._still = 0

    def reset(self, poses: Mapping[str, Array]) -> None:
        """Put every object into a fresh world."""
        self.poses = {name: np.array(poses[name], dtype=float) for name in self.shapes}
        self.body = {name: self._world.add(self.shapes[name], poses[name]) for name in self.solid}
        self.carried = set()
        self._still = 0

    def settle(self) -> bool:
        """Let everything come to rest; False where it does not."""
        for _ in range(_SETTLE_STEPS):
            if self.at_rest:
                return True
            self.step()
        return not self.moving

    @property
    def at_rest(self) -> bool:
        """Whether every free object lies still."""
        return self._still >= _STILL_STEPS or self.carried.issuperset(self.moving)

    def is_free(self, name: str) -> bool:
        """Whether physics alone moves an object."""
        return name in self.moving and name not in self.carried

    def wake(self) -> None:
        """Something happens to a free object."""
        self._still = 0

    def step(self) -> None:
        """One millisecond of physics; objects that have been slow for a while are stopped."""
        self._world.step()
        is_still = True
        free = [name for name in self.moving if name not in self.carried]
        for name in free:
            self.poses[name] = self._world.pose(self.body[name])
            linear, angular = self._world.velocity(self.body[name])
            slow = linear @ linear < _STILL_SPEED**2 and angular @ angular < _STILL_TURN**2
            is_still = is_still and bool(slow)
        self._still = self._still + 1 if is_still else 0
        if self._still == _STILL_STEPS:
            for name in free:
                self._world.set_velocity(self.body[name], np.zeros(3), np.zeros(3))

    def carry(self, name: str, T_world_object: Array, linear: Array, angular: Array) -> None:
        """Put a carried object where its carrier has it; its speed is for what it pushes."""
        self.carried.add(name)
        self.poses[name] = T_world_object
        self._world.set_pose(self.body[name], T_world_object)
        self._world.set_velocity(self.body[name], linear, angular)

    def release(self, name: str, linear: Array, angular: Array) -> None:
        """Give an object back to physics, with a velocity of its centre and a turning one."""
        self.carried.discard(name)
        self._world.set_pose(self.body[name], self.poses[name])
        self._world.set_velocity(self.body[name], linear, angular)
        self.wake()

    def centre(self, name: str) -> Array:
        """Centre of mass (3,) in the world."""
        T = self.poses[name]
        return np.asarray(T[:3, 3] + T[:3, :3] @ self.shapes[name].com)

    def lower_bounds(self, centres: Array, radii: Array) -> Array:
        """At least how far in m balls (p,) are from the solid objects (o,): (p, o)."""
        return self._boxes.lower_bounds(centres, radii, [self.poses[name] for name in self.solid])

    def lower_bounds_of(self, name: str) -> Array:
        """At least how far in m an object is from the others (o,); infinity from itself."""
        T = self.poses[name]
        centres, radii = self._balls[name]
        low = self.lower_bounds(centres @ T[:3, :3].T + T[:3, 3], radii).min(axis=0)
        low[self.solid.index(name)] = np.inf
        return np.asarray(low)
