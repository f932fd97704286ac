# SPDX-License-Identifier: Apache-2.0
"""The known arms from Python, and the closed-form IK of the ECM and of the PSM's two branches."""

import numpy as np
import pytest

from trocar import _core, kinematics, models
from trocar.geometry import exp_so3, quat_xyzw_from_matrix, rotation_angle

Scope, IkStatus = _core.Scope, _core.IkStatus
SCOPES = {"ECM_0": Scope.STRAIGHT, "ECM_30_UP": Scope.UP, "ECM_30_DOWN": Scope.DOWN}

GOLDEN = [  # jhu-dvrk models with exact pi/2: model, q, position m, quat_xyzw
    ("ECM_0", [0.3, 0.2, 0.1, 0.4], [0.029165688, -0.020006002, -0.094284742],
     [0.961256284, -0.210078648, 0.165338758, 0.067204266]),
    ("ECM_0", [-0.5, 0.6, 0.2, -1.0], [-0.079414375, -0.113323744, -0.145367039],
     [0.777271056, 0.507936784, -0.344695623, 0.137966864]),
    ("MTMR", [0.1, 0.2, -0.1, 0.3, 0.4, -0.2, 0.5], [0.040248073, -0.401138234, -0.087593694],
     [-0.674350909, -0.530191893, -0.236822817, 0.456138534]),
    ("PSM_SI_LND_420006", [0.3, -0.2, 0.15, 0.5, 0.4, -0.3],
     [0.039913298, 0.025318431, -0.134777834],
     [-0.861577896, -0.501825653, 0.067652456, 0.035744755]),
]  # fmt: skip


def random_joints(chain: _core.Chain, random: np.random.Generator, count: int) -> np.ndarray:
    return random.uniform(chain.q_min, chain.q_max, (count, chain.size))


@pytest.mark.parametrize(("name", "q", "position", "quat_xyzw"), GOLDEN)
def test_golden_vectors(name, q, position, quat_xyzw):
    T = models.get(name).chain.fk(q)
    np.testing.assert_allclose(T[:3, 3], position, atol=1e-9)
    np.testing.assert_allclose(quat_xyzw_from_matrix(T[:3, :3]), quat_xyzw, atol=2e-9)


def test_a_model_is_named_or_refused():
    assert set(SCOPES) | {"PSM_LND_400006", "PSM_SI_LND_420006", "MTML", "MTMR"} == set(
        models.NAMES
    )
    with pytest.raises(ValueError, match="no arm model 'PSM9'; allowed: PSM_LND_400006, "):
        models.get("PSM9")
    with pytest.raises(ValueError, match="no tip frame 'elbow'; allowed: control_point, jaw_tip"):
        models.get("PSM_LND_400006").fk(np.zeros(6), "elbow")


def test_the_psm_is_the_one_written_out_by_hand():
    psm = models.get("PSM_LND_400006")
    np.testing.assert_array_equal(psm.chain.q_min, _core.Q_MIN[:6])
    np.testing.assert_array_equal(psm.chain.effort_max, _core.EFFORT_MAX[:6])
    assert psm.joint_names == kinematics.JOINT_NAMES
    for q in random_joints(psm.chain, np.random.default_rng(1), 100):
        T = kinematics.forward_kinematics(q)
        np.testing.assert_allclose(psm.fk(q), T, atol=1e-15)
        tip = T @ kinematics.T_CONTROL_POINT_JAW_TIP
        np.testing.assert_allclose(psm.fk(q, "jaw_tip"), tip, atol=1e-15)


def test_coupling_and_inverse():
    for name in models.NAMES:
        model = models.get(name)
        if name.startswith("ECM"):
            assert model.coupling is None and model.coupling_inverse is None
            continue
        identity = model.coupling @ model.coupling_inverse
        np.testing.assert_allclose(identity, np.eye(7), atol=1e-15)
        inverse = np.linalg.inv(model.coupling)
        np.testing.assert_allclose(model.coupling_inverse, inverse, atol=1e-14)
    discs = models.get("PSM_LND_400006").coupling[3:, 3:]
    assert discs[2].tolist() == [0, -0.8306, 0.6089, 0.6089]
    assert discs[3].tolist() == [0, 0, -1.2177, 1.2177]


