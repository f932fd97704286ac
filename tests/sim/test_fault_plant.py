# SPDX-License-Identifier: Apache-2.0
"""From the schedule to what an arm's plant and link are told."""

import numpy as np

from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.plant import ArmFaults, PlantFaults, arm_faults
from trocar.sim.faults.schedule import load_faults, parse_fault


class Told:
    """An arm that remembers what it was told."""

    def __init__(self, axes: int = 7) -> None:
        self.axes = axes
        self.faults: list[ArmFaults] = []

    def set_faults(self, faults: ArmFaults) -> None:
        self.faults.append(faults)


def test_an_arm_is_told_when_something_changes_and_only_then() -> None:
    board = FaultBoard(load_faults("encoder_jump:at=0.1,for=0.2,axis=2,amount=0.3"))
    psm1, psm2 = Told(), Told()
    faults = PlantFaults(board, {"PSM1": psm1, "PSM2": psm2})
    for k in range(500):
        faults.update(1e-3 * k)
    assert psm2.faults == []
    on, off = psm1.faults
    np.testing.assert_array_equal(on.encoder_jump, [0, 0.3, 0, 0, 0, 0, 0])
    assert off == arm_faults(FaultBoard(), "PSM1", 7, 0.0)


def test_faults_of_one_kind_add_up() -> None:
    board = FaultBoard(
        load_faults(
            "cable_slip:axis=5,amount=0.1; cable_slip:axis=5,amount=0.2; packet_loss:share=0.5;"
            "packet_loss:share=0.2; torque_saturation:factor=0.5; "
            "torque_saturation:axis=3,factor=0.2; stuck_joint:axis=1; stuck_joint:axis=7"
        )
    )
    now = arm_faults(board, "PSM1", 7, 1.0)
    np.testing.assert_allclose(now.cable_slip, [0, 0, 0, 0, 0.3, 0, 0])
    np.testing.assert_array_equal(now.effort_share, [0.5, 0.5, 0.2, 0.5, 0.5, 0.5, 0.5])
    np.testing.assert_array_equal(now.is_stuck, [1, 0, 0, 0, 0, 0, 1])
    assert now.packet_loss == 1.0 - 0.5 * 0.8


def test_a_command_reaches_the_arm_at_the_next_update() -> None:
    board, arm = FaultBoard(), Told(4)
    faults = PlantFaults(board, {"ECM": arm})
    faults.update(0.0)
    board.add(parse_fault("stuck_joint:arm=ECM,axis=4"), 0.001)
    faults.update(0.001)
    board.clear("stuck_joint", 0.002)
    faults.update(0.002)
    assert [list(f.is_stuck) for f in arm.faults] == [[False] * 3 + [True], [False] * 4]
