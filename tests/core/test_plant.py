# SPDX-License-Identifier: Apache-2.0
"""Simulated arms through their Python face; the physics is tested in C++ and against PyBullet."""

import threading

import numpy as np
import pytest

from trocar import _core
from trocar.errors import CommandRefusedError, ConfigurationError, UnstablePlantError

T_WORLD_BASE = np.array([[1, 0, 0, 0.1], [0, 0.8, -0.6, 0], [0, 0.6, 0.8, 0.3], [0, 0, 0, 1.0]])
Q = np.array([0.1, -0.1, 0.13, 0.2, 0.3, -0.2, 0.3])
ECM_Q = np.array([0.1, 0.1, 0.08, 0.0])


def psm(**settings) -> _core.ArmPlant:
    model = _core.PlantModel.psm(_core.DynamicParameters())
    return _core.ArmPlant(model, T_WORLD_BASE, Q, name="PSM1", **settings)


def ecm() -> tuple[_core.JointServo, _core.ArmPlant]:
    model = _core.PlantModel.ecm()
    plant = _core.ArmPlant(model, T_WORLD_BASE, ECM_Q, name="ECM")
    return _core.JointServo(model, T_WORLD_BASE, name="ECM"), plant


def arm() -> _core.Arm:
    config = _core.ArmConfig()
    config.dynamics.gravity_base = T_WORLD_BASE[:3, :3].T @ [0.0, 0.0, -9.81]
    return _core.Arm(config)


def test_what_an_arm_is_made_of() -> None:
    plant = psm()
    assert (plant.name, plant.size) == ("PSM1", 7)
    assert plant.model.names[2] == "insertion" and plant.model.names[6] == "jaw"
    np.testing.assert_array_equal(plant.model.effort_max, _core.EFFORT_MAX)
    margin = np.array([0.035, 0.035, 0.003, 0.035, 0.035, 0.035, 0.035])
    np.testing.assert_allclose(plant.model.stop_low, _core.Q_MIN - margin, rtol=1e-12)
    np.testing.assert_allclose(plant.model.stop_high, _core.Q_MAX + margin, rtol=1e-12)
    np.testing.assert_array_equal(plant.q_true, Q)
    np.testing.assert_array_equal(plant.T_world_base, T_WORLD_BASE)
    frames = plant.link_frames()
    assert frames.shape == (8, 4, 4)
    np.testing.assert_array_equal(frames[7], plant.T_world_cp)
    np.testing.assert_allclose(frames[7], T_WORLD_BASE @ _core.psm_fk(Q[:6]), atol=1e-12)
    assert plant.braked and not plant.twist_world_cp.any()


def test_the_ecm_stands_where_its_chain_says() -> None:
    _, plant = ecm()
    chain = plant.model.chain
    np.testing.assert_allclose(plant.T_world_cp, T_WORLD_BASE @ chain.fk(ECM_Q), atol=1e-12)


