# SPDX-License-Identifier: Apache-2.0
"""The part of an action that moves the endoscope: yaw, pitch, insertion, roll of the ECM."""

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.scene import ecm_model
from trocar.sim.tasks.task_cell import TaskCell

CAMERA_SIZE = 4
# rad, rad, m, rad a step of 0.2 s: slow enough that a surgeon's eye follows, and what the servo
# reaches within the step.
CAMERA_STEP: Array = np.array([0.05, 0.05, 0.008, 0.1])


def turn_camera(cell: TaskCell, action: Array) -> None:
    """Send the ECM on by an action (4,) in [-1, 1], within its limits."""
    if cell.ecm is None:
        raise ConfigurationError(
            f"scene file {cell.scene.name}.yaml: arms: the task moves the camera; add ECM"
        )
    chain = ecm_model().chain
    goal = cell.ecm.servo.setpoint_q + CAMERA_STEP * action
    cell.ecm.servo.move(np.clip(goal, chain.q_min, chain.q_max))