@pytest.mark.parametrize("name", SCOPES)
def test_ecm_ik_round_trip(name):
    chain = models.get(name).chain
    random = np.random.default_rng(2)
    for q in random_joints(chain, random, 500):
        q[2] = max(q[2], 0.001)
        T = chain.fk(q)
        result = _core.ecm_ik(T, random_joints(chain, random, 1)[0], SCOPES[name])
        assert result.status is IkStatus.OK
        np.testing.assert_allclose(result.q, q, atol=1e-12)
        T[:3, :3] = T[:3, :3] @ exp_so3([0.1, 0.2, 0.0])
        assert _core.ecm_ik(T, q, SCOPES[name]).status is IkStatus.OUT_OF_REACH


def test_the_other_branch_of_the_wrist_reaches_the_same_pose():
    everywhere = {"q_min": [-7.0] * 6, "q_max": [7.0] * 6}
    for q in random_joints(models.get("PSM_LND_400006").chain, np.random.default_rng(3), 200):
        q[2] = max(q[2], 0.09)  # the wrist of the other branch stays past the 45 mm too
        T = kinematics.forward_kinematics(q)
        back = kinematics.IkBranch.BACKWARD
        result = kinematics.inverse_kinematics(T, q, branch=back, **everywhere)
        assert result.status is IkStatus.OK
        assert abs(result.q[4]) > np.pi / 2
        np.testing.assert_allclose(result.T_base_cp, T, atol=1e-13)
        inside = kinematics.inverse_kinematics(T, q, branch=back)
        assert inside.status is IkStatus.OUTSIDE_LIMITS


def test_the_si_reaches_what_the_classic_cannot():
    si = models.get("PSM_SI_LND_420006").chain
    ranges = {"q_min": si.q_min, "q_max": si.q_max}
    for q in random_joints(si, np.random.default_rng(4), 500):
        q[2] = max(q[2], 0.061)
        T = si.fk(q)
        result = kinematics.inverse_kinematics(T, q, **ranges)
        assert result.status is IkStatus.OK
        np.testing.assert_allclose(result.q, q, atol=1e-12)
        classic = kinematics.inverse_kinematics(T, q)
        inside = (q >= _core.Q_MIN[:6]).all() and (q <= _core.Q_MAX[:6]).all()
        assert classic.status is (IkStatus.OK if inside else IkStatus.OUTSIDE_LIMITS)


def test_the_nearest_pose_is_feasible_and_no_farther_than_the_clamped_joints():
    random = np.random.default_rng(5)
    for q in random_joints(models.get("PSM_LND_400006").chain, random, 60):
        q[4] = 1.6  # beyond the wrist's range
        q[2] = random.uniform(0.03, 0.3)
        T = kinematics.forward_kinematics(q)
        nearest = kinematics.nearest_pose(T, q)
        assert nearest.status is not IkStatus.OK
        reached = kinematics.inverse_kinematics(nearest.T_base_cp, nearest.q)
        assert reached.status is IkStatus.OK
        clamped = kinematics.inverse_kinematics(
            T, q, q_min=[*_core.Q_MIN[:2], 0.0607, *_core.Q_MIN[3:6]]
        )
        assert nearest.distance <= distance(clamped.T_base_cp, T) + 1e-12
        assert abs(nearest.distance - distance(nearest.T_base_cp, T)) < 1e-9


def distance(T_a: np.ndarray, T_b: np.ndarray) -> float:
    angle = rotation_angle(T_a[:3, :3].T @ T_b[:3, :3])
    return float(np.hypot(np.linalg.norm(T_a[:3, 3] - T_b[:3, 3]), 0.0102 * angle))


@pytest.mark.parametrize(
    ("ranges", "message"),
    [
        ({"q_min": [0.0] * 5}, r"q_min has shape \(5,\), allowed \(6,\)"),
        ({"q_min": [np.nan] * 6}, r"q_min\[0\] = nan .* are no range"),
        ({"q_max": [-9.0] * 6}, r"q_max\[0\] = -9.* are no range; allowed are finite"),
    ],
)
def test_ranges_that_are_none_are_refused(ranges, message):
    with pytest.raises(ValueError, match=message):
        kinematics.inverse_kinematics(np.eye(4), np.zeros(6), **ranges)
