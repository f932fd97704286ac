# SPDX-License-Identifier: Apache-2.0
"""One PSM as a plant: PyBullet in torque mode with the motors off, at a fixed step.

PyBullet gives the links' mass matrix M and bias h (gravity, Coriolis); `trocar.sim.mechanics` adds
motor inertia, friction, brakes and stops and says the acceleration; PyBullet gets the effort
M qdd + h that makes it exactly that.  Joint order: yaw, pitch, insertion, roll, wrist_pitch,
wrist_yaw, jaw; rad, insertion m; N m, insertion N.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from trocar import _core
from trocar.errors import ConfigurationError, TrocarError
from trocar.geometry import Array
from trocar.sim.encoder import Encoders
from trocar.sim.engine import pybullet
from trocar.sim.mechanics import JointMechanics
from trocar.sim.scene_parameters import EncoderParameters
from trocar.sim.urdf import AXIS_NAMES, PRISMATIC, psm_urdf, write_urdf

GRAVITY = 9.81  # m/s2, along -z of the world
# Bullet clamps joint speed silently at 100 rad/s: an arm that gets there is unstable, not fast.
_SPEED_CLAMP = 99.0
_NUM_AXES = 7
_CONTROL_AXIS = 5  # the control point is the origin of the wrist-yaw link
_AXES = list(range(1, _NUM_AXES + 1))  # PyBullet's joint 0 places the base


class UnstablePlantError(TrocarError):
    """The simulated arm diverged: not finite, or at Bullet's silent speed clamp."""


