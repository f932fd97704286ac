# SPDX-License-Identifier: Apache-2.0
"""A PyBullet world for millimetre things, in SI outside and scaled inside.

Bullet's margins and thresholds are made for bodies of 0.1 to 10 m: here a length is SCALE times
itself, while mass and time stay.  So an acceleration (gravity too) and a force are SCALE times
theirs, a torque and an inertia SCALE squared.  Nothing outside this file knows of it.

A world of its own per instance (client), fixed steps of 1 ms, contacts in a fixed order: the same
calls give the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from trocar.geometry import Array
from trocar.sim.engine import pybullet
from trocar.sim.objects.shape import Part, Shape

SCALE = 100.0  # a needle's wire of 1 mm is 0.1 m in there
STEP_S = 1e-3
GRAVITY = 9.81  # m/s2, along -z of the world
_ITERATIONS = 50
# A tool goes where its arm carries it: next to objects of a gram its body weighs infinitely much.
_TOOL_MASS = 1e3  # kg
_TOOL_FRICTION = 0.5
_KINDS = {
    "box": pybullet.GEOM_BOX,
    "cylinder": pybullet.GEOM_CYLINDER,
    "capsule": pybullet.GEOM_CAPSULE,
}


class Near(NamedTuple):
    """Two bodies' nearest points (3,) m in the world; `normal` points from b to a."""

    point_a: Array
    point_b: Array
    normal: Array
    distance: float  # m, below 0 inside


class BulletWorld:
    """Bodies by number.  A body's pose is its object frame's, `T_world_object` (4, 4)."""

    def __init__(self) -> None:
        """An empty world with gravity."""
        self._client = pybullet.connect(pybullet.DIRECT)
        self._id = {"physicsClientId": self._client}
        self._com: dict[int, Array] = {}
        self.clear()

    def clear(self) -> None:
        """Take everything out, so that what follows does not depend on what was."""
        pybullet.resetSimulation(**self._id)
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=STEP_S,
            numSubSteps=0,
            numSolverIterations=_ITERATIONS,
            deterministicOverlappingPairs=1,
            enableFileCaching=0,
            **self._id,
        )
        pybullet.setGravity(0.0, 0.0, -GRAVITY * SCALE, **self._id)
        self._com = {}

    def close(self) -> None:
        """Free the world; it is unusable afterwards."""
        if self._client >= 0:
            pybullet.disconnect(**self._id)
            self._client = -1

    def add(self, shape: Shape, T_world_object: Array) -> int:
        """An object; it must have parts.  Its principal axes must be the object's axes."""
        off = shape.inertia - np.diag(np.diag(shape.inertia))
        if np.abs(off).max() > 1e-6 * np.abs(shape.inertia).max(initial=1e-30):
            raise ValueError("the principal axes of an object must be its own")
        mass = 0.0 if shape.static else shape.mass
        body = self._add(_compound(shape.parts, shape.com, self._id), mass)
        self._com[body] = shape.com
        # Bullet multiplies the coefficients of two bodies: roots make that their geometric mean.
        self._trim(body, math.sqrt(shape.friction))
        if mass > 0.0:
            inertia = (SCALE**2 * np.diag(shape.inertia)).tolist()
            pybullet.changeDynamics(body, -1, localInertiaDiagonal=inertia, **self._id)
        self.set_pose(body, T_world_object)
        return body

    def add_tool(self, points: Array | None, parts: Sequence[Part]) -> int:
        """A body that goes where it is put: the hull of `points` (n, 3) m, or `parts`."""
        if points is None:
            shape = _compound(parts, np.zeros(3), self._id)
        else:
            shape = pybullet.createCollisionShape(
                pybullet.GEOM_MESH, vertices=(SCALE * points).tolist(), **self._id
            )
        body = self._add(shape, _TOOL_MASS)
        self._com[body] = np.zeros(3)
        self._trim(body, _TOOL_FRICTION)
        pybullet.changeDynamics(body, -1, localInertiaDiagonal=[_TOOL_MASS] * 3, **self._id)
        return body

    def collide(self, a: int, b: int, really: bool) -> None:
        """Whether two bodies meet or pass through each other; `closest` always sees them."""
        pybullet.setCollisionFilterPair(a, b, -1, -1, int(really), **self._id)

    def step(self) -> None:
        """One millisecond."""
        pybullet.stepSimulation(**self._id)

    def pose(self, body: int) -> Array:
        """`T_world_object` (4, 4)."""
        position, quat = pybullet.getBasePositionAndOrientation(body, **self._id)
        T = np.eye(4)
        T[:3, :3] = np.reshape(pybullet.getMatrixFromQuaternion(quat), (3, 3))
        T[:3, 3] = np.divide(position, SCALE) - T[:3, :3] @ self._com[body]
        return T

    def velocity(self, body: int) -> tuple[Array, Array]:
        """Velocity (3,) in m/s of the centre of mass, and angular velocity (3,) in rad/s."""
        linear, angular = pybullet.getBaseVelocity(body, **self._id)
        return np.divide(linear, SCALE), np.array(angular)

    def set_pose(self, body: int, T_world_object: Array) -> None:
        """Put a body somewhere, at rest."""
        T = T_world_object
        centre = SCALE * (T[:3, 3] + T[:3, :3] @ self._com[body])
        pybullet.resetBasePositionAndOrientation(
            body, centre.tolist(), quat_of(T.tolist()), **self._id
        )

    def set_velocity(self, body: int, linear: Array, angular: Array) -> None:
        """Velocity (3,) in m/s of the centre of mass, angular velocity (3,) in rad/s."""
        pybullet.resetBaseVelocity(body, (SCALE * linear).tolist(), angular.tolist(), **self._id)

    def closest(self, a: int, b: int, distance: float) -> list[Near]:
        """Nearest points of the pieces of two bodies that are less than `distance` m apart."""
        found = pybullet.getClosestPoints(a, b, distance * SCALE, **self._id)
        return [
            Near(
                np.divide(c[5], SCALE),
                np.divide(c[6], SCALE),
                np.array(c[7]),
                c[8] / SCALE,
            )
            for c in found
        ]

    def load(self, body: int) -> Array:
        """Sum (3,) in N of the contact forces on a body in the last step."""
        total = np.zeros(3)
        for c in pybullet.getContactPoints(bodyA=body, **self._id):
            total += np.array(c[7]) * c[9] + np.array(c[11]) * c[10] + np.array(c[13]) * c[12]
        return total / SCALE

    def _add(self, shape: int, mass: float) -> int:
        return int(pybullet.createMultiBody(mass, shape, **self._id))

    def _trim(self, body: int, friction: float) -> None:
        pybullet.changeDynamics(
            body,
            -1,
            lateralFriction=friction,
            linearDamping=0.0,
            angularDamping=0.0,
            activationState=pybullet.ACTIVATION_STATE_DISABLE_SLEEPING,
            **self._id,
        )


