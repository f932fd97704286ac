# SPDX-License-Identifier: Apache-2.0
"""Oracle of plant/joint_mechanics.hpp, written with numpy: what a joint has beside its links.

A step of dt solves (M + A + dt S) qdd = tau - h - S qd.

A is the motors' inertia reflected through the gears, on the diagonal.  It cannot be put into the
links: on the insertion it would weigh, and resist turning about the RCM; on a wrist link it would
turn with the axes before it, which a rotor does not, and about one axis alone it is an inertia
that no rigid body has, so that Bullet refuses it.

S is the secant slope of viscous + dry friction, d(qd) tanh(qd / v0) / qd: taken implicitly, because
an explicit dry term chatters on wrist axes of 1e-4 kg m2 at 1 kHz.  d is Coulomb's, and where the
parameters have it what breaking loose takes beyond (Stribeck, friction.hpp).

A brake is a velocity motor at 0 with an effort limit: the effort that stops the axis within the
step.  A stop takes the speed that would carry its axis beyond it.  (Bullet's own motors and stops
act on the bare links of 1e-8 kg m2: they creep and diverge.)

All arrays are (7,): six joints, then the jaw; rad, insertion m; N m, insertion N.
"""

from __future__ import annotations

import numpy as np

from trocar import _core
from trocar.geometry import Array

# Mechanical stops stand beyond the controller's limits: joints are calibrated to about 1 deg,
# and a limit of the software must never be held by a stop.
STOP_MARGIN: Array = np.array([0.035, 0.035, 0.003, 0.035, 0.035, 0.035, 0.035])
# The plant's smooth sign is steeper by this than the parameters' friction_speed, so that a
# controller's friction feed-forward is never an exact inverse.  Below that speed (2e-3 rad/s,
# 5e-4 m/s, wrist 1e-2 rad/s) friction holds by creep: there is no true stiction.
_STEEPER: Array = np.array([5.0, 5.0, 2.0, 5.0, 5.0, 5.0, 5.0])
# A brake holds this many times the motor's maximum effort (assumed; no figure is published).
_BRAKE_FACTOR = 2.0
_ON_STOP = 1e-12  # rad or m; rounding of a position that stands on its stop


class JointMechanics:
    """Accelerations of one arm's axes for steps of `dt` seconds."""

    def __init__(self, parameters: _core.DynamicParameters, dt: float) -> None:
        """Take armature and friction from the parameters; limits are the arm's."""
        self.armature = np.array(parameters.armature)
        self._viscous = np.array(parameters.viscous)
        self._coulomb = np.array(parameters.coulomb)
        self._friction_speed = np.array(parameters.friction_speed) / _STEEPER
        self._stribeck = np.array(parameters.stribeck)
        self._stribeck_speed = np.array(parameters.stribeck_speed)
        self._dt = dt
        self.effort_max = np.array(_core.EFFORT_MAX)
        self._brake_max = _BRAKE_FACTOR * self.effort_max
        self.q_low = np.array(_core.Q_MIN) - STOP_MARGIN
        self.q_high = np.array(_core.Q_MAX) + STOP_MARGIN

    def driven(self, rigid: Array, h: Array, q: Array, qd: Array, tau: Array) -> Array:
        """Acceleration under motor torques `tau`; rigid (7, 7) and h: the links' M and C qd + g."""
        v = qd
        for _ in range(2):  # the second pass takes the slope at the speed reached
            slope = self._viscous + self._dry(v) / _smooth_abs(v, self._friction_speed)
            mass = rigid + np.diag(self.armature + self._dt * slope)
            effort = tau - h - slope * qd
            qdd: Array = np.asarray(np.linalg.solve(mass, effort), dtype=float)
            v = qd + self._dt * qdd
        return self._held_at_stops(mass, effort, q, qd, qdd)

    def braked(self, rigid: Array, h: Array, q: Array, qd: Array) -> Array:
        """Acceleration under the brakes: to rest within the step where their limit allows."""
        mass = rigid + np.diag(self.armature)
        wanted = mass @ (-qd / self._dt) + h
        effort = np.clip(wanted, -self._brake_max, self._brake_max) - h
        qdd: Array = np.asarray(np.linalg.solve(mass, effort), dtype=float)
        return self._held_at_stops(mass, effort, q, qd, qdd)

    def _dry(self, v: Array) -> Array:
        """Dry friction (7,) of sliding at v."""
        return np.asarray(
            self._coulomb + self._stribeck * np.exp(-((v / self._stribeck_speed) ** 2))
        )

    def _held_at_stops(self, mass: Array, effort: Array, q: Array, qd: Array, qdd: Array) -> Array:
        """The acceleration again, with every axis that would pass its stop ending on it."""
        held = np.zeros(q.shape, dtype=bool)
        for _ in range(q.size):  # each round holds at least one axis more
            reached = q + self._dt * (qd + self._dt * qdd)
            allowed = np.clip(reached, self.q_low, self.q_high)
            passing = np.abs(reached - allowed) > _ON_STOP
            if not np.any(passing & ~held):
                break
            held |= passing
            qdd = np.where(held, ((allowed - q) / self._dt - qd) / self._dt, qdd)
            free = ~held
            rest = effort[free] - mass[np.ix_(free, held)] @ qdd[held]
            qdd[free] = np.linalg.solve(mass[np.ix_(free, free)], rest)
        return qdd


def _smooth_abs(v: Array, v0: Array) -> Array:
    """|v| / tanh(|v| / v0): the secant of the smooth sign; v0 at rest."""
    x = np.maximum(np.abs(v) / v0, 1e-9)
    return v0 * x / np.tanh(x)
