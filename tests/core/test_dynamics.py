# SPDX-License-Identifier: Apache-2.0
"""Inverse dynamics, gravity and mass matrix of the compiled core against Pinocchio."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trocar import _core

STATES = 3000


def skewed(random: np.random.Generator) -> _core.DynamicParameters:
    """Parameters with every number moved, so that no symmetry hides a mistake."""
    p = _core.DynamicParameters()
    p.mass = random.uniform(0.1, 2.0, 7)
    p.com = random.uniform(-0.1, 0.1, (7, 3))
    p.inertia = random.uniform(0.010, 0.019, (7, 3))
    p.products = random.uniform(-0.003, 0.003, (7, 3))
    p.armature = random.uniform(0.0, 0.01, 7)
    p.gravity_base = random.normal(size=3) * 9.81
    return p


@pytest.mark.parametrize("kind", ["default", "skewed", "perturbed"])
def test_agrees_with_pinocchio(kind, pinocchio_psm):
    random = np.random.default_rng(31)
    p = skewed(random) if kind == "skewed" else _core.DynamicParameters()
    if kind == "perturbed":
        p = p.perturbed(0.1, 3)
    oracle = pinocchio_psm(p)
    worst = dict.fromkeys(("inverse_dynamics", "gravity_torque", "mass_matrix"), 0.0)
    for _ in range(STATES):
        q = random.uniform(_core.Q_MIN, _core.Q_MAX)
        qd = random.uniform(-1.0, 1.0, 7) * _core.VELOCITY_MAX
        qdd = random.uniform(-1.0, 1.0, 7) * _core.ACCELERATION_MAX
        for name, arguments in (
            ("inverse_dynamics", (q, qd, qdd)),
            ("gravity_torque", (q,)),
            ("mass_matrix", (q,)),
        ):
            ours = getattr(_core, name)(p, *arguments)
            gap = np.abs(ours - getattr(oracle, name)(*arguments)).max()
            worst[name] = max(worst[name], gap)
    assert max(worst.values()) < 1e-9, worst


def test_gravity_stays_far_below_the_motors_in_any_mounting():
    random = np.random.default_rng(32)
    p = _core.DynamicParameters()
    worst = np.zeros(7)
    for _ in range(5000):
        down = random.normal(size=3)
        p.gravity_base = 9.81 * down / np.linalg.norm(down)
        q = random.uniform(_core.Q_MIN, _core.Q_MAX)
        worst = np.maximum(worst, np.abs(_core.gravity_torque(p, q)))
    assert (worst < 0.4 * _core.EFFORT_MAX).all()


def test_arrays_are_views_that_outlive_their_owner():
    p = _core.DynamicParameters()
    p.mass[1] = 3.0
    p.com[2, 0] = 0.5
    assert p.mass[1] == 3.0 and p.com[2, 0] == 0.5
    view = p.inertia
    expected = view.copy()
    del p
    np.testing.assert_array_equal(view, expected)


def test_wrong_shapes_and_fractions_are_refused_by_name():
    p = _core.DynamicParameters()
    with pytest.raises(ValueError, match=r"mass has shape \(6,\), allowed \(7,\)"):
        p.mass = np.ones(6)
    with pytest.raises(ValueError, match=r"com has shape \(3, 7\), allowed \(7, 3\)"):
        p.com = np.ones((3, 7))
    with pytest.raises(ValueError, match=r"qdd has shape \(1,\), allowed \(7,\)"):
        _core.inverse_dynamics(p, np.zeros(7), np.zeros(7), [0.0])
    for fraction in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match="fraction is .*, allowed"):
            p.perturbed(fraction, 1)


@given(seed=st.integers(0, 2**64 - 1), fraction=st.floats(0.001, 0.9))
def test_perturbed_is_seeded_and_exact(seed, fraction):
    p = _core.DynamicParameters()
    wrong, again = p.perturbed(fraction, seed), p.perturbed(fraction, seed)
    for name in ("mass", "viscous", "coulomb"):
        ratio = getattr(wrong, name) / getattr(p, name)
        np.testing.assert_allclose(np.abs(ratio - 1.0), fraction, rtol=1e-9)
        np.testing.assert_array_equal(getattr(wrong, name), getattr(again, name))
    np.testing.assert_array_equal(wrong.com, p.com)
    np.testing.assert_array_equal(wrong.armature, p.armature)


def test_different_seeds_differ():
    p = _core.DynamicParameters()
    drawn = {tuple(p.perturbed(0.1, seed).mass) for seed in range(50)}
    assert len(drawn) > 25
