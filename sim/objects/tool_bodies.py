# SPDX-License-Identifier: Apache-2.0
"""The four bodies of an instrument in the physics world: they go where the arm takes them."""

from __future__ import annotations

import numpy as np

from trocar.geometry import Array, make_transform
from trocar.kinematics import SHAFT_DIAMETER
from trocar.sim.objects.bullet import GRAVITY, STEP_S, BulletWorld, Near
from trocar.sim.objects.shape import Part
from trocar.sim.objects.tool import JAWS, SHAFT_SPAN, WRIST_RADIUS, ToolPose
from trocar.sim.render.instrument import PITCH_TO_YAW, instrument_meshes

_BLADE_FROM = 0.002  # m: a jaw's hull begins behind its hub, which is round and turns in place


class ToolBodies:
    """One instrument's bodies; `pose` may be set as often as wanted, bodies follow when needed."""

    def __init__(self, world: BulletWorld, pose: ToolPose) -> None:
        """Put an instrument into a world."""
        self._world = world
        low, high = SHAFT_SPAN
        T_shaft = make_transform(translation=[0.0, 0.0, 0.5 * (low + high)])
        T_wrist = make_transform(translation=[0.0, 0.0, 0.5 * PITCH_TO_YAW])
        shaft = Part("cylinder", T_shaft, (0.5 * SHAFT_DIAMETER, 0.5 * SHAFT_DIAMETER, high - low))
        wrist = Part("capsule", T_wrist, (WRIST_RADIUS, WRIST_RADIUS, PITCH_TO_YAW))
        meshes = instrument_meshes(sides=8)
        self._bodies = {
            "shaft": world.add_tool(None, [shaft]),
            "wrist": world.add_tool(None, [wrist]),
        }
        for jaw in JAWS:
            self._bodies[jaw] = world.add_tool(_blade(meshes[jaw].vertices), [])
        self.numbers = tuple(self._bodies.values())
        self.pose = pose
        self._placed: ToolPose | None = None

    def body(self, part: str) -> int:
        """A part's body, where `pose` has it."""
        if self._placed is not self.pose:
            for name, body in self._bodies.items():
                self._world.set_pose(body, self.pose.parts[name])
            self._placed = self.pose
        return self._bodies[part]

    def head_for(self, pose: ToolPose) -> None:
        """Give the bodies the velocity that takes them from where they are to `pose` in a step."""
        for part in self._bodies:
            body = self.body(part)
            a, b = self.pose.parts[part], pose.parts[part]
            linear = (b[:3, 3] - a[:3, 3]) / STEP_S
            linear[2] += GRAVITY * STEP_S  # what the step is going to add
            turn = b[:3, :3] @ a[:3, :3].T
            angular = np.array(
                [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
            )
            self._world.set_velocity(body, linear, angular / (2.0 * STEP_S))
        self._placed = None

    def closest(self, part: str, body: int, distance: float) -> list[Near]:
        """Nearest points of a part (as `a`) and of a body (as `b`)."""
        return self._world.closest(self.body(part), body, distance)


def _blade(vertices: Array) -> Array:
    return np.unique(np.round(vertices[vertices[:, 2] > _BLADE_FROM], 7), axis=0)
