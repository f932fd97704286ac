# SPDX-License-Identifier: Apache-2.0
"""The filter: consistent with white noise, honest about constant errors, deaf to outliers."""

import numpy as np
import pytest

from trocar.errors import ConfigurationError
from trocar.geometry import exp_se3, log_se3, make_transform
from trocar.perception.tool.config import ToolTrackerConfig
from trocar.perception.tool.filter import Belief, Linearisation, LumpedFilter
from trocar.perception.tool.model import SIZE

T_CAMERA_BASE = make_transform(translation=[-0.11, -0.09, -0.005])
SIGMA_PX = 1.0
STILL = ToolTrackerConfig(
    walk_position=1e-9, walk_rotation=1e-9, walk_wrist=1e-9, walk_jaw=1e-9, walk_swell_px=1e-9
)


def rows(rng, count=60):
    """Jacobians (count, 10) of outline samples at about 60 mm, f 560 px."""
    n = rng.normal(size=(count, 3))
    n /= np.linalg.norm(n, axis=1)[:, None]
    X = np.array([0.0, 0.0, 0.06]) + rng.uniform(-0.02, 0.02, (count, 3))
    H = np.zeros((count, SIZE))
    H[:, :3] = n
    H[:, 3:6] = np.cross(X, n)
    H[:, 6:9] = rng.normal(scale=0.01, size=(count, 3))
    H *= 560.0 / 0.06
    H[:, 9] = 1.0
    return H


def truth(rng, config):
    """A state (10,) drawn from the filter's prior."""
    P = LumpedFilter(T_CAMERA_BASE, config).belief.covariance
    return np.linalg.cholesky(P) @ rng.normal(size=SIZE)


def error(lumped, state):
    xi = log_se3(lumped.belief.T_correction @ np.linalg.inv(exp_se3(state[:6])))
    return np.concatenate([xi, lumped.belief.bias - state[6:]])


def run(lumped, state, rng, frames=10, constant=None, outliers=0.0):
    """Feed measurements of a state, by a model that is linear about the current belief."""
    for _ in range(frames):
        lumped.predict(1.0 / 15.0, np.array([0.0, 0.0, 0.06]))
        predicted = lumped.belief
        H = rows(rng) if constant is None else rows(np.random.default_rng(5))
        noise = rng.normal(scale=SIGMA_PX, size=len(H))
        wild = rng.random(len(H)) < outliers
        noise[wild] += rng.uniform(20.0, 60.0, wild.sum())
        group = np.arange(len(H)) // 10
        if constant is not None:
            noise = noise + constant[group]
        for _ in range(3):
            residual = -H @ error(lumped, state) + noise
            seen = Linearisation(residual, H, group)
            weight = lumped.update(seen, predicted, SIGMA_PX)
        lumped.consider(seen, weight, SIGMA_PX, STILL.edge_bias_px)


def test_white_noise_gives_consistent_covariance():
    nees = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        lumped, state = LumpedFilter(T_CAMERA_BASE, STILL), truth(rng, STILL)
        run(lumped, state, rng, frames=4)
        e = error(lumped, state)
        nees.append(e @ np.linalg.solve(lumped.belief.covariance, e))
    # 40 draws of chi-square with 10 degrees of freedom: the mean is 10 +- 0.71 (one sigma).
    assert 7.0 < np.mean(nees) < 13.5


def test_constant_errors_are_in_the_reported_covariance():
    """Without the consider part the covariance shrinks below the error; with it it does not."""
    point = np.zeros((3, SIZE))
    point[:, :3] = np.eye(3)
    honest, bare = [], []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        lumped, state = LumpedFilter(T_CAMERA_BASE, STILL), truth(rng, STILL)
        run(lumped, state, rng, frames=30, constant=rng.normal(scale=STILL.edge_bias_px, size=6))
        e = point @ error(lumped, state)
        honest.append(e @ np.linalg.solve(lumped.covariance_of(point), e))
        bare.append(e @ np.linalg.solve(point @ lumped.belief.covariance @ point.T, e))
    assert 1.0 < np.mean(honest) < 6.0  # chi-square, 3 degrees of freedom
    assert np.mean(bare) > 2.0 * np.mean(honest)


def test_outliers_do_not_drag():
    rng = np.random.default_rng(1)
    state = truth(rng, STILL)
    errors = []
    for share in (0.0, 0.3):
        lumped = LumpedFilter(T_CAMERA_BASE, STILL)
        run(lumped, state, np.random.default_rng(2), frames=8, outliers=share)
        e = error(lumped, state)
        errors.append(np.linalg.norm(e[:3] + np.cross(e[3:6], [0.0, 0.0, 0.06])))
    assert errors[1] < 5e-4
    assert errors[0] < 5e-4


def test_prediction_grows_and_widening_forgets():
    lumped = LumpedFilter(T_CAMERA_BASE, ToolTrackerConfig())
    prior = lumped.belief.covariance.copy()
    run(lumped, np.zeros(SIZE), np.random.default_rng(0), frames=2)
    sharp = lumped.belief.covariance.copy()
    assert np.trace(sharp) < np.trace(prior)
    lumped.predict(1.0, np.array([0.0, 0.0, 0.06]))
    assert np.linalg.eigvalsh(lumped.belief.covariance - sharp).min() > 0.0
    kept = lumped.belief.T_correction
    lumped.widen()
    assert np.allclose(lumped.belief.covariance, prior)
    assert np.allclose(lumped.belief.T_correction, kept)
    lumped.reset()
    assert lumped.distance_from_prior() == pytest.approx(0.0, abs=1e-12)


def test_update_with_no_information_keeps_the_belief():
    lumped = LumpedFilter(T_CAMERA_BASE, ToolTrackerConfig())
    before = lumped.belief
    nothing = Linearisation(np.zeros(4), np.zeros((4, SIZE)), np.zeros(4, np.int64))
    lumped.update(nothing, before, 1.0)
    assert isinstance(lumped.belief, Belief)
    assert np.allclose(lumped.belief.T_correction, before.T_correction)
    assert np.allclose(lumped.belief.covariance, before.covariance, rtol=1e-6)


@pytest.mark.parametrize(
    "bad", [{"edge_sigma_px": 0.0}, {"search_px": ()}, {"prior_position": -1.0}]
)
def test_unusable_tuning_is_refused(bad):
    with pytest.raises(ConfigurationError, match=next(iter(bad))):
        ToolTrackerConfig(**bad)
