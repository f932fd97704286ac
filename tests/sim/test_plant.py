# SPDX-License-Identifier: Apache-2.0
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.kinematics import forward_kinematics, link_frames
from trocar.sim.engine import pybullet
from trocar.sim.mechanics import STOP_MARGIN
from trocar.sim.plant import PsmPlant, UnstablePlantError, step_length
from trocar.sim.scene import load_scene
from trocar.sim.scene_parameters import EncoderParameters

T_WORLD_BASE = load_scene("follow").T_world_base("PSM1")
Q = np.array([0.3, -0.2, 0.15, 0.5, 0.9, -0.7, 0.4])
QD = np.array([0.5, -0.4, 0.05, 1.0, -2.0, 1.5, -1.0])
STILL = np.zeros(7)


def parameters():
    p = _core.DynamicParameters()
    p.gravity_base = T_WORLD_BASE[:3, :3].T @ np.array([0.0, 0.0, -9.81])
    return p


@pytest.fixture
def plant():
    plant = PsmPlant(parameters(), T_WORLD_BASE, Q)
    yield plant
    plant.close()


def set_motion(plant, q, qd):
    for i in range(7):
        pybullet.resetJointState(plant._body, i + 1, q[i], qd[i], plant._client)
    plant._read()


def random_q(rng):
    return rng.uniform(_core.Q_MIN, _core.Q_MAX)


def test_every_link_stands_where_the_kinematics_say(plant):
    rng = np.random.default_rng(0)
    for _ in range(200):
        q = random_q(rng)
        plant.reset(q)
        frames = T_WORLD_BASE @ link_frames(q[:6])
        for axis in range(6):
            np.testing.assert_allclose(plant.link_pose(axis), frames[axis], atol=1e-6)
        jaw = plant.link_pose(6)
        np.testing.assert_allclose(
            jaw[:3, 3], (T_WORLD_BASE @ forward_kinematics(q[:6]))[:3, 3], atol=1e-6
        )
        turn = frames[5][:3, :3].T @ jaw[:3, :3]
        assert np.arctan2(turn[1, 0], turn[0, 0]) == pytest.approx(q[6], abs=1e-6)


def test_mass_gravity_and_coriolis_agree_with_the_core(plant):
    rng = np.random.default_rng(1)
    p = parameters()
    for _ in range(100):
        q, qd = random_q(rng), rng.uniform(-1.0, 1.0, 7) * [1.5, 1.5, 0.2, 6, 6, 6, 6]
        set_motion(plant, q, qd)
        mass = plant.rigid_mass_matrix() + np.diag(p.armature)
        np.testing.assert_allclose(mass, _core.mass_matrix(p, q), rtol=1e-9, atol=1e-14)
        effort = _core.inverse_dynamics(p, q, qd, STILL)
        np.testing.assert_allclose(plant.bias_effort(), effort, rtol=1e-9, atol=1e-12)