def test_any_chain_is_a_plant() -> None:
    """The PSM given as a chain moves as the PSM does."""
    p = _core.DynamicParameters()
    p.viscous, p.coulomb = np.zeros(7), np.zeros(7)
    whole = _core.PlantModel.psm(p)
    inertia = [np.diag(row) for row in p.inertia]
    model = _core.PlantModel.of_chain(whole.chain, p.mass, p.com, inertia, armature=p.armature)
    plants = [_core.ArmPlant(m, T_WORLD_BASE, Q) for m in (whole, model)]
    for plant in plants:
        for _ in range(200):
            plant.step_torque([0.5, 0.3, 2.0, 0.01, 0.01, 0.01, 0.01])
    np.testing.assert_array_equal(plants[0].q_true, plants[1].q_true)
    assert np.abs(plants[0].q_true - Q).max() > 0.01


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mass": np.ones(3)}, "mass has shape"),
        ({"mass": [1, 1, 1, -1]}, r"mass\[3\] is -1, allowed finite and >= 0"),
        ({"com": np.full((4, 3), np.nan)}, "link 0: com, inertia"),
        ({"inertia": np.zeros((4, 3, 3)), "mass": np.zeros(4)}, "joint 0 moves no mass"),
        ({"friction_speed": np.zeros(4)}, r"friction_speed\[0\] is 0"),
        ({"names": ["yaw"]}, "names has 1 entries, allowed 4"),
    ],
)
def test_a_chain_that_cannot_move_is_refused(change: dict, said: str) -> None:
    chain = _core.PlantModel.ecm().chain
    given = {"mass": np.ones(4), "com": np.zeros((4, 3)), "inertia": [1e-3 * np.eye(3)] * 4}
    with pytest.raises(ConfigurationError, match=said):
        _core.PlantModel.of_chain(chain, **{**given, **change})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"noise": np.ones(6)}, r"PSM1: noise has shape \(6,\), allowed \(7,\)"),
        ({"count": -np.ones(7)}, r"PSM1: count\[0\] is -1, allowed finite and >= 0"),
        ({"bias": np.full(7, np.nan)}, r"PSM1: bias\[0\] is nan, allowed finite"),
        ({"backlash": "wide"}, "PSM1: backlash is not an array of numbers"),
        ({"settling_s": 0.0}, "PSM1: settling_s is 0, allowed finite and > 0"),
    ],
)
def test_settings_that_mean_nothing_are_refused(settings: dict, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        psm(**settings)


def test_joints_and_places_that_cannot_be_are_refused() -> None:
    model = _core.PlantModel.psm(_core.DynamicParameters())
    for q, said in ((Q + [0, 0, 0.2, 0, 0, 0, 0], "insertion is 0.33, allowed -0.003 to 0.243"),
                    (Q * np.nan, "yaw is nan"), (Q[:6], "q has shape")):  # fmt: skip
        with pytest.raises(ConfigurationError, match=f"PSM1: {said}"):
            _core.ArmPlant(model, T_WORLD_BASE, q, name="PSM1")
        with pytest.raises(ConfigurationError, match=f"PSM1: {said}"):
            psm().reset(q)
    with pytest.raises(ConfigurationError, match="T_world_base is no rigid transform"):
        _core.ArmPlant(model, 2.0 * np.eye(4), Q)
    with pytest.raises(ConfigurationError, match="scope_mass is 9 kg, allowed above 0 to 5"):
        _core.PlantModel.ecm(scope_mass=9.0)


def test_faults_are_set_named_and_cleared() -> None:
    plant = psm()
    e = np.eye(7)
    share = np.ones(7) - 0.5 * e[0]
    plant.set_faults(
        encoder_jump=0.2 * e[3], cable_slip=-0.1 * e[4], effort_share=share, is_stuck=e[1]
    )
    plant.step_torque(_core.EFFORT_MAX)
    assert plant.tau_applied[0] == 0.5 * _core.EFFORT_MAX[0]
    assert plant.q_true[1] == Q[1]
    assert plant.measure()[0][3] - plant.theta_true[3] == pytest.approx(0.2)
    assert plant.q_true[4] - plant.theta_true[4] == pytest.approx(-0.1)
    faults = plant.faults
    np.testing.assert_array_equal(faults["encoder_jump"], 0.2 * e[3])
    np.testing.assert_array_equal(faults["cable_slip"], -0.1 * e[4])
    np.testing.assert_array_equal(faults["effort_share"], share)
    np.testing.assert_array_equal(faults["is_stuck"], e[1] > 0)
    plant.set_faults()
    assert not plant.faults["is_stuck"].any() and not plant.faults["encoder_jump"].any()
    with pytest.raises(ConfigurationError, match="PSM1: effort_share of yaw is 1.5, allowed 0 to"):
        plant.set_faults(effort_share=1.5 * np.ones(7))
    with pytest.raises(ConfigurationError, match="PSM1: cable_slip of yaw is nan"):
        plant.set_faults(cable_slip=np.full(7, np.nan))
    with pytest.raises(ConfigurationError, match="PSM1: is_stuck has shape"):
        plant.set_faults(is_stuck=[True])


def test_a_jaw_feels_its_grip_and_an_endoscope_has_none() -> None:
    plant = psm()
    plant.apply_wrench(np.zeros(3), grip=0.05)
    np.testing.assert_array_equal(plant.external_effort(), [0, 0, 0, 0, 0, 0, 0.05])
    with pytest.raises(ConfigurationError, match="ECM: apply_wrench: grip is 0.1, allowed"):
        ecm()[1].apply_wrench(np.zeros(3), grip=0.1)


def test_an_arm_that_diverges_is_an_error_that_names_the_joint() -> None:
    plant = psm()
    with pytest.raises(UnstablePlantError, match="PSM1: yaw moves at nan .*lower its natural"):
        plant.step_torque(np.full(7, np.nan))
    plant.reset(Q)
    plant.step_torque(np.zeros(7))


def test_an_arm_in_lockstep_homes_moves_and_repeats_itself() -> None:
    def trace(seed: int) -> bytes:
        plant, one = psm(seed=seed, noise=np.full(7, 1e-5)), arm()
        cell = _core.LockstepArm(one, plant, state_delay=1, loss=0.002, seed=seed)
        one.state_command(_core.StateCommand.HOME)
        cell.run(4000)
        state = one.state()
        assert state.is_homed and not plant.braked
        one.move_jp(state.setpoint_q[:6] + [0.1, 0.1, 0.01, 0.1, 0.1, 0.1])
        output = cell.run(1500)
        assert not output.brake and cell.ticks == 5500
        assert cell.stamp_ns == 1_000_000_000 + 5500 * _core.TICK_NS
        assert cell.missed > 0 and one.state().fault == _core.Fault.NONE
        return np.concatenate([plant.q_true, output.torque, one.state().q]).tobytes()

    traces = [trace(seed) for seed in (1, 1, 2)]
    assert traces[0] == traces[1] != traces[2]


def test_a_cut_link_brakes_the_arm_and_says_why() -> None:
    plant, one = psm(), arm()
    cell = _core.LockstepArm(one, plant)
    one.state_command(_core.StateCommand.ENABLE)
    cell.run(300)
    cell.packet_loss = 1.0
    assert cell.run(30).reason == _core.PlantReason.NO_COMMAND_30MS and plant.braked
    cell.run(70)
    assert one.state().fault == _core.Fault.PLANT_LOST
    with pytest.raises(ConfigurationError, match="PSM1: packet_loss is 2, allowed 0 to 1"):
        cell.packet_loss = 2.0


def test_lockstep_takes_one_arm_and_the_right_plant() -> None:
    one = arm()
    cell = _core.LockstepArm(one, psm())
    with pytest.raises(ConfigurationError, match="already driven"):
        _core.LockstepArm(one, psm())
    with pytest.raises(ConfigurationError, match="ECM: it has 4 axes, an Arm seven"):
        _core.LockstepArm(arm(), ecm()[1])
    with pytest.raises(ConfigurationError, match="a link delay is 64 ticks, allowed 0 to 63"):
        _core.LockstepArm(arm(), psm(), command_delay=64)
    with pytest.raises(ConfigurationError, match="PSM1: run: ticks is 0, allowed 1 to"):
        cell.run(0)
    with pytest.raises(ConfigurationError, match="PSM1: it has 7 axes, its servo 4"):
        _core.LockstepServo(ecm()[0], psm())


def test_threads_may_look_at_a_plant_while_it_runs() -> None:
    plant, one = psm(), arm()
    cell = _core.LockstepArm(one, plant)
    seen: list[float] = []
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            seen.append(float(plant.q_true[0]) + cell.ticks)

    watcher = threading.Thread(target=look)
    watcher.start()
    for _ in range(20):
        cell.run(1000)
    done.set()
    watcher.join()
    assert cell.ticks == 20_000 and seen and np.all(np.isfinite(seen))


def test_a_servo_drives_the_ecm_and_refuses_with_a_reason() -> None:
    servo, plant = ecm()
    cell = _core.LockstepServo(servo, plant)
    with pytest.raises(CommandRefusedError, match=r"ECM: not enabled: call enable\(\)"):
        servo.move(ECM_Q)
    servo.enable()
    goal = np.array([0.3, 0.2, 0.15, -0.5])
    servo.move(goal)
    assert servo.is_busy
    output = cell.run(4000)
    assert not output.brake and output.torque.shape == (4,)
    assert not servo.is_busy and servo.fault == ""
    np.testing.assert_array_equal(servo.setpoint_q, goal)
    np.testing.assert_allclose(plant.q_true, goal, atol=1e-3)
    with pytest.raises(CommandRefusedError, match="ECM: insertion is 0.3, allowed 0 to 0.255 m"):
        servo.move([0.0, 0.0, 0.3, 0.0])
    with pytest.raises(CommandRefusedError, match="ECM: yaw is nan, allowed"):
        servo.move(np.full(4, np.nan))
    plant.set_faults(is_stuck=[1, 0, 0, 0])
    servo.move(ECM_Q)
    cell.run(2000)
    assert servo.fault.startswith("yaw: a joint did not follow") and plant.braked
    servo.enable()
    plant.set_faults()
    servo.disable()
    cell.run(1000)
    assert plant.braked and not servo.is_enabled and servo.fault == ""


def test_a_servo_needs_to_know_its_limits() -> None:
    whole = _core.PlantModel.ecm().chain
    chain = _core.Chain(whole.types, whole.T_parent_joint, q_min=whole.q_min, q_max=whole.q_max)
    model = _core.PlantModel.of_chain(
        chain, np.ones(4), np.zeros((4, 3)), [1e-3 * np.eye(3)] * 4, names=["a", "b", "c", "d"]
    )
    with pytest.raises(ConfigurationError, match="ECM: a: its velocity_max must be known"):
        _core.JointServo(model, T_WORLD_BASE, name="ECM")
    with pytest.raises(ConfigurationError, match="natural_frequency is 500 rad/s, allowed"):
        _core.JointServo(_core.PlantModel.ecm(), T_WORLD_BASE, natural_frequency=500.0)
