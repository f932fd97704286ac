# SPDX-License-Identifier: Apache-2.0
"""FK, Jacobian and IK of the compiled core against Pinocchio, golden vectors and bad input.

The C++ tests repeat the round trip on 1e5 poses against a plain DH product; here the oracle is
an independent library and the door is the Python module.
"""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trocar import _core, kinematics
from trocar.geometry import exp_so3, quat_xyzw_from_matrix

IkStatus = kinematics.IkStatus
Q_MIN, Q_MAX = _core.Q_MIN[:6], _core.Q_MAX[:6]
CLEAR_INSERTION = 0.045 + 0.0156 + 1e-9  # wrist-pitch axis 45 mm beyond the RCM
POSES = 10_000

GOLDEN = [  # dVRK model with exact pi/2; q, position m, quat_xyzw with w >= 0
    ((0, 0, 0.12, 0, 0, 0), (0, 0, -0.1135), (0.707106781, 0.707106781, 0, 0)),
    (
        (0.3, -0.2, 0.15, 0.5, 0.4, -0.3),
        (0.039913298, 0.025318431, -0.134777834),
        (-0.861577896, -0.501825653, 0.067652456, 0.035744755),
    ),
    (
        (-0.7, 0.4, 0.2, -1.2, -0.6, 0.8),
        (-0.118002728, -0.073018582, -0.132663881),
        (-0.372866768, -0.80618519, -0.119311537, 0.443622102),
    ),
    (
        (1.0, 0.6, 0.1, 2.5, 1.0, -1.0),
        (0.062468828, -0.045368873, -0.04555687),
        (-0.645266442, 0.334581817, -0.33366648, 0.600294017),
    ),
]


@pytest.fixture(scope="module")
def oracle(pinocchio_psm):
    return pinocchio_psm(_core.DynamicParameters())


def joints(seed: int, count: int, insertion_min: float = 0.0) -> np.ndarray:
    """Joint vectors (count, 6) inside the limits."""
    low = Q_MIN.copy()
    low[2] = insertion_min
    return np.random.default_rng(seed).uniform(low, Q_MAX, (count, 6))


@pytest.mark.parametrize(("q", "position", "quat_xyzw"), GOLDEN)
def test_golden_vectors(q, position, quat_xyzw):
    T = kinematics.forward_kinematics(q)
    np.testing.assert_allclose(T[:3, 3], position, atol=1e-9)
    np.testing.assert_allclose(quat_xyzw_from_matrix(T[:3, :3]), quat_xyzw, atol=1e-9)


def test_every_frame_agrees_with_pinocchio(oracle):
    worst = max(
        np.abs(kinematics.link_frames(q) - oracle.frames(q)).max() for q in joints(1, POSES)
    )
    assert worst < 1e-9


def test_fk_and_jacobian_agree_with_pinocchio(oracle):
    fk = jacobian = 0.0
    for q in joints(2, POSES):
        fk = max(fk, np.abs(kinematics.forward_kinematics(q) - oracle.fk(q)).max())
        jacobian = max(jacobian, np.abs(kinematics.jacobian(q) - oracle.jacobian(q)).max())
    assert fk < 1e-9
    assert jacobian < 1e-9


def test_ik_reaches_the_pose_by_pinocchios_fk(oracle):
    random = np.random.default_rng(3)
    pose = joint = 0.0
    for q in joints(4, POSES, CLEAR_INSERTION):
        seed = random.uniform(Q_MIN, Q_MAX)
        seed[3] = q[3] + random.uniform(-3.0, 3.0)  # less than half a turn: names the turn
        T = oracle.fk(q)
        result = kinematics.inverse_kinematics(T, seed)
        assert result.status is IkStatus.OK
        joint = max(joint, np.abs(result.q - q).max())
        pose = max(pose, np.abs(oracle.fk(result.q) - T).max())
    assert pose < 1e-9
    assert joint < 1e-12


def test_ik_reaches_random_poses_or_says_why(oracle):
    """Poses that no joint vector was behind: OK means reached, anything else stays in range."""
    random = np.random.default_rng(5)
    reached = 0
    for _ in range(2000):
        T = np.eye(4)
        T[:3, :3] = exp_so3(random.normal(size=3))
        T[:3, :3] = T[:3, :3] @ np.diag([1.0, -1.0, -1.0])  # tools point down
        T[:3, 3] = random.uniform([-0.15, -0.15, -0.25], [0.15, 0.15, 0.0])
        result = kinematics.inverse_kinematics(T, np.zeros(6))
        assert (result.q >= Q_MIN).all() and (result.q <= Q_MAX).all()
        gap = np.abs(oracle.fk(result.q) - T).max()
        assert (gap < 1e-9) if result.status is IkStatus.OK else True
        if result.status is IkStatus.OUTSIDE_LIMITS:
            assert gap > 1e-10
        reached += result.status is IkStatus.OK
    assert 100 < reached < 1900  # both kinds were met


