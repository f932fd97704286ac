# SPDX-License-Identifier: Apache-2.0
"""Momentum, C^T qd and friction of the compiled core against Pinocchio and finite differences."""

import numpy as np
import pytest

from trocar import _core


def test_coriolis_transpose_agrees_with_pinocchio(pinocchio_psm):
    random = np.random.default_rng(41)
    p = _core.DynamicParameters()
    p.products = random.uniform(-1e-3, 1e-3, (7, 3)) * p.mass[:, None]
    oracle = pinocchio_psm(p)
    for _ in range(1000):
        q = random.uniform(_core.Q_MIN, _core.Q_MAX)
        qd = random.uniform(-1.0, 1.0, 7) * _core.VELOCITY_MAX
        C = oracle.pin.computeCoriolisMatrix(oracle.model, oracle.data, q, qd)
        assert np.abs(_core.coriolis_transpose(p, q, qd) - C.T @ qd).max() < 1e-9
        assert np.abs(_core.momentum(p, q, qd) - oracle.mass_matrix(q) @ qd).max() < 1e-9


def test_friction_is_what_it_says():
    p = _core.DynamicParameters()
    p.stribeck = 0.5 * p.coulomb
    qd = np.linspace(-1.0, 1.0, 7)
    dry = p.coulomb + p.stribeck * np.exp(-((qd / p.stribeck_speed) ** 2))
    expected = p.viscous * qd + dry * np.tanh(qd / p.friction_speed)
    np.testing.assert_allclose(_core.friction_torque(p, qd), expected, rtol=0, atol=1e-15)


def test_bad_input_is_refused_by_name_or_handed_through():
    p = _core.DynamicParameters()
    for name in ("momentum", "coriolis_transpose"):
        with pytest.raises(ValueError, match=r"qd has shape \(2,\), allowed \(7,\)"):
            getattr(_core, name)(p, np.zeros(7), [0.0, 1.0])
        assert np.isnan(getattr(_core, name)(p, np.full(7, np.nan), np.ones(7))).any()
    with pytest.raises(ValueError, match=r"qd has shape \(\), allowed \(7,\)"):
        _core.friction_torque(p, 1.0)
