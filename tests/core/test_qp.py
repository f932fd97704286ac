# SPDX-License-Identifier: Apache-2.0
"""The quadratic program against quadprog and DAQP, and against its optimality conditions."""

import ctypes

import daqp
import numpy as np
import pytest
import quadprog
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core

OPTIMAL = _core.QpStatus.OPTIMAL
SIZES = range(1, 9)


def random_problem(rng, n, m, feasible=True):
    """H, g, A, b, lower, upper; feasible at a hidden point, half of the rows through it."""
    M = rng.normal(size=(n, n))
    H = M @ M.T + 0.01 * np.eye(n)
    inside = rng.uniform(-1, 1, n)
    A = rng.normal(size=(m, n))
    gap = np.where(rng.random(m) < 0.5, 0.0, rng.uniform(0, 0.5, m))
    b = A @ inside - gap if feasible else A @ inside + rng.uniform(0.5, 2.0, m)
    return H, 3 * rng.normal(size=n), A, b, inside - 0.5, inside + 0.5


def by_quadprog(H, g, A, b, lower, upper):
    """The oracle's x, or None where it finds no point."""
    n = len(g)
    C = np.vstack([A, np.eye(n), -np.eye(n)])
    try:
        return quadprog.solve_qp(H, -g, C.T, np.concatenate([b, lower, -upper]))[0]
    except ValueError:
        return None


def by_daqp(H, g, A, b, lower, upper):
    """DAQP's x, and whether it solved."""
    m = len(b)
    sense = np.zeros(len(g) + m, dtype=ctypes.c_int)
    top = np.concatenate([upper, np.full(m, 1e30)])
    bottom = np.concatenate([lower, b])
    x, _, flag, _ = daqp.solve(H, g, np.ascontiguousarray(A), top, bottom, sense, primal_tol=1e-11)
    return x, flag == 1


@pytest.mark.parametrize("n", SIZES)
def test_agrees_with_quadprog_and_daqp(n):
    rng = np.random.default_rng(n)
    for _ in range(250):
        problem = random_problem(rng, n, int(rng.integers(0, 33)))
        ours = _core.qp_solve(*problem)
        assert ours.status == OPTIMAL
        assert ours.residual <= 1e-9
        oracle = by_quadprog(*problem)
        if oracle is not None:  # at degenerate vertices quadprog may see no point
            np.testing.assert_allclose(ours.x, oracle, atol=1e-8, rtol=0)
        x, solved = by_daqp(*problem)
        if solved:
            np.testing.assert_allclose(ours.x, x, atol=1e-8, rtol=0)


@pytest.mark.parametrize("n", SIZES)
def test_meets_the_optimality_conditions(n):
    rng = np.random.default_rng(100 + n)
    for _ in range(250):
        H, g, A, b, lower, upper = random_problem(rng, n, int(rng.integers(0, 33)))
        r = _core.qp_solve(H, g, A, b, lower, upper)
        gradient = H @ r.x + g - A.T @ r.row_multipliers - r.lower_multipliers + r.upper_multipliers
        multipliers = np.concatenate([r.row_multipliers, r.lower_multipliers, r.upper_multipliers])
        slack = np.concatenate([A @ r.x - b, r.x - lower, upper - r.x])
        size = 1.0 + np.abs(multipliers).max()
        assert np.abs(gradient).max() <= 1e-9 * size
        assert slack.min() >= -1e-9
        assert multipliers.min() >= -1e-9 * size
        assert np.abs(multipliers * slack).max() <= 1e-9 * size


def test_infeasible_where_the_oracle_says_so():
    rng = np.random.default_rng(7)
    seen = 0
    for _ in range(400):
        n = int(rng.integers(2, 9))
        problem = random_problem(rng, n, int(rng.integers(n, 33)), feasible=False)
        ours = _core.qp_solve(*problem)
        solved = by_daqp(*problem)[1]
        assert (ours.status == OPTIMAL) == solved
        seen += not solved
    assert seen > 100


def test_a_warm_start_changes_the_steps_and_not_the_answer():
    rng = np.random.default_rng(11)
    fewer = 0
    for _ in range(300):
        H, g, A, b, lower, upper = random_problem(rng, 6, 20)
        cold = _core.qp_solve(H, g, A, b, lower, upper)
        near = g + 1e-3 * rng.normal(size=6)
        warm = _core.qp_solve(H, near, A, b, lower, upper, warm=cold.active)
        again = _core.qp_solve(H, near, A, b, lower, upper)
        wrong = _core.qp_solve(H, near, A, b, lower, upper, warm=int(rng.integers(0, 1 << 48)))
        np.testing.assert_allclose(warm.x, again.x, atol=1e-9, rtol=0)
        np.testing.assert_allclose(wrong.x, again.x, atol=1e-9, rtol=0)
        fewer += warm.iterations < again.iterations
        assert warm.active == again.active or np.allclose(warm.x, again.x, atol=1e-9)
    assert fewer > 50


@settings(max_examples=300, deadline=None)
@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=17, max_size=17),
    at=st.lists(st.booleans(), min_size=17, max_size=17),
)
def test_any_number_gets_a_named_answer(values, at):
    plain = np.concatenate([np.eye(2).ravel(), [1, -1], [1, 0, 0, 1, 1, 1], [-1, -2, -3], [-9, 9]])
    v = np.where(at, values, plain)
    r = _core.qp_solve(
        v[:4].reshape(2, 2), v[4:6], v[6:12].reshape(3, 2), v[12:15], np.full(2, v[15]),
        np.full(2, v[16]),
    )  # fmt: skip
    assert r.status in tuple(_core.QpStatus)
    assert np.isfinite(r.x).all()
    if r.status == OPTIMAL:
        assert r.residual <= 1e-6


def test_shapes_are_refused_in_one_line():
    eye, zero = np.eye(3), np.zeros(3)
    with pytest.raises(ValueError, match=r"H has shape \(2, 2\), allowed \(3, 3\)"):
        _core.qp_solve(np.eye(2), zero)
    with pytest.raises(ValueError, match=r"g has shape \(9,\), allowed \(n,\) with n 1\.\.8"):
        _core.qp_solve(np.eye(9), np.zeros(9))
    with pytest.raises(ValueError, match=r"A has shape \(33, 3\).* m <= 32"):
        _core.qp_solve(eye, zero, np.zeros((33, 3)), np.zeros(33))
    with pytest.raises(ValueError, match=r"b has shape \(2,\)"):
        _core.qp_solve(eye, zero, np.zeros((3, 3)), np.zeros(2))
    with pytest.raises(ValueError, match="A and b come together"):
        _core.qp_solve(eye, zero, np.zeros((3, 3)))
    with pytest.raises(ValueError, match="lower has shape"):
        _core.qp_solve(eye, zero, lower=np.zeros(2))


def test_scaling_a_command_keeps_it_feasible():
    rng = np.random.default_rng(5)
    for _ in range(300):
        n = int(rng.integers(1, 9))
        A = rng.normal(size=(12, n))
        b = -rng.uniform(0, 1, 12)
        x = 3 * rng.normal(size=n)
        s = _core.qp_scale_to_feasible(x, A, b, np.full(n, -1.0), np.full(n, 1.0))
        slack = np.concatenate([A @ (s * x) - b, 1 - np.abs(s * x)])
        assert 0 <= s <= 1
        assert slack.min() >= -1e-12
        assert s == 1 or slack.min() <= 1e-9  # no larger one would do
