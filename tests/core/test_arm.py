# SPDX-License-Identifier: Apache-2.0
"""The arm through its Python door: answers, states, tracking, repeatability."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from trocar import _core
from trocar.errors import ConfigurationError

from .toy_plant import LockstepCell

OperatingState, StateCommand = _core.OperatingState, _core.StateCommand
Verdict, Reason, Fault = _core.Verdict, _core.Reason, _core.Fault


def eight(centre: np.ndarray, t: float) -> tuple[np.ndarray, np.ndarray]:
    """20 mm wide figure of eight at 0.5 Hz (Gerono): pose (4, 4) and twist (6,) at t in s."""
    w, r = np.pi, 0.010
    T = centre.copy()
    T[:3, 3] += [r * np.sin(w * t), r * np.sin(w * t) * np.cos(w * t), 0.0]
    twist = np.array([r * w * np.cos(w * t), r * w * np.cos(2 * w * t), 0, 0, 0, 0])
    return T, twist


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("rate", [15, 200])
def test_the_tip_tracks_a_figure_of_eight(seed: int, rate: int) -> None:
    cell = LockstepCell(seed)
    cell.home()
    centre = _core.psm_fk([0.05, -0.05, 0.155, 0.1, 0.1, 0.1])
    cell.arm.move_cp(centre)
    cell.run(2500)
    errors, period = [], round(1000 / rate)
    for k in range(4000):
        if k % period == 0:
            T, twist = eight(centre, 1e-3 * (k + 1))
            cell.arm.servo_cp(T, twist, stamp_ns=cell.next_stamp_ns)
        cell.run()
        wanted = eight(centre, 1e-3 * (k + 2))[0][:3, 3]
        errors.append(np.linalg.norm(_core.psm_fk(cell.plant.q[:6])[:3, 3] - wanted))
    rms = float(np.sqrt(np.mean(np.square(errors[1000:]))))
    # At 15 Hz the twist is a straight line over 67 ms: 0.2 m/s2 x 67 ms^2 / 2 = 0.45 mm
    # off at its end.
    assert rms <= 0.5e-3, f"RMS {1e3 * rms:.3f} mm"
    assert cell.arm.state().fault == Fault.NONE


def test_wrong_shapes_are_errors_that_name_the_argument() -> None:
    arm = _core.Arm(_core.ArmConfig())
    with pytest.raises(ValueError, match=r"q has shape \(7,\), allowed \(6,\)"):
        arm.servo_jp(np.zeros(7))
    with pytest.raises(ValueError, match="T_base_cp"):
        arm.servo_cp(np.eye(3))
    with pytest.raises(ValueError, match="twist"):
        arm.servo_cp(np.eye(4), np.zeros(3))


@settings(max_examples=60)
@given(
    values=hnp.arrays(float, 6, elements=st.floats(allow_nan=True, allow_infinity=True)),
    kind=st.sampled_from(["servo_jp", "move_jp", "servo_cp", "move_cp"]),
)
def test_any_numbers_are_answered_and_never_reach_the_torque(values: np.ndarray, kind: str) -> None:
    cell = _homed_cell()
    if kind.endswith("jp"):
        seq = getattr(cell.arm, kind)(values)
    else:
        T = _core.psm_fk(cell.arm.state().q[:6])
        T[:3, 3], T[:3, 0] = values[:3], values[3:]
        seq = getattr(cell.arm, kind)(T)
    result = cell.answer_to(seq)
    if not np.isfinite(values).all():
        assert (result.verdict, result.reason) == (Verdict.REFUSED, Reason.INVALID)
    state = cell.run(20)
    assert state.fault == Fault.NONE
    assert np.isfinite(state.setpoint_q).all() and np.isfinite(state.setpoint_tau).all()
    assert (np.abs(state.setpoint_tau) <= _core.EFFORT_MAX).all()
    cell.arm.hold()
    cell.run(300)


_shared: list[LockstepCell] = []


def _homed_cell() -> LockstepCell:
    """One homed cell for all examples of a property: homing takes longer than an example."""
    if not _shared:
        _shared.append(LockstepCell())
        _shared[0].home()
    return _shared[0]


def test_a_lockstep_trace_is_bit_identical() -> None:
    def trace(seed: int) -> bytes:
        cell = LockstepCell(seed)
        cell.home()
        cell.arm.move_jp([0.1, -0.1, 0.15, 0.3, 0.2, -0.2])
        out = b""
        for _ in range(500):
            state = cell.run()
            out += state.q.tobytes() + state.setpoint_tau.tobytes() + state.setpoint_q.tobytes()
        return out

    assert trace(3) == trace(3)
    assert trace(3) != trace(4)


def test_the_estop_stops_powers_off_and_waits_for_a_person() -> None:
    cell = LockstepCell()
    cell.home()
    cell.arm.move_jp([0.4, 0, 0.12, 0, 0, 0])
    cell.run(300)
    cell.arm.press_estop()
    state = cell.run()
    assert (state.operating_state, state.fault) == (OperatingState.FAULT, Fault.ESTOP)
    assert state.powered and not cell.output.brake
    assert not cell.run(400).powered and cell.output.brake
    refused = cell.answer_to(cell.arm.state_command(StateCommand.ENABLE))
    assert refused.reason == Reason.CAUSE_PERSISTS
    cell.arm.release_estop()
    assert cell.run(5).operating_state == OperatingState.FAULT
    assert cell.answer_to(cell.arm.state_command(StateCommand.ENABLE)).verdict == Verdict.ACCEPTED
    snapshot = cell.arm.fault_snapshot()
    assert len(snapshot) >= 50
    assert [s.tick for s in snapshot] == list(range(snapshot[0].tick, snapshot[0].tick + 64))
    assert snapshot[-1].fault == Fault.ESTOP and snapshot[-2].fault == Fault.NONE


def test_brakes_hold_and_enabling_does_not_drop_the_arm() -> None:
    cell = LockstepCell(5)
    cell.run(100)
    before = cell.plant.q.copy()
    assert cell.output.brake and cell.output.reason == _core.PlantReason.NOT_POWERED
    cell.arm.state_command(StateCommand.ENABLE)
    cell.run(1000)
    assert not cell.output.brake
    assert np.abs(cell.plant.q - before).max() < 1e-3


def test_one_driver_per_arm() -> None:
    arm = _core.Arm(_core.ArmConfig())
    port = _core.LockstepPort(arm)
    with pytest.raises(ConfigurationError, match="already driven"):
        _core.LockstepPort(arm)
    with pytest.raises(ConfigurationError, match="already driven"):
        _core.ArmLoop(arm, "", 0).start(0)
    del port
    _core.LockstepPort(arm)


def test_every_word_has_a_sentence() -> None:
    for words in (Reason, Fault, _core.PlantReason):
        sentences = {_core.describe(word) for word in words}
        assert len(sentences) == len(words)
        assert not any("unknown" in s for s in sentences)


@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan, np.inf])
@pytest.mark.parametrize("field", ["velocity_max", "acceleration_max", "jerk_max"])
def test_a_configuration_that_cannot_be_used_is_refused_in_one_line(field, bad):
    config = _core.ArmConfig()
    getattr(config, field)[3] = bad
    with pytest.raises(ValueError, match=f"^config.{field}: allowed finite and above 0$"):
        _core.Arm(config)