def _compound(parts: Sequence[Part], com: Array, client: dict[str, int]) -> int:
    """Bullet's shape of some parts about a centre of mass."""
    return int(
        pybullet.createCollisionShapeArray(
            shapeTypes=[_KINDS[part.kind] for part in parts],
            radii=[SCALE * part.size[0] for part in parts],
            halfExtents=[[0.5 * SCALE * s for s in part.size] for part in parts],
            lengths=[SCALE * part.size[2] for part in parts],
            collisionFramePositions=[
                (SCALE * (part.T_object_part[:3, 3] - com)).tolist() for part in parts
            ],
            collisionFrameOrientations=[quat_of(part.T_object_part.tolist()) for part in parts],
            **client,
        )
    )


def quat_of(rows: Sequence[Sequence[float]]) -> list[float]:
    """quat_xyzw of a rotation given as rows of floats: `geometry`'s, ten times faster on floats."""
    (a, b, c), (d, e, f), (g, h, i) = rows[0][:3], rows[1][:3], rows[2][:3]
    if a + e + i > 0.0:
        w = 1.0 + a + e + i
        q = [h - f, c - g, d - b, w]
    elif a >= e and a >= i:
        q = [1.0 + a - e - i, d + b, g + c, h - f]
    elif e >= i:
        q = [b + d, 1.0 - a + e - i, h + f, c - g]
    else:
        q = [c + g, f + h, 1.0 - a - e + i, d - b]
    n = math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3])
    return [q[0] / n, q[1] / n, q[2] / n, q[3] / n]
