# SPDX-License-Identifier: Apache-2.0
"""Where a held object comes to rest within a millisecond: between jaws, things it meets and weight.

Jaws hold it by springs (their own yielding), things it meets push it out by springs; the pose is
their equilibrium, found by one Newton step with the set of touching points that it leads to.  The
object's inertia is left out: a block of 0.7 g at 1 m/s2 is 0.7 mN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trocar.geometry import Array, exp_so3, log_so3
from trocar.sim.objects.bullet import Near
from trocar.sim.objects.vectors import cross

HOLD_STIFFNESS = 2e4  # N/m of a blade across its length (assumed): 0.05 mm at 1 N
HOLD_TURN_STIFFNESS = 0.2  # N m/rad (assumed)
TOUCH_STIFFNESS = 5e3  # N/m: an instrument yields by about 1 mm at 5 N (assumed)
_ROUNDS = 4  # of finding which points touch


class Held(NamedTuple):
    """What came out: the pose, and force N and torque N m (about the centre) of each hold."""

    T_world_object: Array
    forces: list[Array]
    torques: list[Array]
    contact_force: float  # N, the strongest


def rest(
    T_world_object: Array,
    com: Array,
    targets: Sequence[Array],
    push: Array,
    contacts: Sequence[Near],
) -> Held:
    """Equilibrium near `T_world_object` (4, 4) of an object with its centre of mass at `com` (3,).

    targets: `T_world_object` (4, 4) that each hold pulls to; push (6,) N, N m at the centre: weight
    and the like; contacts: nearest points of the object (as `a`) and of what it meets.
    """
    centre = T_world_object[:3, 3] + T_world_object[:3, :3] @ com
    if len(targets) == 1 and not contacts:  # hangs from its only hold
        T = targets[0].copy()
        T[:3, 3] += push[:3] / HOLD_STIFFNESS
        if push[3:].any():  # about the centre
            turn = exp_so3(push[3:] / HOLD_TURN_STIFFNESS)
            arm = T[:3, :3] @ com
            T[:3, 3] += arm - turn @ arm
            T[:3, :3] = turn @ T[:3, :3]
        return Held(T, [-push[:3]], [-push[3:]], 0.0)
    wanted = [_error(T, T_world_object, com, centre) for T in targets]
    stiffness = np.repeat([HOLD_STIFFNESS, HOLD_TURN_STIFFNESS], 3)
    K = np.diag(len(targets) * stiffness)
    f = push
    for error in wanted:
        f = f + stiffness * error
    rows = np.array([_row(near, centre) for near in contacts]).reshape(-1, 6)
    gaps = np.array([near.distance for near in contacts])
    touching = gaps < 0.0
    for _ in range(_ROUNDS):
        J = rows[touching]
        step = np.linalg.solve(
            K + TOUCH_STIFFNESS * J.T @ J, f - TOUCH_STIFFNESS * J.T @ gaps[touching]
        )
        now = gaps + rows @ step < 0.0
        if np.array_equal(now, touching):
            break
        touching = now
    T = np.eye(4)
    T[:3, :3] = exp_so3(step[3:]) @ T_world_object[:3, :3]
    T[:3, 3] = centre + step[:3] - T[:3, :3] @ com
    left = [stiffness * (error - step) for error in wanted]
    depth = np.maximum(-(gaps + rows @ step), 0.0)
    return Held(
        T,
        [part[:3] for part in left],
        [part[3:] for part in left],
        TOUCH_STIFFNESS * float(depth.max(initial=0.0)),
    )


def _error(T_target: Array, T: Array, com: Array, centre: Array) -> Array:
    """Translation of the centre and rotation (6,) from a pose to its target."""
    move = T_target[:3, 3] + T_target[:3, :3] @ com - centre
    return np.concatenate([move, log_so3(T_target[:3, :3] @ T[:3, :3].T)])


def _row(near: Near, centre: Array) -> Array:
    """How a gap widens with a motion (6,) of the object."""
    r = near.point_a - centre
    return np.concatenate([near.normal, cross(r, near.normal)])
