# SPDX-License-Identifier: Apache-2.0
"""Smooth motion of the target: a Kalman filter on position, a damped one on orientation.

Position: per axis (p, v, a), acceleration a fading random walk (Singer 1970), driven by white
jerk; it predicts with its own velocity and acceleration, so it smooths without the lag of a
low-pass.  Orientation: alpha-beta on the rotation vector, slow because normals are noisy.
SI, camera axes; time is dt in s, never the clock.
"""

import numpy as np

from trocar.geometry import Array, exp_so3, log_so3

_VELOCITY_PRIOR = 0.02  # m/s sd at start: breathing moves tissue at 5-10 mm/s
_ACCELERATION_PRIOR = 0.02  # m/s2 sd at start


class PositionFilter:
    """State (9,) = (p, v, a) of three axes that share dynamics but not measurement noise."""

    def __init__(
        self, position: Array, covariance: Array, jerk_density: float, memory_s: float
    ) -> None:
        """Start at rest at `position` (3,) m with `covariance` (3, 3) m2."""
        self._jerk_density, self._memory_s = jerk_density, memory_s
        self.state = np.concatenate([position, np.zeros(6)])
        self.covariance = np.zeros((9, 9))
        self.covariance[:3, :3] = covariance
        self.covariance[3:6, 3:6] = np.eye(3) * _VELOCITY_PRIOR**2
        self.covariance[6:, 6:] = np.eye(3) * _ACCELERATION_PRIOR**2

    @property
    def position(self) -> Array:
        """Position (3,) m."""
        return self.state[:3]

    @property
    def velocity(self) -> Array:
        """Velocity (3,) m/s."""
        return self.state[3:6]

    def predict(self, dt: float) -> None:
        """Advance by dt s."""
        fade = np.exp(-dt / self._memory_s)
        F = np.kron(np.array([[1.0, dt, 0.5 * dt**2], [0.0, 1.0, dt], [0.0, 0.0, fade]]), np.eye(3))
        q = np.array(
            [
                [dt**5 / 20, dt**4 / 8, dt**3 / 6],
                [dt**4 / 8, dt**3 / 3, dt**2 / 2],
                [dt**3 / 6, dt**2 / 2, dt],
            ]
        )
        self.state = F @ self.state
        self.covariance = F @ self.covariance @ F.T + np.kron(q * self._jerk_density, np.eye(3))

    def correct(self, position: Array, covariance: Array, gate: float) -> float:
        """Take a measurement (3,) m; returns its distance in sigmas before weighting.

        Beyond `gate` sigmas its covariance is inflated so that it counts as one at the gate.
        """
        H = np.hstack([np.eye(3), np.zeros((3, 6))])
        innovation = position - self.position
        S = self.covariance[:3, :3] + covariance
        distance = float(np.sqrt(innovation @ np.linalg.solve(S, innovation)))
        if distance > gate:
            covariance = covariance + (distance / gate) ** 2 * S
            S = self.covariance[:3, :3] + covariance
        K = np.linalg.solve(S, H @ self.covariance).T
        self.state = self.state + K @ innovation
        I_KH = np.eye(9) - K @ H
        self.covariance = I_KH @ self.covariance @ I_KH.T + K @ covariance @ K.T  # Joseph's form
        return distance


class OrientationFilter:
    """Rotation (3, 3) with angular velocity (3,) rad/s, which fades while nothing is measured."""

    def __init__(
        self, rotation: Array, time_constant_s: float, spin_time_constant_s: float
    ) -> None:
        """Start at rest at `rotation`."""
        self.rotation = rotation
        self.spin = np.zeros(3)
        self._tau, self._spin_tau = time_constant_s, spin_time_constant_s

    def step(self, measured: Array | None, dt: float, trust: float) -> None:
        """Advance by dt s and turn towards `measured` (3, 3), if any, with trust in [0, 1]."""
        self.rotation = exp_so3(self.spin * dt) @ self.rotation
        if measured is None or trust <= 0.0:
            self.spin = self.spin * np.exp(-dt / self._spin_tau)
            return
        error = log_so3(measured @ self.rotation.T)
        gain = trust * (1.0 - np.exp(-dt / self._tau))
        self.rotation = exp_so3(gain * error) @ self.rotation
        self.spin = self.spin + gain * (1.0 - np.exp(-dt / self._spin_tau)) * error / dt
