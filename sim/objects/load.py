# SPDX-License-Identifier: Apache-2.0
"""What an instrument feels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.tool import ToolPose
from trocar.sim.objects.vectors import cross


@dataclass
class Load:
    """On the control point `force` (3,) N, `torque` (3,) N m, world axes; on the jaw `grip` N m."""

    force: Array = field(default_factory=lambda: np.zeros(3))
    torque: Array = field(default_factory=lambda: np.zeros(3))
    grip: float = 0.0

    def add(self, tool: ToolPose, force: Array, point: Array) -> None:
        """A force (3,) N more, at a point (3,)."""
        self.force = self.force + force
        self.torque = self.torque + cross(point - tool.T_world_cp[:3, 3], force)
