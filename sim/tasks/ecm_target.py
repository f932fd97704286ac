# SPDX-License-Identifier: Apache-2.0
"""ECM target: turn and advance the endoscope until a target is in the middle, at a distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from trocar.geometry import Array, inverse, make_transform, transform_points
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell


@dataclass(frozen=True)
class EcmTargetParameters(TaskParameters):
    """The target lies within `spread_x`, `spread_y` m; the goal is `near` to `far` m away."""

    tolerance: float = size(0.003, 0.0002, 0.05)
    spread_x: float = size(0.025, 0.0, 0.05)
    spread_y: float = size(0.018, 0.0, 0.05)
    near: float = size(0.060, 0.03, 0.2)
    far: float = size(0.090, 0.03, 0.2)


class EcmTarget(Task):
    """Goal (3,): where the target shall be in the left camera, m: (0, 0, distance).

    Extra (8,): the target in both eyes, x/z and y/z (4), and the ECM's measured joints (4).
    """

    Parameters = EcmTargetParameters
    objects: ClassVar[dict[str, str]] = {"target": "marker"}
    tools: ClassVar[tuple[str, ...]] = ()
    extra_size: ClassVar[int] = 8
    moves_camera: ClassVar[bool] = True

    def start(self, rng: np.random.Generator) -> Start:
        """Put the target somewhere in view."""
        p = self.parameters
        at = self.place("target")[:3, 3] + [
            rng.uniform(-p.spread_x, p.spread_x),
            rng.uniform(-p.spread_y, p.spread_y),
            0.0,
        ]
        goal = np.array([0.0, 0.0, rng.uniform(p.near, p.far)])
        return Start(self.poses(target=make_transform(translation=at)), goal)

    def achieved(self, cell: TaskCell) -> Array:
        """Where the target truly is in the left camera."""
        T_camera_world = inverse(self.scene.camera_pose(cell.snapshot()))
        return transform_points(T_camera_world, cell.handling.things.poses["target"][:3, 3])

    def extra(self, cell: TaskCell) -> Array:
        """As the eyes see it, without noise, and the encoders of the ECM."""
        left = self.achieved(cell)
        right = transform_points(inverse(self.scene.rig.T_left_right), left)
        assert cell.ecm is not None  # `turn_camera` and the start have seen to it
        q, _, _ = cell.ecm.plant.measure()
        return np.concatenate([left[:2] / left[2], right[:2] / right[2], q])
