# SPDX-License-Identifier: Apache-2.0
"""Joint paths for pictures without physics: the jaw tip on a circle over the tissue."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from trocar.errors import CommandRefusedError
from trocar.geometry import Array, exp_so3, inverse, make_transform, transform_points
from trocar.kinematics import JAW_TIP_OFFSET, IkStatus, forward_kinematics, inverse_kinematics
from trocar.sim.scene import Scene


def joints_at(
    scene: Scene, p_world_tip: ArrayLike, jaw: float = 0.3, bend: ArrayLike = (0.0, 0.0)
) -> Array:
    """Joints (7,) that put PSM1's jaw tip at a world point, by the nominal base.

    The instrument points away from its RCM, its wrist bent by `bend` (2,) rad about its own x
    and y.  Raises CommandRefusedError where no such joint vector lies inside the limits.
    """
    p_tip = transform_points(inverse(scene.T_world_base("PSM1")), p_world_tip)
    z = p_tip / np.linalg.norm(p_tip)
    x = np.asarray(forward_kinematics(np.array([0.0, 0.0, 0.12, 0.0, 0.0, 0.0])))[:3, 0]
    x = x - (x @ z) * z
    x /= np.linalg.norm(x)
    b = np.asarray(bend, dtype=float)
    rotation = np.stack([x, np.cross(z, x), z], axis=1) @ exp_so3([b[0], b[1], 0.0])
    T_base_cp = make_transform(rotation, p_tip - JAW_TIP_OFFSET * rotation[:, 2])
    result = inverse_kinematics(T_base_cp, scene.initial_q["PSM1"][:6])
    if result.status != IkStatus.OK:
        raise CommandRefusedError(
            f"jaw tip at {np.asarray(p_world_tip).tolist()} m: {result.status.name}; choose a point"
            " within the joint limits"
        )
    return np.append(result.q, jaw)


def circling(
    scene: Scene, centre: ArrayLike, radius: float, period_s: float, bend: ArrayLike = (0.0, 0.0)
) -> Callable[[float], Array]:
    """Joints (7,) over time (s): the jaw tip rounds a horizontal circle (m), the jaw breathes."""
    middle = np.asarray(centre, dtype=float)

    def joints(time_s: float) -> Array:
        angle = 2.0 * np.pi * time_s / period_s
        offset = radius * np.array([np.cos(angle), np.sin(angle), 0.0])
        return joints_at(scene, middle + offset, 0.35 + 0.25 * float(np.sin(angle)), bend)

    return joints
