# SPDX-License-Identifier: Apache-2.0
"""Smooth seeded motions: of an instrument's jaw tip and wrist, of the camera in a hand."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from trocar.errors import CommandRefusedError
from trocar.geometry import Array, exp_so3, inverse, make_transform, transform_points
from trocar.kinematics import JAW_TIP_OFFSET, IkStatus, forward_kinematics, inverse_kinematics
from trocar.sim.scene import Scene

# Two sines of an irrational ratio: smooth, never the same twice, within the reach asked for.
COMING_FROM, COMING_S = 0.010, 0.32  # m above its path, s before time 0: 31 mm/s
_PARTS = ((1.0, 0.7), (2.414, 0.3))  # frequency, share


@dataclass(frozen=True)
class Wander:
    """`size` smooth functions of time within [-1, 1], from a seed."""

    phases: Array  # (2, size) rad
    hz: float

    @classmethod
    def of(cls, size: int, hz: float, seed: tuple[int, ...]) -> "Wander":
        """Phases drawn from the seed."""
        rng = np.random.default_rng(seed)
        return cls(rng.uniform(0.0, 2.0 * np.pi, (len(_PARTS), size)), hz)

    def at(self, time_s: float) -> Array:
        """Values (size,)."""
        angle = 2.0 * np.pi * self.hz * time_s
        parts = zip(_PARTS, self.phases, strict=True)
        return sum(share * np.sin(factor * angle + phase) for (factor, share), phase in parts)


@dataclass(frozen=True)
class ToolMotion:
    """How an instrument moves: tip in m in the world, angles in rad; `drawn` by name."""

    middle: Array  # (3,) of the tip, as PSM1's; other arms get it mirrored
    reach: float
    roll: float
    roll_reach: float
    bend: float
    jaw: float
    hz: float
    seed: int

    @classmethod
    def of(cls, drawn: Mapping[str, float], seed: int) -> "ToolMotion":
        """From the drawn values; what was not drawn is a small circle-like path at the work."""
        middle = np.array(
            [drawn.get("x", -0.004), drawn.get("y", 0.002), drawn.get("height", 0.012)]
        )
        return cls(
            middle,
            drawn.get("reach", 0.006),
            drawn.get("roll", 0.0),
            drawn.get("roll_reach", 0.0),
            drawn.get("bend", 0.0),
            drawn.get("jaw", 0.6),
            drawn.get("hz", 0.2),
            seed,
        )

    def joints(self, scene: Scene, arm: str, attempt: int) -> "JointMotion":
        """The motion of one arm; each attempt another one of the same kind."""
        return JointMotion(self, scene, arm, attempt)


class JointMotion:
    """Joints (7,) of one arm over time, jaw last."""

    def __init__(self, motion: ToolMotion, scene: Scene, arm: str, attempt: int) -> None:
        """Nothing is solved yet."""
        self._motion = motion
        # An arm that comes from the other side does the same in a mirror.
        self._side = 1.0 if scene.T_world_base(arm)[0, 3] <= 0.0 else -1.0
        self._T_base_world = inverse(scene.T_world_base(arm))
        self._start = scene.initial_q[arm][:6]
        index = scene.arms.index(arm)
        self._wander = Wander.of(7, motion.hz, (motion.seed, 11, index, attempt))

    def at(self, time_s: float) -> Array:
        """Joints at a time (s); raises CommandRefusedError where the arm cannot be there.

        Before time 0 the tip comes down from above.
        """
        m, w = self._motion, self._wander.at(max(time_s, 0.0))
        above = np.array([0.0, 0.0, COMING_FROM * max(0.0, -time_s) / COMING_S])
        p_world = (m.middle + m.reach * w[:3] + above) * [self._side, 1.0, 1.0]
        p_tip = transform_points(self._T_base_world, p_world)
        z = p_tip / np.linalg.norm(p_tip)
        x = np.asarray(forward_kinematics(np.array([0.0, 0.0, 0.12, 0.0, 0.0, 0.0])))[:3, 0]
        x = x - (x @ z) * z
        x /= np.linalg.norm(x)
        straight = np.stack([x, np.cross(z, x), z], axis=1)
        rolled = straight @ exp_so3([0.0, 0.0, self._side * (m.roll + m.roll_reach * w[3])])
        rotation = rolled @ exp_so3([m.bend * w[4], m.bend * w[5], 0.0])
        T_base_cp = make_transform(rotation, p_tip - JAW_TIP_OFFSET * rotation[:, 2])
        found = inverse_kinematics(T_base_cp, self._start)
        if found.status != IkStatus.OK:
            raise CommandRefusedError(f"jaw tip at {p_world.tolist()} m: {found.status.name}")
        return np.append(found.q, 0.5 * m.jaw * (1.0 + w[6]))


@dataclass(frozen=True)
class CameraSway:
    """The camera in a hand or a loose holder: at most `reach` m and `turn` rad about each axis."""

    reach: float
    turn: float
    wander: Wander

    @classmethod
    def of(cls, drawn: Mapping[str, float], seed: int) -> "CameraSway | None":
        """From the drawn values; None where the camera stands still."""
        if drawn.get("sway", 0.0) <= 0.0:
            return None
        wander = Wander.of(6, drawn.get("sway_hz", 0.3), (seed, 12))
        return cls(drawn["sway"], drawn.get("sway_turn", 0.0), wander)

    def pose(self, T_world_camera: Array, time_s: float) -> Array:
        """`T_world_camera` (4, 4) at a time, for the camera's resting pose."""
        w = self.wander.at(time_s)
        return T_world_camera @ make_transform(exp_so3(self.turn * w[3:]), self.reach * w[:3])
