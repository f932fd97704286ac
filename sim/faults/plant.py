# SPDX-License-Identifier: Apache-2.0
"""Faults of the arms and of their links: hands to each plant what acts on it now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.schedule import ScheduledFault

PLANT_FAULTS = ("encoder_jump", "stuck_joint", "torque_saturation", "cable_slip")


@dataclass(frozen=True)
class ArmFaults:
    """All that is wrong with one arm of n axes: rad or m, shares, and the loss of its packets."""

    encoder_jump: Array  # (n,)
    effort_share: Array  # (n,) of effort_max that is left
    cable_slip: Array  # (n,)
    is_stuck: NDArray[np.bool_]  # (n,)
    packet_loss: float

    def __eq__(self, other: object) -> bool:
        """Equal in every number."""
        if not isinstance(other, ArmFaults):
            return NotImplemented
        return self.packet_loss == other.packet_loss and all(
            np.array_equal(getattr(self, name), getattr(other, name))
            for name in ("encoder_jump", "effort_share", "cable_slip", "is_stuck")
        )

    __hash__ = None  # type: ignore[assignment]


class FaultyArm(Protocol):
    """An arm's plant and link, as far as faults go."""

    @property
    def axes(self) -> int:
        """Number of joints."""
        ...

    def set_faults(self, faults: ArmFaults) -> None:
        """From the next tick on, until the next call."""


def arm_faults(board: FaultBoard, arm: str, axes: int, time_s: float) -> ArmFaults:
    """What acts on an arm at a time.

    Several faults of one kind add up: jumps and slips by sum, the least effort counts, and
    packets must survive each loss.
    """
    jump, slip, share = np.zeros(axes), np.zeros(axes), np.ones(axes)
    stuck, kept = np.zeros(axes, bool), 1.0
    for fault in board.active(*PLANT_FAULTS, "packet_loss", time_s=time_s):
        if fault.word("arm") != arm:
            continue
        name, axis = fault.kind.name, int(fault.values.get("axis", 0))
        chosen = slice(None) if axis == 0 else axis - 1
        if name == "encoder_jump":
            jump[chosen] += fault.number("amount")
        elif name == "cable_slip":
            slip[chosen] += fault.number("amount")
        elif name == "stuck_joint":
            stuck[chosen] = True
        elif name == "torque_saturation":
            share[chosen] = np.minimum(share[chosen], fault.number("factor"))
        else:
            kept *= 1.0 - fault.number("share")
    return ArmFaults(jump, share, slip, stuck, 1.0 - kept)


class PlantFaults:
    """Keeps the arms of a cell in the state that the board says; `update` before each tick."""

    def __init__(self, board: FaultBoard, arms: Mapping[str, FaultyArm]) -> None:
        """Every arm is well."""
        self._board = board
        self._arms = arms
        self._active: list[ScheduledFault] = []
        self._applied = {n: arm_faults(FaultBoard(), n, arm.axes, 0.0) for n, arm in arms.items()}

    def update(self, time_s: float) -> None:
        """Tell the arms for which something has changed."""
        active = self._board.active(*PLANT_FAULTS, "packet_loss", time_s=time_s)
        if active == self._active:  # nothing is computed in a tick like the last one
            return
        self._active = active
        for name, arm in self._arms.items():
            faults = arm_faults(self._board, name, arm.axes, time_s)
            if faults != self._applied[name]:
                self._applied[name] = faults
                arm.set_faults(faults)