def test_limits_are_named_and_clamped():
    inside = np.array([0.3, -0.2, 0.15, 0.5, 0.4, -0.3])
    for i in (0, 1, 2, 4, 5):
        q = inside.copy()
        q[i] = Q_MAX[i] + 0.02
        result = kinematics.inverse_kinematics(kinematics.forward_kinematics(q), inside)
        assert result.status is IkStatus.OUTSIDE_LIMITS
        q[i] = Q_MAX[i]
        np.testing.assert_allclose(result.q, q, atol=1e-12)


def test_too_near_the_rcm():
    q = np.array([0.3, -0.2, 0.0605, 0.5, 0.4, -0.3])  # 44.9 mm
    T = kinematics.forward_kinematics(q)
    assert kinematics.inverse_kinematics(T, q).status is IkStatus.NEAR_RCM
    q[2] = 0.0607
    T = kinematics.forward_kinematics(q)
    assert kinematics.inverse_kinematics(T, q).status is IkStatus.OK


@given(roll=st.floats(-4.5, 4.5), seed=st.floats(-20.0, 20.0))
def test_roll_is_the_turn_inside_the_limits_nearest_the_seed(roll, seed):
    q = np.array([0.3, -0.2, 0.15, roll, 0.4, -0.3])
    q_seed = q.copy()
    q_seed[3] = seed
    found = kinematics.inverse_kinematics(kinematics.forward_kinematics(q), q_seed)
    turns = roll + 2 * np.pi * np.arange(-2, 3)
    turns = turns[(turns >= Q_MIN[3]) & (turns <= Q_MAX[3])]
    assert found.status is IkStatus.OK
    distance = np.abs(turns - seed).min()
    assert abs(abs(found.q[3] - seed) - distance) < 1e-9
    assert np.abs(turns - found.q[3]).min() < 1e-12


any_float = st.floats(allow_nan=True, allow_infinity=True)


@given(T=hnp.arrays(float, (4, 4), elements=any_float))
@example(T=np.full((4, 4), np.nan))
@example(T=np.zeros((4, 4)))
@example(T=np.diag([1.0, 1.0, -1.0, 1.0]))  # a mirror
@example(T=np.diag([1.0, 1.0, 1.0, 2.0]))  # a scale
def test_what_is_no_pose_is_out_of_reach(T):
    result = kinematics.inverse_kinematics(T, np.full(6, 0.1))
    with np.errstate(all="ignore"):
        R = T[:3, :3]
        rigid = np.allclose(R.T @ R, np.eye(3), atol=1e-5) and np.linalg.det(R) > 0
        pose = rigid and np.isfinite(T).all() and (T[3] == [0, 0, 0, 1]).all()
    if not pose:
        assert result.status is IkStatus.OUT_OF_REACH
        np.testing.assert_array_equal(result.q, np.full(6, 0.1))
    assert (result.q >= Q_MIN).all() and (result.q <= Q_MAX).all()


@given(i=st.integers(0, 5), value=st.sampled_from([np.nan, np.inf, -np.inf]), goal=st.booleans())
def test_one_bad_number_is_enough(i, value, goal):
    q = np.array([0.3, -0.2, 0.15, 0.5, 0.4, -0.3])
    T, q_seed = kinematics.forward_kinematics(q), q.copy()
    if goal:
        T[i % 3, 3 if i < 3 else i - 3] = value
    else:
        q_seed[i] = value
    result = kinematics.inverse_kinematics(T, q_seed)
    assert result.status is IkStatus.OUT_OF_REACH
    assert (result.q >= Q_MIN).all() and (result.q <= Q_MAX).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: kinematics.forward_kinematics([0.0] * 7), r"q has shape \(7,\), allowed \(6,\)"),
        (lambda: kinematics.jacobian(np.zeros((6, 1))), r"q has shape \(6, 1\), allowed \(6,\)"),
        (lambda: kinematics.forward_kinematics("six"), r"q is not an array of numbers"),
        (
            lambda: kinematics.inverse_kinematics(np.eye(3), np.zeros(6)),
            r"T_base_cp has shape \(3, 3\), allowed \(4, 4\)",
        ),
        (
            lambda: kinematics.inverse_kinematics(np.eye(4), np.zeros(7)),
            r"q_seed has shape \(7,\), allowed \(6,\)",
        ),
    ],
)
def test_wrong_shapes_are_refused_by_name(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_fk_hands_nan_through():
    assert np.isnan(kinematics.forward_kinematics([np.nan] * 6)[:3, 3]).all()


def test_limits_are_constants():
    for name in ("Q_MIN", "Q_MAX", "EFFORT_MAX", "VELOCITY_MAX", "ACCELERATION_MAX"):
        values = getattr(_core, name)
        assert values.shape == (7,)
        with pytest.raises(ValueError, match="read-only"):
            values[0] = 0.0
    assert _core.Q_MAX[0] == 1.588 and _core.EFFORT_MAX[2] == 9.877926
    assert (_core.NUM_JOINTS, _core.NUM_AXES, _core.TICK_NS) == (6, 7, 1_000_000)
