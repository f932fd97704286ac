# SPDX-License-Identifier: Apache-2.0
"""An operator's hand on a master or a mouse, and an ideal arm that goes where it is told."""

import numpy as np

from trocar import _core
from trocar.control.operator_input import OperatorInput
from trocar.control.teleop import Teleop
from trocar.geometry import exp_so3, make_transform

MS = 1_000_000
DELAY = _core.TremorFilter.delay(0.0)  # s, of a steady motion
SETTLE = 3.0  # s, after which what the filter holds back of a motion is below 1e-8 of it
T_CAMERA_BASE = make_transform(exp_so3([2.0, -0.3, 0.4]), [-0.11, -0.09, 0.0])


def pose(rotation, position):
    return make_transform(exp_so3(np.array(rotation) * 3.0), np.array(position) * 0.1)


class Hand:
    """An operator and an ideal arm: what is commanded is the next set-point."""

    def __init__(self, T_base_cp=None, jaw=0.3):
        self.teleop = Teleop()
        self.now_ns = 1000 * MS
        self.T = pose([0.9, 0.1, -0.2], [0.1, 0.2, -1.4]) if T_base_cp is None else T_base_cp
        self.jaw = jaw

    def send(self, **sample):
        sample.setdefault("deadman", True)
        return self.teleop.add(OperatorInput(self.now_ns, **sample))

    def tick(self, ms=5):
        self.now_ns += ms * MS
        command = self.teleop.update(self.now_ns, T_CAMERA_BASE, self.T, self.jaw)
        if command.T_base_cp is not None:
            self.T, self.jaw = command.T_base_cp, command.jaw
        return command

    def run(self, seconds, **sample):
        command = None
        for _ in range(int(seconds * 200)):
            self.send(**sample)
            command = self.tick()
        return command

    def camera(self):
        return T_CAMERA_BASE @ self.T
