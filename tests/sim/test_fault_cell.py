# SPDX-License-Identifier: Apache-2.0
"""What faults of plant, link and tissue do to an arm and its controller, in lockstep.

Each test forces one and holds the sentence of the catalogue (`follows`) to account.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.sim.cell import ARM, Cell, plant_gravity_base
from trocar.sim.faults.schedule import parse_fault
from trocar.sim.scene import ErrorParameters, load_scene

# No placement or joint errors: what is off is the fault's.
SCENE = replace(load_scene("follow"), errors=ErrorParameters())
Fault, State = _core.Fault, _core.OperatingState


class Homed:
    """A cell whose arm is enabled and homed, moved by joint set-points."""

    def __init__(self, seed: int = 1) -> None:
        config = _core.ArmConfig()
        dynamics = _core.DynamicParameters()
        dynamics.gravity_base = plant_gravity_base(SCENE)
        config.dynamics = dynamics
        self.arm = _core.Arm(config)
        self.cell = Cell(SCENE, seed, {ARM: self.arm}, watch_clearance=False)
        self.plant = self.cell.plants[ARM]
        self.cell.tick()
        self.arm.state_command(_core.StateCommand.ENABLE)
        self.run(50)
        self.arm.state_command(_core.StateCommand.HOME)
        self.run(4000)
        assert self.arm.state().is_homed and not self.arm.state().is_busy

    def run(self, ticks: int) -> _core.ArmState:
        for _ in range(ticks):
            self.cell.tick()
        return self.arm.state()

    def break_(self, words: str) -> None:
        self.cell.faults.add(parse_fault(words), self.cell.time_s)

    def until_fault(self, ticks: int) -> int:
        """Ticks until the arm is in FAULT; fails where it never is."""
        for k in range(ticks):
            self.cell.tick()
            if self.arm.state().fault != Fault.NONE:
                return k + 1
        raise AssertionError(f"no fault within {ticks} ticks")

    def swing(self, ticks: int, amplitude: float = 0.1) -> None:
        """Ask for a move of the first joint."""
        q = self.arm.state().setpoint_q[:6].copy()
        q[0] += amplitude
        self.arm.move_jp(q)
        self.run(ticks)


@pytest.fixture
def homed() -> Iterator[Homed]:
    cell = Homed()
    yield cell
    cell.cell.close()


def at_rest(homed: Homed) -> None:
    """Brakes are on and nothing moves any more."""
    homed.run(400)
    assert homed.plant.braked
    q = homed.plant.q_true.copy()
    homed.run(200)
    np.testing.assert_allclose(homed.plant.q_true, q, atol=1e-6)


def test_an_encoder_that_jumps_far_stops_the_arm_at_once(homed: Homed) -> None:
    homed.break_("encoder_jump:axis=2,amount=0.05")
    assert homed.until_fault(5) <= 2
    assert homed.arm.state().fault == Fault.ENCODER_JUMP
    q = homed.plant.q_true.copy()
    at_rest(homed)
    assert np.abs(homed.plant.q_true - q).max() < 0.01  # it did not follow the false reading


def test_a_small_jump_moves_the_tool_and_nobody_sees_it(homed: Homed) -> None:
    before = homed.plant.q_true[0]
    homed.break_("encoder_jump:axis=1,amount=0.001")
    homed.run(500)
    assert homed.arm.state().fault == Fault.NONE
    assert homed.plant.q_true[0] - before == pytest.approx(-0.001, abs=2e-4)
    assert abs(homed.arm.state().q[0] - before) < 2e-4  # what the encoder says is as before


def test_a_joint_that_sticks_is_pushed_to_the_effort_limit(homed: Homed) -> None:
    homed.break_("stuck_joint:axis=1")
    homed.run(100)
    q = homed.plant.q_true[0]
    assert homed.arm.state().fault == Fault.NONE  # at rest nobody can tell
    homed.swing(1)
    homed.until_fault(2000)
    assert homed.arm.state().fault == Fault.EFFORT_LIMIT
    assert homed.plant.q_true[0] == pytest.approx(q, abs=1e-6)
    at_rest(homed)
    homed.cell.faults.clear("", homed.cell.time_s)
    homed.run(10)
    homed.arm.state_command(_core.StateCommand.ENABLE)
    homed.run(300)
    assert homed.arm.state().operating_state == State.ENABLED  # it is acknowledged and goes on


def test_motors_without_effort_let_the_arm_sink_until_it_is_braked(homed: Homed) -> None:
    homed.break_("torque_saturation:factor=0.02")
    homed.until_fault(3000)
    assert homed.arm.state().fault in (Fault.OVERSPEED, Fault.TRACKING_ERROR)
    at_rest(homed)


def test_motors_with_half_their_effort_do_a_calm_motion(homed: Homed) -> None:
    homed.break_("torque_saturation:factor=0.5")
    homed.swing(1500)
    state = homed.arm.state()
    assert state.fault == Fault.NONE
    np.testing.assert_allclose(state.q[:6], state.setpoint_q[:6], atol=2e-3)


def test_a_cable_that_slips_is_seen_by_no_encoder(homed: Homed) -> None:
    encoder, tool = homed.arm.state().q.copy(), homed.plant.T_world_cp.copy()
    link = homed.plant.q_true.copy()
    homed.break_("cable_slip:axis=5,amount=0.1")
    homed.run(500)
    assert homed.arm.state().fault == Fault.NONE
    np.testing.assert_allclose(homed.arm.state().q, encoder, atol=1e-3)
    assert homed.plant.q_true[4] - link[4] == pytest.approx(0.1, abs=2e-3)
    turn = homed.plant.T_world_cp[:3, :3].T @ tool[:3, :3]
    assert np.arccos((np.trace(turn) - 1.0) / 2.0) == pytest.approx(0.1, abs=5e-3)


def test_few_lost_packets_are_missed_and_survived(homed: Homed) -> None:
    assert homed.cell.arms[ARM].missed == 0
    homed.break_("packet_loss:share=0.02,for=1")
    homed.swing(1000)
    assert homed.arm.state().fault == Fault.NONE
    # 2 % of the states and of the commands; a state that is lost is a command that is not made
    assert 20 < homed.cell.arms[ARM].missed < 70


def test_a_dead_link_is_braked_by_the_plant_itself(homed: Homed) -> None:
    homed.swing(100)
    speed = np.abs(homed.plant.qd_true).max()
    assert speed > 0.01
    homed.break_("packet_loss:share=1")
    homed.run(60)
    assert homed.plant.braked  # 30 ms after the last command
    homed.run(300)
    assert np.abs(homed.plant.qd_true).max() < 1e-6
    homed.cell.faults.clear("", homed.cell.time_s)
    homed.run(5)
    assert homed.arm.state().fault == Fault.PLANT_LOST  # so much the controller knew by itself


def test_faults_of_a_schedule_are_repeated_to_the_bit() -> None:
    def trace() -> bytes:
        homed = Homed()
        homed.break_("packet_loss:share=0.05,at=0.1,for=0.5")
        homed.break_("cable_slip:axis=4,amount=0.02,at=0.2")
        homed.swing(800)
        homed.cell.close()
        return homed.plant.q_true.tobytes() + homed.arm.state().q.tobytes()

    assert trace() == trace()


def test_a_cell_takes_the_faults_of_its_scene_and_tears_its_tissue() -> None:
    base = load_scene("cell")
    faults = (parse_fault("tissue_tear:at=0.1,length_mm=40,depth_mm=12"),)
    scene = replace(base, faults=faults, objects={})
    arms = {name: _core.Arm(_core.ArmConfig()) for name in scene.psms}
    cell = Cell(scene, 1, arms, watch_clearance=False)
    nodes = len(cell.snapshot().soft["liver"])
    cell.run(90)
    assert len(cell.snapshot().soft["liver"]) == nodes
    cell.run(60)
    assert len(cell.snapshot().soft["liver"]) > nodes
    cell.close()


def test_the_ecm_can_stick_too_and_has_no_packets() -> None:
    scene = replace(load_scene("cell"), objects={})
    arms = {name: _core.Arm(_core.ArmConfig()) for name in scene.psms}
    cell = Cell(scene, 1, arms, watch_clearance=False)
    assert cell.ecm is not None
    cell.faults.add(parse_fault("stuck_joint:arm=ECM,axis=1"), 0.0)
    cell.run(10)
    q = cell.ecm.plant.q_true.copy()
    cell.ecm.plant.apply_wrench([5.0, 0.0, 0.0])
    cell.run(200)
    assert cell.ecm.plant.q_true[0] == pytest.approx(q[0], abs=1e-9)
    cell.faults.add(parse_fault("packet_loss:arm=ECM"), cell.time_s)
    with pytest.raises(ConfigurationError, match="name another arm"):
        cell.run(1)
    cell.close()


def test_a_port_that_cannot_lose_packets_says_so() -> None:
    port = _core.LockstepPort(_core.Arm(_core.ArmConfig()))
    cell = Cell(SCENE, 1, {ARM: port}, watch_clearance=False)
    cell.faults.add(parse_fault("packet_loss"), 0.0)
    with pytest.raises(ConfigurationError, match="LockstepPort, which cannot lose packets"):
        cell.tick()
    cell.close()
