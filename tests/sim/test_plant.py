# SPDX-License-Identifier: Apache-2.0
"""The simulated arm against PyBullet, and what friction, brakes and gravity do to it."""

import os
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trocar import _core
from trocar.kinematics import link_frames
from trocar.sim.scene import load_scene

from .bullet_arm import BulletArm
from .numpy_mechanics import STOP_MARGIN

T_WORLD_BASE = load_scene("follow").T_world_base("PSM1")
R_BASE_WORLD = T_WORLD_BASE[:3, :3].T
Q = np.array([0.3, -0.2, 0.15, 0.5, 0.9, -0.7, 0.4])
STILL = np.zeros(7)
SPEEDS = np.array([1.0, 1.0, 0.1, 3.0, 3.0, 3.0, 3.0])


def parameters():
    p = _core.DynamicParameters()
    p.gravity_base = R_BASE_WORLD @ np.array([0.0, 0.0, -9.81])
    return p


def frictionless():
    p = parameters()
    p.viscous, p.coulomb = STILL, STILL
    return p


def arm(p=None, q=Q):
    model = _core.PlantModel.psm(p or parameters())
    return _core.ArmPlant(model, T_WORLD_BASE, q, name="PSM1")


def set_off(plant, p, qd):
    """Bring the arm to the speeds qd within 20 ms, gravity and friction left out of account."""
    for _ in range(20):
        missing = qd - plant.qd_true
        plant.step_torque(
            plant.bias_effort() + _core.mass_matrix(p, plant.q_true) @ missing / 0.005
        )


@pytest.fixture
def bullet():
    oracle = BulletArm(parameters(), T_WORLD_BASE, Q)
    yield oracle
    oracle.close()


def random_q(rng):
    return rng.uniform(_core.Q_MIN, _core.Q_MAX)


def test_every_link_stands_where_pybullet_and_the_kinematics_say(bullet):
    rng = np.random.default_rng(0)
    plant = arm()
    for _ in range(100):
        q = random_q(rng)
        plant.reset(q)
        bullet.set_motion(q, STILL)
        frames = plant.link_frames()
        np.testing.assert_allclose(frames[:6], (T_WORLD_BASE @ link_frames(q[:6]))[:6], atol=1e-12)
        for axis in range(7):
            np.testing.assert_allclose(bullet.link_pose(axis), frames[axis], atol=1e-6)


