# SPDX-License-Identifier: Apache-2.0
"""Properties through the bindings, over whatever hypothesis comes up with."""

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trocar import _core
from trocar.geometry import exp_so3, make_transform

from .test_chain_dynamics import random_chain
from .toy_plant import LockstepCell

LOW, HIGH = np.array(_core.Q_MIN[:6]), np.array(_core.Q_MAX[:6])
INT64 = st.integers(-(2**63), 2**63 - 1)


def numbers(shape, most):
    """Finite numbers of a moderate size."""
    return hnp.arrays(float, shape, elements=st.floats(-most, most))


def shares(shape):
    """Numbers from 0 to 1."""
    return hnp.arrays(float, shape, elements=st.floats(0.0, 1.0))


@st.composite
def poses(draw, reach=0.4):
    """Poses (4, 4) of any orientation."""
    return make_transform(exp_so3(draw(numbers(3, 3.2))), draw(numbers(3, reach)))


@given(q=numbers((5, 6), 5.0), seed=numbers((5, 6), 3.0))
def test_a_batch_is_its_single_calls(q: np.ndarray, seed: np.ndarray) -> None:
    T = _core.psm_fk_batch(q)
    np.testing.assert_array_equal(T, [_core.psm_fk(row) for row in q])
    np.testing.assert_array_equal(
        _core.psm_jacobian_batch(q), [_core.psm_jacobian(row) for row in q]
    )
    found, status = _core.psm_ik_batch(T, seed)
    for k in range(len(q)):
        single = _core.psm_ik(T[k], seed[k])
        np.testing.assert_array_equal(found[k], single.q)
        assert status[k] == single.status


@given(share=shares(6), qd=numbers(6, 3.0))
def test_the_jacobian_rate_is_the_jacobians_derivative(share: np.ndarray, qd: np.ndarray) -> None:
    q, h = LOW + share * (HIGH - LOW), 1e-6
    slope = (_core.psm_jacobian(q + h * qd) - _core.psm_jacobian(q - h * qd)) / (2.0 * h)
    np.testing.assert_allclose(_core.psm_jacobian_rate(q, qd), slope, atol=1e-7)


@settings(max_examples=40, deadline=None)
@given(T=poses(), seed=numbers(6, 2.0), others=shares((8, 6)))
def test_nothing_feasible_is_nearer_than_the_nearest_pose(T, seed, others) -> None:
    def distance(reached):
        turn = np.linalg.norm(reached[:3, :3] - T[:3, :3]) / (2.0 * np.sqrt(2.0))
        angle = 2.0 * np.arcsin(min(1.0, turn))
        return np.hypot(np.linalg.norm(reached[:3, 3] - T[:3, 3]), 0.0102 * angle)

    near = _core.psm_nearest_pose(T, seed)
    assert np.all(near.q >= LOW - 1e-12) and np.all(near.q <= HIGH + 1e-12)
    np.testing.assert_allclose(near.T_base_cp, _core.psm_fk(near.q), atol=1e-12)
    assert near.distance == pytest.approx(distance(near.T_base_cp), abs=1e-8)
    low = LOW.copy()
    low[2] = 0.0606
    for q in low + others * (HIGH - low):
        assert distance(_core.psm_fk(q)) >= near.distance - 1e-9


@given(T=poses(), seed=numbers(4, 2.0), scope=st.sampled_from(list(_core.Scope)))
def test_the_endoscopes_joints_stay_in_their_ranges(T, seed, scope) -> None:
    found = _core.ecm_ik(T, seed, scope)
    low, high = [-1.5708, -0.76794, 0.0, -1.552], [1.5708, 1.1344, 0.255, 1.552]
    assert np.all(found.q >= np.array(low) - 1e-9) and np.all(found.q <= np.array(high) + 1e-9)
    assert np.isnan(found.rotation_error) or 0.0 <= found.rotation_error <= 3.15


@given(seed=st.integers(0, 2**32 - 1), n=st.integers(1, 8), motion=numbers((3, 8), 3.0))
def test_a_chains_dynamics_agree_with_each_other(seed: int, n: int, motion: np.ndarray) -> None:
    chain = _core.ChainDynamics(**random_chain(np.random.default_rng(seed), n))
    q, qd, qdd = motion[:, :n]
    M = chain.mass_matrix(q)
    np.testing.assert_allclose(M, M.T, atol=1e-10)
    assert np.linalg.eigvalsh(M).min() > 0.0
    np.testing.assert_allclose(chain.momentum(q, qd), M @ qd, atol=1e-9)
    rest = chain.inverse_dynamics(q, qd, np.zeros(n))
    np.testing.assert_allclose(chain.inverse_dynamics(q, qd, qdd) - rest, M @ qdd, atol=1e-8)
    still = chain.inverse_dynamics(q, np.zeros(n), np.zeros(n))
    np.testing.assert_allclose(still, chain.gravity_torque(q), atol=1e-9)


@given(
    limits=st.tuples(st.floats(0.01, 10.0), st.floats(0.1, 100.0), st.floats(1.0, 1e4)),
    start=numbers(3, 1.0),
    goal=st.floats(-2.0, 2.0),
)
def test_an_axis_move_ends_at_rest_and_keeps_its_limits(limits, start, goal) -> None:
    v_max, a_max, j_max = limits
    # A state from which the velocity still turns inside v_max.
    a = 0.5 * start[2] * min(a_max, np.sqrt(j_max * v_max))
    state = [start[0], 0.5 * start[1] * v_max, a]
    move = _core.AxisMove(state, goal, limits)
    np.testing.assert_allclose(move.at(move.duration), [goal, 0.0, 0.0], atol=1e-12)
    for t in np.linspace(0.0, move.duration, 60):
        _, v, acceleration = move.at(t)
        assert abs(v) <= v_max * (1.0 + 1e-9) and abs(acceleration) <= a_max * (1.0 + 1e-9)
    assert np.all(np.abs(move.segments[:, 0]) <= j_max * (1.0 + 1e-12))
    assert np.all(move.segments[:, 1] >= 0.0)
    batch = _core.axis_move_durations([state], [goal], [limits])
    assert batch[0] == pytest.approx(move.duration)


@settings(max_examples=50, deadline=None)
@given(
    states=st.lists(
        st.tuples(hnp.arrays(float, (3, 7), elements=st.floats(width=64)), INT64), max_size=6
    )
)
def test_no_plant_talks_an_arm_into_torque_beyond_its_limits(states) -> None:
    cell = LockstepCell()
    cell.arm.state_command(_core.StateCommand.ENABLE)
    assert cell.run(3).powered
    port = cell.port
    for (q, qd, tau), stamp_ns in states:
        out = port.exchange(q, qd, tau, stamp_ns)
        torque = np.asarray(out.torque)
        assert np.all(np.isfinite(torque)) and np.all(np.abs(torque) <= _core.EFFORT_MAX)
        state = cell.arm.state()
        for values in (state.q, state.qd, state.setpoint_q, state.setpoint_qd):
            assert np.all(np.isfinite(values))


@given(values=hnp.arrays(float, 7, elements=st.floats(width=64)), stamp_ns=INT64)
def test_a_snapshot_is_read_as_it_was_written(values: np.ndarray, stamp_ns: int) -> None:
    name = f"trocar_sweep_{os.getpid()}"
    writer = _core.Snapshot(name, 7, True)
    try:
        reader = _core.Snapshot(name, 7, False)
        writer.write(values, stamp_ns)
        read, stamp, sequence = reader.read()
        np.testing.assert_array_equal(read, values)
        assert (stamp, sequence) == (stamp_ns, 1)
    finally:
        writer.close()
