# SPDX-License-Identifier: Apache-2.0
"""Moves the arm of a simulated cell in lockstep and keeps what its sensors said.

Only what a real arm gives is read: measured q, qd and motor torque.  The controller runs on the
model that the control node starts with, wrong by 10 %.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trocar import _core
from trocar.app.identify_motion import Motion
from trocar.errors import TrocarError
from trocar.geometry import Array
from trocar.sim.cell import ARM, Cell, plant_gravity_base
from trocar.sim.scene import Scene

_APPROACH_TICKS = 15000  # most that going to a start may take


@dataclass(frozen=True)
class Record:
    """Measured q, qd, tau, (N, 7) each, at 1 kHz, and gravity (3,) in the nominal base frame.

    tau[k] is the torque of the tick that ended with q[k], qd[k].
    """

    q: Array
    qd: Array
    tau: Array
    gravity_base: Array


class LockstepArm:
    """The cell's arm under the core's own loop, one call = one tick; powered and homed."""

    def __init__(
        self,
        scene: Scene,
        seed: int,
        dynamics: _core.DynamicParameters | None = None,
        plant: _core.DynamicParameters | None = None,
    ) -> None:
        """Power the arm and home it.

        `dynamics`: the controller's model; default: the nominal one, wrong by 10 %, on the site's
        word about gravity.  `plant`: what the simulated arm is made of, for the simulator alone;
        default: its own.
        """
        config = _core.ArmConfig()
        self.gravity_base = plant_gravity_base(scene)
        config.dynamics = dynamics or _core.DynamicParameters().perturbed(0.1, seed)
        if dynamics is None:
            config.dynamics.gravity_base = self.gravity_base
        self.arm = _core.Arm(config)
        drivers = {ARM: self.arm}
        self.cell = Cell(scene, seed, drivers, parameters=plant, watch_clearance=False)
        self.arm.state_command(_core.StateCommand.HOME)
        self._settle("home")

    def move(self, q: Array) -> None:
        """Go to joints and jaw q (7,) and stop there."""
        self.arm.move_jp(q[:6])
        self.arm.jaw_move_jp(float(q[6]))
        self._settle("reach the start of the motion")

    def tick(self) -> None:
        """One millisecond; an arm in FAULT ends it with the reason."""
        self.cell.tick()

    def check(self) -> None:
        """Raise TrocarError where the arm is not ENABLED any more."""
        state = self.arm.state()
        if state.operating_state != _core.OperatingState.ENABLED:
            raise TrocarError(f"the arm stopped: {_core.describe(state.fault)}")

    def close(self) -> None:
        """Free the physics world."""
        self.cell.close()

    def _settle(self, what: str) -> None:
        for ticks in range(_APPROACH_TICKS):
            self.tick()
            if ticks > 10 and ticks % 50 == 0:
                self.check()
                state = self.arm.state()
                if state.is_homed and not state.is_busy:
                    return
        raise TrocarError(f"the arm did not {what} within {_APPROACH_TICKS / 1000:g} s")


def record(arm: LockstepArm, motion: Motion, progress: Callable[[int], object]) -> Record:
    """Play a motion; `progress(ticks)` is called every 100 ticks."""
    arm.move(motion.q[0])
    rows = []
    for k, (q, qd) in enumerate(zip(motion.q, motion.qd, strict=True)):
        arm.arm.servo_jp(q[:6], qd[:6])
        arm.arm.jaw_servo_jp(float(q[6]))
        arm.tick()
        state = arm.arm.state()
        rows.append(np.concatenate([state.q, state.qd, state.tau]))
        if k % 100 == 99:
            arm.check()
            progress(100)
    arm.arm.take_results()
    data = np.array(rows)
    return Record(data[:, :7], data[:, 7:14], data[:, 14:], arm.gravity_base)
