# SPDX-License-Identifier: Apache-2.0
"""Oracle of the core's ArmPlant: the same PSM in PyBullet, torque mode, motors off.

PyBullet gives the links' mass matrix M and bias h (gravity, Coriolis) and integrates;
numpy_mechanics.py adds motor inertia, friction, brakes and stops and says the acceleration;
PyBullet gets the effort M qdd + h that makes it exactly that.  Axes (7,): six joints, then the jaw.
"""

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from trocar import _core
from trocar.geometry import Array
from trocar.sim.engine import pybullet

from .bullet_urdf import psm_urdf, write_urdf
from .numpy_mechanics import JointMechanics

_AXES = list(range(1, 8))  # PyBullet's joint 0 places the base
_TICK_S = 1e-3


class BulletArm:
    """One arm in its own PyBullet world; `q`, `qd` (7,) are its state."""

    def __init__(
        self, parameters: _core.DynamicParameters, T_world_base: Array, q: ArrayLike
    ) -> None:
        """At rest at q (7,)."""
        self._mechanics = JointMechanics(parameters, _TICK_S)
        self._client = pybullet.connect(pybullet.DIRECT)
        client = {"physicsClientId": self._client}
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=_TICK_S, numSubSteps=0, enableFileCaching=0, **client
        )
        pybullet.setGravity(0.0, 0.0, -9.81, **client)
        with tempfile.TemporaryDirectory(prefix="trocar_") as folder:
            path = write_urdf(psm_urdf(parameters, T_world_base), Path(folder))
            flags = pybullet.URDF_USE_INERTIA_FROM_FILE | pybullet.URDF_MAINTAIN_LINK_ORDER
            self._body = pybullet.loadURDF(str(path), useFixedBase=True, flags=flags, **client)
        for i in _AXES:  # Bullet's default damping is no part of the model
            pybullet.changeDynamics(
                self._body, i, linearDamping=0.0, angularDamping=0.0, jointDamping=0.0, **client
            )
        pybullet.setJointMotorControlArray(  # Bullet's default velocity motors off
            self._body, _AXES, pybullet.VELOCITY_CONTROL, forces=[0.0] * 7, **client
        )
        self.set_motion(q, np.zeros(7))

    def set_motion(self, q: ArrayLike, qd: ArrayLike) -> None:
        """Put the arm at q, moving at qd, (7,) each."""
        for i, angle, speed in zip(_AXES, np.asarray(q).tolist(), np.asarray(qd).tolist()):
            pybullet.resetJointState(self._body, i, angle, speed, physicsClientId=self._client)
        self._read()

    def step(self, torque: Array, brake: bool, external: Array) -> None:
        """One tick under torque (7,) or the brakes, and external effort (7,)."""
        rigid, h = self.rigid_mass_matrix(), self.bias_effort()
        load = h - external  # what motors and brakes have to overcome
        if brake:
            qdd = self._mechanics.braked(rigid, load, self.q, self.qd)
        else:
            tau = np.clip(torque, -self._mechanics.effort_max, self._mechanics.effort_max)
            qdd = self._mechanics.driven(rigid, load, self.q, self.qd, tau)
        pybullet.setJointMotorControlArray(
            self._body,
            _AXES,
            pybullet.TORQUE_CONTROL,
            forces=(rigid @ qdd + h).tolist(),
            physicsClientId=self._client,
        )
        pybullet.stepSimulation(physicsClientId=self._client)
        self._read()

    def rigid_mass_matrix(self) -> Array:
        """Mass matrix (7, 7) of the links alone, without the motors."""
        q = self.q.tolist()
        return np.array(pybullet.calculateMassMatrix(self._body, q, physicsClientId=self._client))

    def bias_effort(self) -> Array:
        """Gravity and Coriolis effort (7,)."""
        q, qd, still = self.q.tolist(), self.qd.tolist(), [0.0] * 7
        effort = pybullet.calculateInverseDynamics(
            self._body, q, qd, still, physicsClientId=self._client
        )
        return np.array(effort)

    def link_pose(self, axis: int) -> Array:
        """World pose (4, 4) of the link of an axis (0 to 6); good to 1e-6 or so."""
        state = pybullet.getLinkState(
            self._body, _AXES[axis], computeForwardKinematics=1, physicsClientId=self._client
        )
        T_world_link = np.eye(4)
        T_world_link[:3, 3] = state[4]
        T_world_link[:3, :3] = np.reshape(pybullet.getMatrixFromQuaternion(state[5]), (3, 3))
        return T_world_link

    def close(self) -> None:
        """Free the physics world."""
        pybullet.disconnect(physicsClientId=self._client)

    def _read(self) -> None:
        states = pybullet.getJointStates(self._body, _AXES, physicsClientId=self._client)
        self.q = np.array([state[0] for state in states])
        self.qd = np.array([state[1] for state in states])