def test_a_step_is_the_equation_of_motion_with_reflected_inertia():
    p = parameters()
    p.viscous, p.coulomb = STILL, STILL
    plant = PsmPlant(p, T_WORLD_BASE, Q)
    set_motion(plant, Q, QD)
    tau = np.array([0.5, 0.3, 1.0, 0.01, 0.02, 0.01, 0.01])
    plant.step_torque(tau)
    effort = tau - _core.inverse_dynamics(p, Q, QD, STILL)
    qdd = np.linalg.solve(_core.mass_matrix(p, Q), effort)
    np.testing.assert_allclose(plant.qd_true, QD + 1e-3 * qdd, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(plant.q_true, Q + 1e-3 * plant.qd_true, rtol=1e-12)
    plant.close()


def test_armature_adds_no_weight():
    light, heavy = parameters(), parameters()
    heavy.armature = 10.0 * light.armature
    efforts = []
    for p in (light, heavy):
        plant = PsmPlant(p, T_WORLD_BASE, Q)
        efforts.append(plant.bias_effort())
        plant.close()
    np.testing.assert_array_equal(*efforts)


def test_gravity_compensation_holds_without_friction():
    p = parameters()
    p.viscous, p.coulomb = STILL, STILL
    plant = PsmPlant(p, T_WORLD_BASE, Q)
    for _ in range(1000):
        plant.step_torque(_core.gravity_torque(p, plant.q_true))
    # Rounding alone grows over 1 s; without compensation the insertion falls through metres.
    np.testing.assert_allclose(plant.q_true, Q, atol=1e-6)
    for _ in range(200):
        plant.step_torque(STILL)
    assert np.linalg.norm(plant.q_true - Q) > 0.01
    plant.close()


def test_free_motion_without_friction_keeps_its_energy():
    p = parameters()
    p.viscous, p.coulomb = STILL, STILL
    plant = PsmPlant(p, T_WORLD_BASE, Q)
    set_motion(plant, Q, 0.2 * QD)

    def kinetic():
        return 0.5 * plant.qd_true @ _core.mass_matrix(p, plant.q_true) @ plant.qd_true

    start = kinetic()
    for _ in range(300):
        plant.step_torque(_core.gravity_torque(parameters(), plant.q_true))
    assert kinetic() == pytest.approx(start, rel=5e-3)  # semi-implicit Euler at 1 ms
    plant.close()


def test_friction_holds_below_its_limit_and_gives_way_above():
    p = parameters()
    plant = PsmPlant(p, T_WORLD_BASE, Q)
    gravity = _core.gravity_torque(p, Q)
    below, above = STILL.copy(), STILL.copy()
    below[4], above[4] = 0.5 * p.coulomb[4], 3.0 * p.coulomb[4]
    for _ in range(200):
        plant.step_torque(gravity + below)
    creep = abs(plant.q_true[4] - Q[4])
    assert creep < 3e-3  # v0 atanh(0.5) = 5.5 mrad/s for 0.2 s
    plant.reset(Q)
    for _ in range(200):
        plant.step_torque(gravity + above)
    assert abs(plant.q_true[4] - Q[4]) > 0.1
    plant.close()


def test_breaking_loose_takes_what_the_stribeck_term_says():
    moved = []
    for share in (0.0, 0.4):
        p = parameters()
        p.stribeck = share * p.coulomb
        plant = PsmPlant(p, T_WORLD_BASE, Q)
        push = STILL.copy()
        push[4] = 1.2 * p.coulomb[4]
        for _ in range(200):
            plant.step_torque(_core.gravity_torque(p, Q) + push)
        moved.append(abs(plant.q_true[4] - Q[4]))
        plant.close()
    assert moved[0] > 0.05 and moved[1] < 5e-3, moved


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_friction_only_takes_energy(seed):
    rng = np.random.default_rng(seed)
    p = parameters()
    plant = PsmPlant(p, T_WORLD_BASE, Q)
    set_motion(plant, Q, rng.uniform(-1.0, 1.0, 7) * [1.0, 1.0, 0.1, 3, 3, 3, 3])
    energy = np.inf
    for _ in range(60):
        # Cancel gravity and Coriolis: what is left is friction alone.
        plant.step_torque(np.clip(plant.bias_effort(), -_core.EFFORT_MAX, _core.EFFORT_MAX))
        now = 0.5 * plant.qd_true @ _core.mass_matrix(p, plant.q_true) @ plant.qd_true
        assert now <= energy * (1.0 + 1e-2) + 1e-9  # M(q) moves on by a step between the two
        energy = now
    plant.close()


def test_brakes_stop_a_moving_arm_and_hold_it_against_gravity(plant):
    set_motion(plant, Q, [1.5, -1.4, 0.15, 5.0, -8.0, 6.5, -6.0])
    for _ in range(100):
        plant.step_torque(STILL, brake=True)
    stopped = plant.q_true.copy()
    assert np.linalg.norm(stopped - Q) < 0.1
    for _ in range(2000):
        plant.step_torque(_core.EFFORT_MAX, brake=True)  # torque is off while braked
    np.testing.assert_allclose(plant.q_true, stopped, atol=1e-9)
    np.testing.assert_array_equal(plant.tau_applied, STILL)


def test_starts_braked_and_obeys_the_seam(plant):
    assert plant.braked
    plant.step(SimpleNamespace(torque=np.full(7, 100.0), brake=False))
    assert not plant.braked
    np.testing.assert_array_equal(plant.tau_applied, _core.EFFORT_MAX)  # motors saturate


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_stops_hold_every_axis_just_beyond_its_limit(plant, sign):
    push = sign * np.array([3.0, 3.0, 9.0, 0.2, 0.15, 0.15, 0.1])
    low, high = _core.Q_MIN - STOP_MARGIN, _core.Q_MAX + STOP_MARGIN
    for _ in range(3000):
        plant.step_torque(push)
        assert np.all(plant.q_true >= low - 1e-9) and np.all(plant.q_true <= high + 1e-9)
    np.testing.assert_allclose(plant.q_true, high if sign > 0 else low, atol=1e-9)


def test_an_unstable_controller_is_an_error_not_a_speed_of_100_rad_per_s(plant):
    # Bullet clamps joint speed at 100 rad/s without a word, and nothing becomes NaN.
    stiffness, damping = 10.0, 2.0  # far above what 1e-4 kg m2 holds at 1 kHz
    hold = Q.copy()
    hold[3] += 0.05
    with pytest.raises(UnstablePlantError, match=r"PSM1: \w+ moves at .* lower its natural freq"):
        for _ in range(2000):
            tau = _core.gravity_torque(parameters(), plant.q_true)
            tau[3] = stiffness * (hold[3] - plant.q_true[3]) - damping * plant.qd_true[3]
            plant._mechanics.effort_max[3] = np.inf  # a motor without a limit
            plant._mechanics.q_high[3], plant._mechanics.q_low[3] = np.inf, -np.inf
            plant.step_torque(tau)


def test_a_nan_torque_is_an_error(plant):
    with pytest.raises(UnstablePlantError):
        plant.step_torque(np.full(7, np.nan))


def test_encoders_add_bias_noise_and_counts():
    counts = (1e-3, 1e-3, 1e-4, 1e-3, 1e-3, 1e-3, 1e-3)
    encoder = EncoderParameters(counts, (2e-3,) * 7, (0.1,) * 7)
    bias = np.array([0.02, -0.02, 0.001, 0.02, 0.02, -0.02, 0.0])
    plant = PsmPlant(parameters(), T_WORLD_BASE, Q, encoder, bias, np.random.default_rng(2))
    samples = [plant.measure() for _ in range(2000)]
    q, qd = np.array([s[0] for s in samples]), np.array([s[1] for s in samples])
    whole = q / np.array(counts)
    np.testing.assert_allclose(whole, np.round(whole), atol=1e-6)
    # 4.5 sd of a mean of 2000 samples
    np.testing.assert_allclose(q.mean(axis=0), Q + bias, atol=4.5 * 2.1e-3 / np.sqrt(2000))
    np.testing.assert_allclose(q.std(axis=0), 2e-3, rtol=0.1)
    np.testing.assert_allclose(qd.std(axis=0), 0.1, rtol=0.1)
    perfect = PsmPlant(parameters(), T_WORLD_BASE, Q)
    np.testing.assert_array_equal(perfect.measure()[0], perfect.q_true)
    plant.close()
    perfect.close()


def test_substeps_must_divide_the_tick():
    assert step_length(1e-3, 4) == pytest.approx(2.5e-4)
    for substeps in (0, 3, -1):
        with pytest.raises(ConfigurationError, match="whole nanoseconds"):
            step_length(1e-3, substeps)
    with pytest.raises(ConfigurationError, match="whole nanoseconds"):
        step_length(1e-3 + 1e-10, 1)


def test_an_initial_pose_outside_the_stops_is_refused():
    for q, said in ((Q + [0, 0, 0.2, 0, 0, 0, 0], "insertion is 0.35"), (Q * np.nan, "yaw is nan")):
        with pytest.raises(ConfigurationError, match=said):
            PsmPlant(parameters(), T_WORLD_BASE, q)


def test_plants_side_by_side_do_not_share_a_world(plant):
    heavy = parameters()
    heavy.mass = 2.0 * heavy.mass
    other = PsmPlant(heavy, T_WORLD_BASE, 0.5 * Q)
    for one, p, q in ((plant, parameters(), Q), (other, heavy, 0.5 * Q)):
        mass = one.rigid_mass_matrix() + np.diag(p.armature)
        np.testing.assert_allclose(mass, _core.mass_matrix(p, q), rtol=1e-9, atol=1e-14)
        np.testing.assert_allclose(one.bias_effort(), _core.gravity_torque(p, q), atol=1e-12)
    for _ in range(200):
        plant.step_torque(STILL)
    np.testing.assert_array_equal(other.q_true, 0.5 * Q)
    other.step_torque(_core.gravity_torque(heavy, 0.5 * Q))
    np.testing.assert_allclose(other.q_true, 0.5 * Q, atol=1e-9)
    other.close()


def test_without_pybullet_one_line_says_what_to_install(tmp_path):
    (tmp_path / "pybullet.py").write_text("raise ImportError('left out')\n")
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", "import trocar.sim.plant"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingDependencyError" in last and "pip install pybullet" in last
