# SPDX-License-Identifier: Apache-2.0
"""Iterated extended Kalman filter on the lumped kinematic error of one arm.

State: T_correction (4, 4) with a left perturbation exp(xi), xi = (linear, angular) at the
origin of `camera` in camera axes, and the biases b (2,) of wrist pitch and wrist yaw.  The
errors of the other joints and of the base cannot be told apart by sight and are lumped into
T_correction (Richter et al., "Robotic Tool Tracking under Partially Visible Kinematic
Chain", T-RO 2021).  Roll about the shaft is left to the prior.

Measurement errors have a white part, which the filter averages, and a constant part (edge
bias, jaw shape), which no number of frames removes.  The constant part enters as in a
consider filter: the state's response G to it, computed from the information of one frame and
the prior, is added to the reported covariance as G B G^T.
"""

from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array, adjoint, exp_se3, inverse, log_se3, make_transform
from trocar.perception.tool.config import ToolTrackerConfig

SIZE = 8  # 6 lumped, 2 wrist


@dataclass(frozen=True)
class Linearisation:
    """One group of scalar measurements at a state: residual (m,) = measured - predicted in px,
    Jacobian (m, 8) of the prediction, white sigma (m,) and constant sigma (m,) in px.
    """

    residual: Array
    jacobian: Array
    sigma: Array
    bias: Array

    def __len__(self) -> int:
        return len(self.residual)


def stack(groups: list[Linearisation]) -> Linearisation:
    """All groups as one."""
    return Linearisation(
        np.concatenate([g.residual for g in groups]),
        np.concatenate([g.jacobian for g in groups]),
        np.concatenate([g.sigma for g in groups]),
        np.concatenate([g.bias for g in groups]),
    )


class LumpedFilter:
    """Holds the state; knows nothing about images."""

    def __init__(self, T_camera_base: Array, config: ToolTrackerConfig) -> None:
        """Start at the prior: no correction, sigma given at the base origin."""
        self._config = config
        self._T_camera_base = T_camera_base
        self.reset()

    def reset(self) -> None:
        """Back to the prior, everything learnt forgotten."""
        c = self._config
        sigma = np.array([c.prior_position] * 3 + [c.prior_rotation] * 3)
        Ad = adjoint(make_transform(translation=self._T_camera_base[:3, 3]))
        self.T_correction: Array = np.eye(4)
        self.wrist_bias: Array = np.zeros(2)
        self.covariance: Array = np.zeros((SIZE, SIZE))
        self.covariance[:6, :6] = Ad @ np.diag(sigma**2) @ Ad.T
        self.covariance[6:, 6:] = np.eye(2) * c.prior_wrist**2
        self._prior_information = np.linalg.inv(self.covariance)
        self.constant: Array = np.zeros((SIZE, SIZE))  # G B G^T of the last update

    def widen(self) -> None:
        """Keep the state, take the covariance of the prior: what was learnt may be wrong."""
        kept = self.T_correction, self.wrist_bias
        self.reset()
        self.T_correction, self.wrist_bias = kept

    def predict(self, dt: float, p_control_point: Array) -> None:
        """Random walk over dt (s), given at the control point (3,) in `camera`."""
        c = self._config
        walk = np.array([c.walk_position] * 3 + [c.walk_rotation] * 3)
        Ad = adjoint(make_transform(translation=p_control_point))
        self.covariance[:6, :6] += Ad @ np.diag(walk**2 * dt) @ Ad.T
        self.covariance[6:, 6:] += np.eye(2) * c.walk_wrist**2 * dt

    def state(self) -> tuple[Array, Array]:
        """T_correction (4, 4) and wrist biases (2,)."""
        return self.T_correction, self.wrist_bias

    def innovation_sigma(self, jacobian: Array) -> Array:
        """Standard deviation (m,) of predictions with the Jacobian (m, 8), measurement left out."""
        P = self.covariance + self.constant
        return np.sqrt(np.einsum("ij,jk,ik->i", jacobian, P, jacobian))

    def distance(self, group: Linearisation) -> float:
        """Normalised innovation: sqrt of Mahalanobis distance squared per scalar."""
        H = group.jacobian
        S = H @ (self.covariance + self.constant) @ H.T
        S += np.diag(group.sigma**2 + group.bias**2)
        r = group.residual
        return float(np.sqrt(r @ np.linalg.solve(S, r) / len(r)))

    def step(self, group: Linearisation, T_before: Array, bias_before: Array, P_before: Array) -> None:
        """One Gauss-Newton iteration of the update from the predicted state (`*_before`).

        The group must be linearised at the current state; call again to iterate.
        """
        H = group.jacobian
        delta = self._offset_from(T_before, bias_before)
        S = H @ P_before @ H.T + np.diag(group.sigma**2)
        K = np.linalg.solve(S, H @ P_before).T
        delta_new = K @ (group.residual + H @ delta)
        change = delta_new - delta
        self.T_correction = exp_se3(change[:6]) @ self.T_correction
        self.wrist_bias = self.wrist_bias + change[6:]
        I_KH = np.eye(SIZE) - K @ H
        P = I_KH @ P_before @ I_KH.T + K @ np.diag(group.sigma**2) @ K.T
        self.covariance = 0.5 * (P + P.T)

    def consider(self, group: Linearisation) -> None:
        """Work out the response to constant measurement errors from the final linearisation."""
        weighted = group.jacobian / group.sigma[:, None] ** 2
        information = group.jacobian.T @ weighted + self._prior_information
        G = np.linalg.solve(information, weighted.T)
        self.constant = (G * group.bias**2) @ G.T

    def _offset_from(self, T_before: Array, bias_before: Array) -> Array:
        xi = log_se3(self.T_correction @ inverse(T_before))
        return np.concatenate([xi, self.wrist_bias - bias_before])

    def tool_covariance(self, jacobian_tool: Array) -> Array:
        """Covariance (6, 6) of a twist that depends on the state by `jacobian_tool` (6, 8)."""
        P = jacobian_tool @ (self.covariance + self.constant) @ jacobian_tool.T
        return 0.5 * (P + P.T)

