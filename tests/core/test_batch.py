# SPDX-License-Identifier: Apache-2.0
"""Batch calls: the same answers as one by one, shapes refused by name, other threads go on."""

import threading

import numpy as np
import pytest

from trocar import _core, kinematics, models

LOW, HIGH = _core.Q_MIN[:6].copy(), _core.Q_MAX[:6]
LOW[2] = 0.061


def joints(count: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(LOW, HIGH, (count, 6))


def test_the_psm_in_batches_is_the_psm_one_by_one():
    q = joints(300)
    T = kinematics.forward_kinematics_batch(q)
    J = kinematics.jacobian_batch(q)
    found, status = kinematics.inverse_kinematics_batch(T, q[::-1])
    assert T.shape == (300, 4, 4) and J.shape == (300, 6, 6)
    assert found.shape == (300, 6) and status.shape == (300,)
    for i in range(300):
        np.testing.assert_array_equal(T[i], kinematics.forward_kinematics(q[i]))
        np.testing.assert_array_equal(J[i], kinematics.jacobian(q[i]))
        one = kinematics.inverse_kinematics(T[i], q[299 - i])
        np.testing.assert_array_equal(found[i], one.q)
        assert status[i] == one.status


@pytest.mark.parametrize("name", ["ECM_30_UP", "MTMR"])
def test_a_chain_in_batches_is_the_chain_one_by_one(name):
    chain = models.get(name).chain
    q = np.random.default_rng(2).uniform(chain.q_min, chain.q_max, (20, chain.size))
    T, J = chain.fk_batch(q), chain.jacobian_batch(q)
    found, status = chain.ik_batch(T, q + 0.01)
    for i in range(len(q)):
        np.testing.assert_array_equal(T[i], chain.fk(q[i]))
        np.testing.assert_array_equal(J[i], chain.jacobian(q[i]))
        one = chain.ik(T[i], q[i] + 0.01)
        np.testing.assert_array_equal(found[i], one.q)
        assert status[i] == one.status == _core.ChainIkStatus.OK


def test_nothing_in_gives_nothing_out():
    assert kinematics.forward_kinematics_batch(np.zeros((0, 6))).shape == (0, 4, 4)
    q, status = kinematics.inverse_kinematics_batch(np.zeros((0, 4, 4)), np.zeros((0, 6)))
    assert q.shape == (0, 6) and status.shape == (0,)


def test_a_bad_row_spoils_only_itself():
    q = joints(3)
    T = kinematics.forward_kinematics_batch(q)
    T[1, 0, 0] = np.nan
    _, status = kinematics.inverse_kinematics_batch(T, q)
    ok, out = kinematics.IkStatus.OK, kinematics.IkStatus.OUT_OF_REACH
    assert status.tolist() == [ok, out, ok]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: _core.psm_fk_batch(np.zeros(6)), r"q has shape \(6,\), allowed \(N, 6\)"),
        (lambda: _core.psm_jacobian_batch(np.zeros((2, 7))), r"allowed \(N, 6\)"),
        (
            lambda: _core.psm_ik_batch(np.zeros((2, 4, 4)), np.zeros((3, 6))),
            r"q_seed has shape \(3, 6\), allowed \(2, 6\)",
        ),
        (lambda: _core.psm_ik_batch(np.eye(4), np.zeros((1, 6))), r"allowed \(N, 4, 4\)"),
        (lambda: _core.psm_ik_campaign(0, 1), r"poses is 0, allowed 1 to 1e9"),
        (
            lambda: models.get("MTML").chain.fk_batch(np.zeros((1, 6))),
            r"q has shape \(1, 6\), allowed \(N, 7\)",
        ),
    ],
)
def test_wrong_shapes_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_python_threads_run_during_a_batch():
    """While one call works, another thread counts: with the GIL held it could not begin."""
    inside, done = threading.Event(), threading.Event()
    counts = []

    def count() -> None:
        inside.wait()
        n = 0
        while not done.is_set():
            n += 1
        counts.append(n)

    thread = threading.Thread(target=count)
    thread.start()
    q = np.tile(joints(1000), (400, 1))
    inside.set()
    before = len(counts)
    for _ in range(3):
        kinematics.jacobian_batch(q)
    _core.psm_ik_campaign(300_000, 1)
    done.set()
    thread.join()
    assert before == 0
    assert counts[0] > 10_000  # a switch or two between the calls would give some thousands


def test_campaign_names_every_pose_rightly():
    clear = _core.psm_ik_campaign(50_000, 7)
    assert clear.right == clear.poses == 50_000
    assert clear.max_position_error < 1e-12 and clear.max_rotation_error < 1e-12
    near = _core.psm_ik_campaign(50_000, 8, near_rcm=True)
    assert near.right == 50_000


@pytest.mark.slow
def test_a_million_poses():
    for near_rcm in (False, True):
        campaign = _core.psm_ik_campaign(1_000_000, 9, near_rcm=near_rcm)
        assert campaign.right == campaign.poses
        assert campaign.max_position_error < 1e-12 and campaign.max_rotation_error < 1e-12
