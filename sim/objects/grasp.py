# SPDX-License-Identifier: Apache-2.0
"""A grasp: two jaws on one object, verified by contact on opposite sides and by the grip's force.

The jaws are closed by the torque of their own motor.  What they close on stops them: from the angle
of contact on, object and blades yield like a spring, whose torque is the load on the jaw's axis and
whose force F is the grip.  An object is held from `HOLD_FORCE` on, at the pose that it has then
(nothing moves), and by no more than friction: 2 mu F, and 2 mu F times `PATCH` in rotation.
Beyond that it slips.  It is let go when the grip falls below half of `HOLD_FORCE`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array, exp_so3
from trocar.kinematics import JAW_TIP_OFFSET
from trocar.sim.objects.bullet import Near
from trocar.sim.objects.held import HOLD_STIFFNESS, HOLD_TURN_STIFFNESS
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.tool import ToolPose
from trocar.sim.objects.vectors import cross, relative

HOLD_FORCE = 0.3  # N: about 40 times the weight of a peg-transfer block
PATCH = 0.001  # m: arm of friction against turning; a blade is 1.5 mm wide
# m/N, blades and cables of an instrument: 0.1 mm at 10 N (assumed); the object's own comes on top.
JAW_SOFTNESS = 1e-5
TOUCH = 3e-5  # m: two jaws nearer than this both touch; a closing jaw moves 1e-5 m in a step
_OPPOSITE = 0.7  # cosine: contact normals lie within 45 deg of the jaws' closing direction
_LEVER_MIN = 0.002  # m: nearer to its axis a jaw has no blade
_JAW_INERTIA = 1.0e-4  # kg m2, dynamic_parameters.hpp
_DAMPING_RATIO = 0.3  # of the closed jaw on its spring (assumed)


@dataclass
class Grasp:
    """Jaws that both touch `name`; it is held once `is_held`.

    `contact_jaw` rad: the angle at which both began to touch; `lever` m from the jaws' axis;
    `T_cp_object` (4, 4): where the held object belongs, moved by slipping only; `slipped` m so far.
    """

    name: str
    contact_jaw: float
    lever: float
    softness: float
    friction: float
    grip_point: Array  # (3,) m in the control point's frame
    T_cp_object: Array
    is_held: bool = False
    slipped: float = 0.0

    def force(self, jaw: float) -> float:
        """Grip F >= 0 in N of each jaw at a jaw angle."""
        return max(0.0, self.contact_jaw - jaw) * self.lever / self.softness

    def jaw_load(self, jaw: float, speed: float) -> float:
        """Load >= 0 in N m on the jaw's axis, opening it."""
        force = self.force(jaw)
        if force == 0.0:
            return 0.0
        stiffness = self.lever**2 / self.softness
        damping = 2.0 * _DAMPING_RATIO * math.sqrt(stiffness * _JAW_INERTIA)
        return max(0.0, force * self.lever - damping * speed)

    def holds(self, jaw: float) -> bool:
        """Whether the grip is strong enough to hold, or still is."""
        return self.force(jaw) >= HOLD_FORCE * (0.5 if self.is_held else 1.0)

    def limits(self, jaw: float) -> tuple[float, float]:
        """Most that friction carries: N, and N m about the grip."""
        force = 2.0 * self.friction * self.force(jaw)
        return force, force * PATCH


def pinch(
    name: str,
    shape: Shape,
    tool: ToolPose,
    T_world_object: Array,
    near_a: Sequence[Near],
    near_b: Sequence[Near],
) -> Grasp | None:
    """A grasp where both jaws touch the object from opposite sides, else None.

    near_a, near_b: nearest points of jaw a and of jaw b (as `a`) and the object (as `b`).
    """
    if not near_a or not near_b:
        return None
    a = min(near_a, key=lambda n: n.distance)
    b = min(near_b, key=lambda n: n.distance)
    if a.distance > TOUCH or b.distance > TOUCH:
        return None
    R = tool.T_world_cp[:3, :3]
    closing = R[:, 1]  # jaw a lies on this side of the object, jaw b on the other
    if a.normal @ closing < _OPPOSITE or b.normal @ closing > -_OPPOSITE:
        return None
    point = R.T @ (0.5 * (a.point_a + b.point_a) - tool.T_world_cp[:3, 3])
    lever = float(np.clip(point[2], _LEVER_MIN, JAW_TIP_OFFSET))
    return Grasp(
        name,
        tool.jaw - (a.distance + b.distance) / lever,
        lever,
        shape.softness + JAW_SOFTNESS,
        shape.grip,
        point,
        relative(tool.T_world_cp, T_world_object),
    )


def slip(
    grasp: Grasp, tool: ToolPose, force: Array, torque: Array, centre: Array
) -> tuple[Array, Array]:
    """What friction carries of a hold's force N and torque N m; the anchor gives way by the rest.

    force, torque (3,): what the jaws exert on the object, about its `centre` (3,), world axes.
    """
    most, most_turn = grasp.limits(tool.jaw)
    size = float(np.linalg.norm(force))
    at_grip = tool.T_world_cp[:3, 3] + tool.T_world_cp[:3, :3] @ grasp.grip_point
    turn = float(np.linalg.norm(torque + cross(centre - at_grip, force)))
    share = min(1.0, most / size) if size > 0.0 else 1.0
    turn_share = min(1.0, most_turn / turn) if turn > 0.0 else 1.0
    if share == 1.0 and turn_share == 1.0:
        return force, torque
    # The springs keep what friction carries; target and object come nearer by what it does not.
    shift = -(1.0 - share) * force / HOLD_STIFFNESS
    rotation = -(1.0 - turn_share) * torque / HOLD_TURN_STIFFNESS
    R = tool.T_world_cp[:3, :3]
    T = grasp.T_cp_object
    offset = R.T @ (centre - tool.T_world_cp[:3, 3])  # turned about the object's centre
    G = exp_so3(R.T @ rotation)
    T[:3, 3] = G @ (T[:3, 3] - offset) + offset + R.T @ shift
    T[:3, :3] = G @ T[:3, :3]
    grasp.slipped += float(np.linalg.norm(shift)) + PATCH * float(np.linalg.norm(rotation))
    return share * force, turn_share * torque
