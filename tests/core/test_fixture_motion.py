# SPDX-License-Identifier: Apache-2.0
"""The arm with a wrong model, on a plant with friction, before regions."""

import numpy as np
import pytest

from trocar import _core

from . import fixture_oracle as oracle
from .toy_plant import LockstepCell

Fixture, Reason, Verdict, Fault = _core.Fixture, _core.Reason, _core.Verdict, _core.Fault
START = [0.1, -0.1, 0.13, 0.2, 0.1, -0.1]


@pytest.fixture
def cell() -> LockstepCell:
    cell = LockstepCell(1)
    cell.home()
    cell.arm.move_jp(START)
    cell.run(1500)
    cell.arm.take_results()
    return cell


def push(cell: LockstepCell, way: np.ndarray, ticks: int, speed: float = 0.02) -> tuple[float, ...]:
    """Servo along `way`; deepest breach of set-points and of the measured arm, m."""
    T0 = _core.psm_fk(cell.arm.state().setpoint_q[:6])
    setpoint = measured = 0.0
    for k in range(ticks):
        T = T0.copy()
        T[:3, 3] += way * speed * 1e-3 * k
        if k % 5 == 0:
            cell.arm.servo_cp(T)
        state = cell.run()
        assert state.fault == Fault.NONE
        setpoint = max(setpoint, state.constraint.breach)
        measured = max(measured, state.constraint.measured_breach)
    return setpoint, measured


@pytest.mark.parametrize("speed", [0.0, 0.01])
@pytest.mark.parametrize("kind", ["plane", "sphere", "mesh"])
def test_the_arm_itself_keeps_out_to_half_a_millimetre(
    cell: LockstepCell, kind: str, speed: float
) -> None:
    d = np.array([0.6, 0.0, -0.8])
    tip = _core.psm_fk(START)[:3, 3]
    fixture = {
        "plane": lambda: Fixture.plane([0, 0, 0], -d),
        "sphere": lambda: Fixture.sphere([0, 0, 0], 0.01),
        "mesh": lambda: Fixture.mesh(_core.SignedDistanceGrid(*oracle.box(0.01), 1e-3, 5e-3)),
    }[kind]()
    T = np.eye(4)
    T[:3, 3] = tip + d * (0.005 if kind == "plane" else 0.02)
    twist = np.append(-speed * d, np.zeros(3))
    cell.arm.set_fixtures([fixture.placed(T, twist, stamp_ns=cell.next_stamp_ns, horizon_s=1.0)])
    setpoint, measured = push(cell, d, 800)
    print(f"{kind}, {speed} m/s: set-point {1e3 * setpoint:.4f} mm, arm {1e3 * measured:.4f} mm")
    assert cell.arm.state().constraint.bent
    assert setpoint <= 0.05e-3
    assert measured <= 0.5e-3


def test_the_state_agrees_with_numpy_while_the_arm_slides_along_a_wall(cell: LockstepCell) -> None:
    tip = _core.psm_fk(START)[:3, 3]
    wall, far = oracle.plane(tip - [0, 0, 0.002], np.array([0.0, 0.0, 1.0])), tip + [0.05, 0, 0]
    cell.arm.set_fixtures(
        [Fixture.sphere(far, 0.01), Fixture.plane(tip - [0, 0, 0.002], [0, 0, 1])]
    )
    push(cell, np.array([0.0, 0.7, -0.7]), 600)
    state = cell.arm.state()
    frames = _core.psm_link_frames(state.setpoint_q[:6])
    assert state.constraint.distance == pytest.approx(oracle.arm_distance(wall, frames), abs=1e-9)
    frames = _core.psm_link_frames(state.q[:6])
    found = state.constraint.measured_distance
    assert found == pytest.approx(oracle.arm_distance(wall, frames), abs=1e-9)
    assert state.constraint.index == state.constraint.measured_index == 1
    assert state.constraint.bent
    assert state.constraint.yielding == _core.Yielding.NONE
    assert state.constraint.qp_status == _core.QpStatus.OPTIMAL
    assert state.constraint.qp_iterations > 0
    moved = frames[6][:3, 3] - tip
    assert moved[1] > 0.9 * 0.7 * 0.02 * 0.6  # of the free way along the wall
    assert abs(moved[2] + 0.002) < 2e-4


def test_a_goal_in_a_region_is_altered_and_a_free_one_is_not(cell: LockstepCell) -> None:
    tip = _core.psm_fk(START)[:3, 3]
    cell.arm.set_fixtures([Fixture.plane(tip - [0, 0, 0.01], [0, 0, 1])])
    T = _core.psm_fk(START)
    T[2, 3] -= 0.03
    answer = cell.answer_to(cell.arm.move_cp(T))
    assert (answer.verdict, answer.reason) == (Verdict.ALTERED, Reason.FIXTURE)
    assert "fixture" in _core.describe(Reason.FIXTURE)
    T[2, 3] += 0.025
    answer = cell.answer_to(cell.arm.move_cp(T))
    assert (answer.verdict, answer.reason) == (Verdict.ACCEPTED, Reason.NONE)


def test_a_guide_lets_only_its_share_of_a_command_through(cell: LockstepCell) -> None:
    T = _core.psm_fk(START)
    tip = T[:3, 3].copy()
    cell.arm.set_fixtures([Fixture.line_guide(tip, [1, 0, 0], scale=0.25)])
    T[:3, 3] += [0.01, 0.008, 0.0]
    answer = cell.answer_to(cell.arm.move_cp(T))
    assert (answer.verdict, answer.reason) == (Verdict.ALTERED, Reason.FIXTURE)
    cell.run(1500)
    reached = _core.psm_fk(cell.arm.state().setpoint_q[:6])[:3, 3]
    np.testing.assert_allclose(reached, tip + [0.01, 0.002, 0.0], atol=1e-6)
    assert not cell.arm.state().constraint.bent


def test_an_arm_that_is_pushed_into_a_region_stops_with_a_fault(cell: LockstepCell) -> None:
    tip = _core.psm_fk(START)[:3, 3]
    cell.arm.set_fixtures([Fixture.plane(tip - [0, 0, 0.001], [0, 0, 1])])
    assert cell.run(5).constraint.measured_distance == pytest.approx(0.001, abs=2e-4)
    deep, held = 0, cell.plant.q[2]
    for k in range(60):  # by hand, 0.1 mm a tick, whatever the motors do
        cell.plant.q[2], cell.plant.qd[2] = held + 1e-4 * k, 0.1
        state = cell.run()
        deep += state.constraint.measured_breach > 0.002
        if state.fault != Fault.NONE:
            break
    assert state.fault == Fault.FIXTURE_BREACH
    assert deep == 5
    assert state.constraint.breach <= 0.05e-3  # the set-points were never in it