def test_mass_gravity_and_coriolis_agree_with_pybullet(bullet):
    rng = np.random.default_rng(1)
    plant = arm()
    for _ in range(100):
        plant.reset(random_q(rng))
        set_off(plant, parameters(), SPEEDS * rng.uniform(-1.0, 1.0, 7))
        bullet.set_motion(plant.q_true, plant.qd_true)
        np.testing.assert_allclose(
            plant.rigid_mass_matrix(), bullet.rigid_mass_matrix(), rtol=1e-9, atol=1e-14
        )
        np.testing.assert_allclose(plant.bias_effort(), bullet.bias_effort(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("stribeck", [0.0, 0.4])
def test_it_moves_as_the_oracle_does(stribeck):
    """Random efforts, pushes and brakes, into the stops too: the same motion, tick by tick."""
    p = parameters()
    p.stribeck = stribeck * p.coulomb
    plant, oracle = arm(p), BulletArm(p, T_WORLD_BASE, Q)
    rng = np.random.default_rng(2)
    fastest, at_stop, braked = 0.0, 0, 0
    for k in range(3000):
        if k % 100 == 0:
            tau = 0.7 * rng.uniform(-1.0, 1.0, 7) * _core.EFFORT_MAX
            brake = rng.random() < 0.2
            force, torque = rng.uniform(-3.0, 3.0, 3), rng.uniform(-0.03, 0.03, 3)
            plant.apply_wrench(force, torque)
        oracle.set_motion(plant.q_true, plant.qd_true)
        external = plant.external_effort()
        plant.step_torque(tau, brake)
        oracle.step(tau, brake, external)
        np.testing.assert_allclose(plant.qd_true, oracle.qd, rtol=1e-9, atol=1e-9, err_msg=str(k))
        np.testing.assert_allclose(plant.q_true, oracle.q, rtol=0.0, atol=1e-12, err_msg=str(k))
        fastest = max(fastest, np.abs(plant.qd_true).max())
        stops = np.minimum(
            plant.q_true - plant.model.stop_low, plant.model.stop_high - plant.q_true
        )
        at_stop += stops.min() < 1e-9
        braked += brake
    oracle.close()
    assert fastest > 5.0 and at_stop > 100 and braked > 100


def test_it_stays_beside_the_oracle_for_a_second():
    """Both on their own from the same start: no drift between two integrators of one equation."""
    p = parameters()
    plant, oracle = arm(p), BulletArm(p, T_WORLD_BASE, Q)
    t = np.arange(1000) * 1e-3
    wave = 0.3 * np.sin(2.0 * np.pi * np.outer(t, [0.5, 0.7, 0.9, 1.1, 1.3, 1.7, 1.9]))
    for tau in wave * _core.EFFORT_MAX:
        plant.step_torque(tau)
        oracle.step(tau, False, STILL)
    oracle.close()
    assert np.abs(plant.q_true - Q).max() > 0.1
    np.testing.assert_allclose(plant.q_true, oracle.q, rtol=0.0, atol=1e-9)


def test_the_stops_are_where_the_oracle_has_them():
    np.testing.assert_allclose(arm().model.stop_low, _core.Q_MIN - STOP_MARGIN, rtol=1e-12)


def test_armature_adds_no_weight():
    light, heavy = parameters(), parameters()
    heavy.armature = 10.0 * light.armature
    np.testing.assert_array_equal(arm(light).bias_effort(), arm(heavy).bias_effort())


def test_gravity_compensation_holds_without_friction():
    p = frictionless()
    plant = arm(p)
    for _ in range(1000):
        plant.step_torque(_core.gravity_torque(p, plant.q_true))
    # Rounding alone grows over 1 s; without compensation the insertion falls through metres.
    np.testing.assert_allclose(plant.q_true, Q, atol=1e-6)
    for _ in range(200):
        plant.step_torque(STILL)
    assert np.linalg.norm(plant.q_true - Q) > 0.01


def kinetic(plant, p):
    return 0.5 * plant.qd_true @ _core.mass_matrix(p, plant.q_true) @ plant.qd_true


def test_free_motion_without_friction_keeps_its_energy():
    p = frictionless()
    plant = arm(p)
    set_off(plant, p, 0.1 * SPEEDS)
    start = kinetic(plant, p)
    assert start > 1e-3
    for _ in range(300):
        plant.step_torque(_core.gravity_torque(p, plant.q_true))
    assert kinetic(plant, p) == pytest.approx(start, rel=5e-3)  # semi-implicit Euler at 1 ms


def test_friction_holds_below_its_limit_and_gives_way_above():
    p = parameters()
    plant = arm(p)
    gravity = _core.gravity_torque(p, Q)
    below, above = STILL.copy(), STILL.copy()
    below[4], above[4] = 0.5 * p.coulomb[4], 3.0 * p.coulomb[4]
    for _ in range(200):
        plant.step_torque(gravity + below)
    assert abs(plant.q_true[4] - Q[4]) < 3e-3  # v0 atanh(0.5) = 5.5 mrad/s for 0.2 s
    plant.reset(Q)
    for _ in range(200):
        plant.step_torque(gravity + above)
    assert abs(plant.q_true[4] - Q[4]) > 0.1


def test_breaking_loose_takes_what_the_stribeck_term_says():
    moved = []
    for share in (0.0, 0.4):
        p = parameters()
        p.stribeck = share * p.coulomb
        plant = arm(p)
        push = STILL.copy()
        push[4] = 1.2 * p.coulomb[4]
        for _ in range(200):
            plant.step_torque(_core.gravity_torque(p, Q) + push)
        moved.append(abs(plant.q_true[4] - Q[4]))
    assert moved[0] > 0.05 and moved[1] < 5e-3, moved


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_friction_only_takes_energy(seed):
    rng = np.random.default_rng(seed)
    p = parameters()
    plant = arm(p)
    set_off(plant, p, SPEEDS * rng.uniform(-1.0, 1.0, 7))
    energy = np.inf
    for _ in range(60):
        # Cancel gravity and Coriolis: what is left is friction alone.
        plant.step_torque(np.clip(plant.bias_effort(), -_core.EFFORT_MAX, _core.EFFORT_MAX))
        now = kinetic(plant, p)
        assert now <= energy * (1.0 + 1e-2) + 1e-9  # M(q) moves on by a step between the two
        energy = now


def test_without_pybullet_one_line_says_what_to_install(tmp_path):
    (tmp_path / "pybullet.py").write_text("raise ImportError('left out')\n")
    environment = dict(os.environ)
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    done = subprocess.run(
        [sys.executable, "-c", "import trocar.sim.engine"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.strip().splitlines()[-1]
    assert "MissingDependencyError" in last and "pip install pybullet" in last
