# SPDX-License-Identifier: Apache-2.0
"""Peg transfer: take the red block off its peg and put it over another, on the board's far side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, make_transform, transform_points
from trocar.sim.objects.block import Block
from trocar.sim.objects.peg_board import PegBoard
from trocar.sim.objects.size import size
from trocar.sim.tasks.task import Start, Task, TaskParameters
from trocar.sim.tasks.task_cell import TaskCell
from trocar.sim.tasks.throw import thrown

TARGET = "block"
_CLEAR = 1e-4  # m between a block and the board at the start


@dataclass(frozen=True)
class PegTransferParameters(TaskParameters):
    """Blocks stand up to `offset` m beside their pegs' axes, turned by up to `turn` rad.

    Success: within `tolerance` m of the goal's peg, `tolerance_z` m of its height there, let go.
    """

    tolerance: float = size(0.0035, 0.0002, 0.05)
    tolerance_z: float = size(0.002, 0.0002, 0.05)
    offset: float = size(0.0015, 0.0, 0.01)
    turn: float = size(0.52, 0.0, 0.52)


class PegTransfer(Task):
    """Goal (4,): the block's centre (3,) m, and how many instruments hold it: 0.

    The block starts on a peg of the board's lower half in x and goes to the other half.
    """

    Parameters = PegTransferParameters
    objects: ClassVar[dict[str, str]] = {TARGET: "block", "board": "peg_board", "goal": "marker"}
    observed = (TARGET,)
    goal_size = 4
    from_low_x: ClassVar[bool] = True

    def start(self, rng: np.random.Generator) -> Start:
        """Put the blocks over pegs, draw the goal's."""
        board = self.kind("board", PegBoard)
        feet = transform_points(self.place("board"), board.peg_feet)
        half = len(feet) // 2
        low, high = np.arange(half), np.arange(len(feet) - half, len(feet))
        here, there = (low, high) if self.from_low_x else (high, low)
        blocks = [name for name, spec in self.scene.objects.items() if spec.kind == "block"]
        # The target first: every peg of its half is as likely.
        blocks.sort(key=lambda name: name != TARGET)
        pegs = rng.permutation(here)[: len(blocks)]
        poses = self.poses()
        for name, peg in zip(blocks, pegs, strict=False):
            poses[name] = self._over(rng, feet[peg], self.kind(name, Block))
        lift = np.array([0.0, 0.0, 0.5 * self.kind(TARGET, Block).height])
        point = feet[rng.choice(there)] + lift
        mark = np.array([0.0, 0.0, board.peg_height - lift[2]])
        poses["goal"] = make_transform(translation=point + mark)
        return Start(poses, np.append(point, 0.0))

    def achieved(self, cell: TaskCell) -> Array:
        """Where the block is, and how many hold it."""
        place = cell.handling.things.poses[TARGET][:3, 3]
        return np.append(place, float(len(self.holders(cell, TARGET))))

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """Over the peg, down, and let go."""
        gap = np.abs(np.asarray(achieved) - np.asarray(desired))
        beside = np.linalg.norm(gap[..., :2], axis=-1) < self.parameters.tolerance
        return np.asarray(
            beside & (gap[..., 2] < self.parameters.tolerance_z) & (gap[..., 3] < 0.5)
        )

    def _over(self, rng: np.random.Generator, foot: Array, block: Block) -> Array:
        p = self.parameters
        T = make_transform(translation=foot + [0.0, 0.0, 0.5 * block.height + _CLEAR])
        return thrown(rng, T, p.offset, p.offset, p.turn)
