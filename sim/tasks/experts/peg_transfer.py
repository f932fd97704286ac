# SPDX-License-Identifier: Apache-2.0
"""Takes the block by the wall that needs the least turning, carries it over the peg, lets it go."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.block import Block
from trocar.sim.objects.peg_board import PegBoard
from trocar.sim.tasks.experts.block_grip import NARROW, block_grip, wall_towards
from trocar.sim.tasks.experts.expert import CLOSED, Aim, Expert
from trocar.sim.tasks.experts.picking import Others, nobody, pick
from trocar.sim.tasks.peg_transfer import TARGET

_MARGIN = 0.003  # m between a carried block and the pegs' tops
_DROP = 0.001  # m above its place where it is let go
_OPENING_STEPS = 2


class PegTransferExpert(Expert):
    """Picks, carries, places, backs off."""

    def script(self) -> Iterator[Array]:
        """Over it, down, close, up, across, down, open, up."""
        block, board = self.task.kind(TARGET, Block), self.task.kind("board", PegBoard)
        clear = board.peg_height + _MARGIN
        wall = wall_towards(self.object(TARGET), self.tool("PSM1").closing)
        yield from pick(
            self,
            "PSM1",
            lambda: block_grip(block, self.object(TARGET), wall),
            lambda: float(self.object(TARGET)[2, 3]),
            NARROW,
            clear,
        )
        yield from put_down(self, "PSM1", clear)


def put_down(expert: Expert, tool: str, clear: float, others: Others = nobody) -> Iterator[Array]:
    """Carry the block `clear` m above its goal, down, let go and leave; then stay."""

    def block_to(height: float) -> Callable[[], Mapping[str, Aim]]:
        def aims() -> Mapping[str, Aim]:
            gap = expert.goal[:3] + [0.0, 0.0, height] - expert.object(TARGET)[:3, 3]
            return {**others(), tool: Aim(expert.tool(tool).tip + gap, None, CLOSED)}

        return aims

    yield from expert.go(block_to(clear))
    yield from expert.go(block_to(_DROP))
    here = expert.tool(tool).tip.copy()
    opened = Aim(here, None, NARROW)
    yield from expert.keep(lambda: {**others(), tool: opened}, _OPENING_STEPS)
    away = Aim(here + np.array([0.0, 0.0, clear]), None, NARROW)
    yield from expert.stay(lambda: {**others(), tool: away})
