# SPDX-License-Identifier: Apache-2.0
"""Iterated, robust Kalman filter on the lumped kinematic error of one arm.

State: T_correction (4, 4) with a left perturbation exp(xi), xi = (linear, angular) at the
origin of `camera` in camera axes, and four biases: wrist pitch, wrist yaw, jaw opening,
and the swell of the outline (px), by which every edge lies outside its drawing.  The
errors of the other joints and of the base cannot be told apart by sight and are lumped into
T_correction (Richter et al., "Robotic Tool Tracking under Partially Visible Kinematic Chain",
T-RO 2021).

Measurement errors have a white part, which the filter averages, and a part that is constant along a
piece of outline (edge bias, shape error), which no number of frames removes.  The
constant part enters as in a consider filter: the state's response G to it, worked out from the
information of one frame and the prior, is added to the reported covariance as G B G^T.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, adjoint, exp_se3, inverse, log_se3, make_transform
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.model import SIZE

_TUKEY = 4.685  # 95 % efficiency for normal errors (Holland and Welsch 1977)
_ROBUST_ROUNDS = 4
_JAW = 8  # index of the jaw's bias in the state


@dataclass(frozen=True)
class Linearisation:
    """Scalar measurements at a state.

    residual (m,) = measured - predicted in px, jacobian (m, 10) of the prediction, group (m,)
    of those that share a constant error.
    """

    residual: Array
    jacobian: Array
    group: NDArray[np.int64]


@dataclass(frozen=True)
class Belief:
    """A state and its covariance (10, 10) at one instant."""

    T_correction: Array
    bias: Array
    covariance: Array


class LumpedFilter:
    """Holds the belief; knows nothing about images."""

    def __init__(self, T_camera_base: Array, config: ToolTrackerConfig) -> None:
        """Start at the prior: no correction, sigma given at the base origin."""
        self._config = config
        c = config
        sigma = np.array([c.prior_position] * 3 + [c.prior_rotation] * 3)
        Ad = adjoint(make_transform(translation=T_camera_base[:3, 3]))
        biases = [c.prior_wrist, c.prior_wrist, c.prior_jaw, c.prior_swell_px]
        self._prior = np.zeros((SIZE, SIZE))
        self._prior[:6, :6] = Ad @ np.diag(sigma**2) @ Ad.T
        self._prior[6:, 6:] = np.diag(np.square(biases))
        self.reset()

    def reset(self) -> None:
        """Back to the prior, everything learnt forgotten."""
        self.belief = Belief(np.eye(4), np.zeros(SIZE - 6), self._prior.copy())
        self.constant: Array = np.zeros((SIZE, SIZE))  # G B G^T of the last update

    def widen(self) -> None:
        """Keep the state, take the covariance of the prior: what was learnt may be wrong."""
        self.belief = Belief(self.belief.T_correction, self.belief.bias, self._prior.copy())
        self.constant = np.zeros((SIZE, SIZE))

    def forget_jaw(self) -> None:
        """The opening is not measured: it may have become any within its prior."""
        P = self.belief.covariance.copy()
        P[_JAW, _JAW] = max(P[_JAW, _JAW], self._prior[_JAW, _JAW])
        self.belief = Belief(self.belief.T_correction, self.belief.bias, P)

    def predict(self, dt: float, p_control_point: Array) -> None:
        """Random walk over dt (s), given at the control point (3,) in `camera`."""
        c = self._config
        walk = np.array([c.walk_position] * 3 + [c.walk_rotation] * 3)
        Ad = adjoint(make_transform(translation=p_control_point))
        P = self.belief.covariance.copy()
        P[:6, :6] += Ad @ np.diag(walk**2 * dt) @ Ad.T
        biases = np.array([c.walk_wrist, c.walk_wrist, c.walk_jaw, c.walk_swell_px])
        P[6:, 6:] += np.diag(biases**2 * dt)
        self.belief = Belief(self.belief.T_correction, self.belief.bias, P)

    def sigma_px(self, jacobian: Array) -> Array:
        """Standard deviation (m,) of predictions with Jacobian (m, 10), the constant part in."""
        P = self.belief.covariance + self.constant
        return np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", jacobian, P, jacobian), 0.0))

    def update(self, seen: Linearisation, predicted: Belief, sigma_px: float) -> Array:
        """Robust Gauss-Newton step of the update of `predicted`; returns weights (m,).

        `seen` is linearised at the current belief: call again, linearised anew, to iterate.
        """
        H, r = seen.jacobian, seen.residual
        delta = self._offset_from(predicted)
        prior = np.linalg.inv(predicted.covariance)
        step: Array = np.zeros(SIZE)
        for _ in range(_ROBUST_ROUNDS):
            left = r - H @ step
            scale = max(sigma_px, 1.4826 * float(np.median(np.abs(left))))
            weight = np.clip(1.0 - (left / (_TUKEY * scale)) ** 2, 0.0, None) ** 2
            information = (H * (weight / sigma_px**2)[:, None]).T @ H + prior
            gradient = H.T @ (weight * r) / sigma_px**2 - prior @ delta
            step = np.asarray(np.linalg.solve(information, gradient), dtype=float)
        covariance = np.linalg.inv(information)
        self.belief = Belief(
            exp_se3(step[:6]) @ self.belief.T_correction,
            self.belief.bias + step[6:],
            0.5 * (covariance + covariance.T),
        )
        return weight

    def consider(self, seen: Linearisation, weight: Array, sigma_px: float, bias_px: float) -> None:
        """Work out the response to errors that are constant along a piece and in time."""
        rows = seen.jacobian * (weight / sigma_px**2)[:, None]
        information = rows.T @ seen.jacobian + np.linalg.inv(self._prior)
        pieces, index = np.unique(seen.group, return_inverse=True)
        summed = np.zeros((len(pieces), SIZE))
        np.add.at(summed, index, rows)
        G = np.linalg.solve(information, summed.T)
        self.constant = bias_px**2 * (G @ G.T)

    def distance_from_prior(self) -> float:
        """Squared Mahalanobis distance of the state from the prior."""
        offset = self._offset_from(Belief(np.eye(4), np.zeros(SIZE - 6), self._prior))
        return float(offset @ np.linalg.solve(self._prior, offset))

    def _offset_from(self, predicted: Belief) -> Array:
        xi = log_se3(self.belief.T_correction @ inverse(predicted.T_correction))
        return np.concatenate([xi, self.belief.bias - predicted.bias])

    def covariance_of(self, jacobian: Array) -> Array:
        """Covariance (n, n) of a quantity that depends on the state by `jacobian` (n, 10)."""
        P = jacobian @ (self.belief.covariance + self.constant) @ jacobian.T
        return 0.5 * (P + P.T)
