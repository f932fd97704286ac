# SPDX-License-Identifier: Apache-2.0
"""An arm that does exactly what its set-point says, tick by tick in simulated time."""

import numpy as np

from trocar import _core

MS = 1_000_000


class IdealPlant:
    """Drives an `Arm` through the lockstep seam; brakes keep it where it is."""

    def __init__(self, arm=None, start_ns=1_000_000_000):
        self.arm = arm if arm is not None else _core.Arm(_core.ArmConfig())
        self.port = _core.LockstepPort(self.arm)
        self.now_ns = start_ns
        self.q = np.array([0.1, -0.1, 0.11, 0.2, 0.3, -0.2, 0.1])
        self.brake = True

    def step(self, ticks=1):
        """Exchange `ticks` times, 1 ms each."""
        for _ in range(ticks):
            self.now_ns += MS
            qd = np.zeros(7)
            if not self.brake:
                state = self.arm.state()
                self.q, qd = np.array(state.setpoint_q), np.array(state.setpoint_qd)
            output = self.port.exchange(self.q, qd, np.zeros(7), self.now_ns)
            self.brake = output.brake
        return self.arm.state()
