# SPDX-License-Identifier: Apache-2.0
"""An instrument without an arm: it stands where a test puts it, wrist straight."""

import numpy as np

from trocar.geometry import Array, exp_so3, make_transform
from trocar.kinematics import JAW_TIP_OFFSET
from trocar.sim.objects.handling import Handling
from trocar.sim.objects.load import Load
from trocar.sim.objects.tool import ToolPose
from trocar.sim.render.instrument import PITCH_TO_YAW

DOWN = exp_so3([np.pi, 0.0, 0.0])  # closes along y


def pose(tip, jaw: float, R: Array = DOWN, velocity=(0.0, 0.0, 0.0), jaw_speed=0.0) -> ToolPose:
    T_cp = make_transform(R, np.asarray(tip) - JAW_TIP_OFFSET * R[:, 2])
    frames = np.tile(np.eye(4), (8, 1, 1))
    frames[3, :3, 2] = R[:, 2]
    frames[4, :3, 0], frames[4, :3, 3] = R[:, 2], T_cp[:3, 3] - PITCH_TO_YAW * R[:, 2]
    frames[7] = T_cp
    return ToolPose(frames, jaw, jaw_speed, np.array([*velocity, 0.0, 0.0, 0.0]))


class Puppet:
    """Moves one instrument, millisecond by millisecond, and keeps what it felt last."""

    def __init__(self, handling: Handling, tip, jaw: float, R: Array = DOWN, name: str = "PSM1"):
        self.handling, self.name, self.R = handling, name, R
        self.tip, self.jaw = np.asarray(tip, dtype=float), jaw
        self.load = Load()

    @property
    def pose(self) -> ToolPose:
        return pose(self.tip, self.jaw, self.R)

    def go(self, tip=None, jaw: float | None = None, ms: int = 100, still: dict | None = None):
        tip_from, jaw_from = self.tip, self.jaw
        tip_to = tip_from if tip is None else np.asarray(tip, dtype=float)
        jaw_to = jaw_from if jaw is None else jaw
        for i in range(1, ms + 1):
            share = i / ms
            self.tip = tip_from + share * (tip_to - tip_from)
            self.jaw = jaw_from + share * (jaw_to - jaw_from)
            speed = (tip_to - tip_from) / ms * 1e3
            now = pose(self.tip, self.jaw, self.R, speed, (jaw_to - jaw_from) / ms * 1e3)
            self.load = self.handling.step({self.name: now, **(still or {})})[self.name]