class PsmPlant:
    """One arm in its own PyBullet world.

    `q_true`, `qd_true` (7,) are for the truth only; `tau_applied` (7,) is the motors' torque of
    the last tick; `braked` says whether the brakes are on (they are at the start).
    """

    def __init__(
        self,
        parameters: _core.DynamicParameters,
        T_world_base: Array,
        q_initial: ArrayLike,
        encoder: EncoderParameters | None = None,
        bias: ArrayLike = (0.0,) * _NUM_AXES,
        rng: np.random.Generator | None = None,
        tick_s: float = 1e-3,
        substeps: int = 1,
        name: str = "PSM1",
    ) -> None:
        """Load the arm at rest at the true joints q_initial (7,)."""
        self.name = name
        self._client = -1
        self._substeps = substeps
        dt = step_length(tick_s, substeps)
        self._mechanics = JointMechanics(parameters, dt)
        self._encoders = Encoders(
            encoder or EncoderParameters(), bias, rng or np.random.default_rng(0)
        )
        self.tau_applied = np.zeros(_NUM_AXES)
        self.braked = True
        self._wrench = np.zeros(6)
        q = self._checked(q_initial)
        self._load(parameters, T_world_base, dt)
        self.reset(q)

    def reset(self, q: ArrayLike) -> None:
        """Put the arm at rest at the true joints q (7,), brakes on, nothing pushing."""
        for i, angle in zip(_AXES, self._checked(q).tolist()):
            pybullet.resetJointState(self._body, i, angle, 0.0, physicsClientId=self._client)
        self.braked = True
        self.tau_applied = np.zeros(_NUM_AXES)
        self._wrench = np.zeros(6)
        self._read()

    def measure(self) -> tuple[Array, Array, Array]:
        """What encoders and amplifiers say: q, qd, tau, each (7,)."""
        q, qd = self._encoders.read(self.q_true, self.qd_true)
        return q, qd, self.tau_applied.copy()

    def apply_wrench(self, force: ArrayLike, torque: ArrayLike = (0.0, 0.0, 0.0)) -> None:
        """Push the arm at its control point from now on: force (3,) N and torque (3,) N m.

        World axes, as seen from the arm: what the surroundings exert on it.  Zeros end it.
        """
        parts = [np.asarray(part, dtype=float) for part in (force, torque)]
        for name, part in zip(("force", "torque"), parts):
            if part.shape != (3,) or not np.all(np.isfinite(part)):
                raise ConfigurationError(
                    f"{self.name}: apply_wrench: {name} is {part}, allowed three finite numbers"
                )
        self._wrench = np.concatenate(parts)

    def step(self, output: _core.PlantOutput) -> None:
        """One tick under the seam's output."""
        self.step_torque(output.torque, output.brake)

    def step_torque(self, torque: ArrayLike, brake: bool = False) -> None:
        """One tick under torque (7,), clipped to the motors' maximum, or under the brakes."""
        limit = self._mechanics.effort_max
        tau = np.clip(np.asarray(torque, dtype=float), -limit, limit)
        self.tau_applied = np.zeros(_NUM_AXES) if brake else tau
        self.braked = brake
        for _ in range(self._substeps):
            rigid, h = self.rigid_mass_matrix(), self.bias_effort()
            load = h - self.external_effort()  # what motors and brakes have to overcome
            if brake:
                qdd = self._mechanics.braked(rigid, load, self.q_true, self.qd_true)
            else:
                qdd = self._mechanics.driven(rigid, load, self.q_true, self.qd_true, tau)
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
        """Mass matrix (7, 7) of the links alone, without the motors, at the true state."""
        q = self.q_true.tolist()
        return np.array(pybullet.calculateMassMatrix(self._body, q, physicsClientId=self._client))

    def bias_effort(self) -> Array:
        """Gravity and Coriolis effort (7,) at the true state."""
        q, qd, still = self.q_true.tolist(), self.qd_true.tolist(), [0.0] * _NUM_AXES
        effort = pybullet.calculateInverseDynamics(
            self._body, q, qd, still, physicsClientId=self._client
        )
        return np.array(effort)

    def external_effort(self) -> Array:
        """Effort (7,) of the applied wrench, J^T w by PyBullet's own link poses."""
        effort = np.zeros(_NUM_AXES)
        if not np.any(self._wrench):
            return effort
        force, torque = self._wrench[:3], self._wrench[3:]
        poses = [self.link_pose(axis) for axis in range(_CONTROL_AXIS + 1)]
        point = poses[_CONTROL_AXIS][:3, 3]
        for axis, T_world_link in enumerate(poses):
            z = T_world_link[:3, 2]
            if axis == PRISMATIC:
                effort[axis] = z @ force
            else:
                effort[axis] = z @ (torque + np.cross(point - T_world_link[:3, 3], force))
        return effort

    def link_pose(self, axis: int) -> Array:
        """World pose (4, 4) that PyBullet gives the link of an axis (0 to 6)."""
        state = pybullet.getLinkState(
            self._body, _AXES[axis], computeForwardKinematics=1, physicsClientId=self._client
        )
        T_world_link = np.eye(4)
        T_world_link[:3, 3] = state[4]
        T_world_link[:3, :3] = np.reshape(pybullet.getMatrixFromQuaternion(state[5]), (3, 3))
        return T_world_link

    def close(self) -> None:
        """Free the physics world; the plant is unusable afterwards."""
        if self._client >= 0:
            pybullet.disconnect(physicsClientId=self._client)
            self._client = -1

    def _load(self, parameters: _core.DynamicParameters, T_world_base: Array, dt: float) -> None:
        self._client = pybullet.connect(pybullet.DIRECT)
        client = {"physicsClientId": self._client}
        pybullet.setPhysicsEngineParameter(
            fixedTimeStep=dt,
            numSubSteps=0,
            enableFileCaching=0,
            deterministicOverlappingPairs=1,
            **client,
        )
        pybullet.setGravity(0.0, 0.0, -GRAVITY, **client)
        with tempfile.TemporaryDirectory(prefix="trocar_") as folder:
            path = write_urdf(psm_urdf(parameters, T_world_base, self.name), Path(folder))
            flags = pybullet.URDF_USE_INERTIA_FROM_FILE | pybullet.URDF_MAINTAIN_LINK_ORDER
            self._body = pybullet.loadURDF(str(path), useFixedBase=True, flags=flags, **client)
        for i in _AXES:  # Bullet's default damping is no part of the model
            pybullet.changeDynamics(
                self._body, i, linearDamping=0.0, angularDamping=0.0, jointDamping=0.0, **client
            )
        pybullet.setJointMotorControlArray(  # Bullet's default velocity motors off
            self._body, _AXES, pybullet.VELOCITY_CONTROL, forces=[0.0] * _NUM_AXES, **client
        )

    def _read(self) -> None:
        states = pybullet.getJointStates(self._body, _AXES, physicsClientId=self._client)
        self.q_true = np.array([state[0] for state in states])
        self.qd_true = np.array([state[1] for state in states])
        speed = np.abs(self.qd_true)
        if not np.max(speed) < _SPEED_CLAMP:
            i = int(np.argmax(speed))
            raise UnstablePlantError(
                f"{self.name}: {AXIS_NAMES[i]} moves at {speed[i]:.3g} rad/s or m/s, allowed below "
                f"{_SPEED_CLAMP:g}: the controller is unstable; lower its natural frequency"
            )

    def _checked(self, q: ArrayLike) -> Array:
        """Joints (7,) within the stops, else ConfigurationError."""
        q = np.asarray(q, dtype=float)
        low, high = self._mechanics.q_low, self._mechanics.q_high
        if q.shape != (_NUM_AXES,):
            raise ConfigurationError(f"{self.name}: joints have shape {q.shape}, expected (7,)")
        for name, value, least, most in zip(AXIS_NAMES, q, low, high):
            if not least <= value <= most:  # NaN is outside
                raise ConfigurationError(
                    f"{self.name}: {name} is {value:g}, allowed {least:g} to {most:g} (the stops)"
                )
        return q


def step_length(tick_s: float, substeps: int) -> float:
    """Length in s of a physics step: a tick must be a whole number of ns and of steps."""
    tick_ns = round(tick_s * 1e9)
    if substeps < 1 or tick_ns < 1 or tick_ns % substeps or abs(tick_ns * 1e-9 - tick_s) > 1e-15:
        raise ConfigurationError(
            f"a tick of {tick_s!r} s cannot be {substeps} steps of whole nanoseconds; "
            "give a sub-step count >= 1 that divides it"
        )
    return tick_ns // substeps * 1e-9
