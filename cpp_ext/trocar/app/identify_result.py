# SPDX-License-Identifier: Apache-2.0
"""Identification from start to end: excite, record, fit, check on a motion that was held out."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trocar import _core
from trocar.app.identify_fit import Base, Equations, base_parameters, equations, friction_speeds
from trocar.app.identify_fit import weights as axis_weights
from trocar.app.identify_gravity import Gravity, find_gravity
from trocar.app.identify_motion import excitation
from trocar.app.identify_physical import fit, from_parameters
from trocar.app.identify_record import LockstepArm, record
from trocar.geometry import Array
from trocar.sim.scene import load_scene

DURATION_S = 30.0
RMS_SHARE = 0.05  # of the torque itself, that the error of the held-out motion may have
_HELD_OUT = 10_000  # the seed of the held-out motion is that much farther


@dataclass(frozen=True)
class Identified:
    """The model, the base parameters behind it, and how well it foretells the held-out motion.

    `held_out`: the equations of that motion; `rms` and `rms_measured` (7,): N m, insertion N, of
    the error and of the torque itself, means over 50 ms.
    """

    parameters: _core.DynamicParameters
    base: Base
    held_out: Equations
    rms: Array
    rms_measured: Array
    gravity: Gravity

    def predicted(self) -> Array:
        """Mean torque (n, 7) of each stretch of the held-out motion by the model."""
        return self.held_out.torque(from_parameters(self.parameters))


def identify(
    seed: int,
    duration_s: float = DURATION_S,
    scene: str = "follow",
    progress: Callable[[int], object] = lambda ticks: None,
    plant: _core.DynamicParameters | None = None,
) -> Identified:
    """Identify the arm of the simulated cell; `progress` is told the ticks of both motions.

    `plant` goes to the simulator alone: an arm made of something else than its own.
    """
    arm = LockstepArm(load_scene(scene), seed, plant=plant)
    try:
        train = record(arm, excitation(seed, duration_s), progress)
        test = record(arm, excitation(seed + _HELD_OUT, 0.5 * duration_s), progress)
    finally:
        arm.close()
    speeds = friction_speeds(train)
    gravity = find_gravity(train, speeds)
    train, test = (replace(record, gravity_base=gravity.vector) for record in (train, test))
    data = equations(train, speeds)
    weight = axis_weights(data)
    base = base_parameters(data, weight)
    parameters = fit(data, weight)
    parameters.gravity_base = train.gravity_base
    held_out = equations(test, speeds)
    error = held_out.torque(from_parameters(parameters)) - held_out.measured
    return Identified(
        parameters,
        base,
        held_out,
        np.sqrt(np.mean(error**2, axis=0)),
        np.sqrt(np.mean(held_out.measured**2, axis=0)),
        gravity,
    )
