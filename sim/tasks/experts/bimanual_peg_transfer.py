# SPDX-License-Identifier: Apache-2.0
"""PSM2 takes the block by its outer wall, PSM1 by the opposite one in the air, and puts it down."""

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.block import Block
from trocar.sim.objects.peg_board import PegBoard
from trocar.sim.tasks.experts.block_grip import NARROW, block_grip, wall_towards
from trocar.sim.tasks.experts.expert import CLOSED, HOLD, Aim, Expert
from trocar.sim.tasks.experts.peg_transfer import put_down
from trocar.sim.tasks.experts.picking import CLOSING_STEPS, pick
from trocar.sim.tasks.peg_transfer import TARGET

_MARGIN = 0.003  # m between a carried block and the pegs' tops
_HANDOVER = 0.002  # m higher than that, where the block changes hands
_ABOVE = np.array([0.0, 0.0, 0.010])  # m
_ASIDE = np.array([0.012, 0.0, 0.0])  # m


class BimanualPegTransferExpert(Expert):
    """Picks with PSM2, hands over, places with PSM1."""

    def script(self) -> Iterator[Array]:
        """PSM2 to the middle with the block, PSM1 takes it there, PSM2 leaves."""
        block, board = self.task.kind(TARGET, Block), self.task.kind("board", PegBoard)
        clear = board.peg_height + _MARGIN
        outer = wall_towards(self.object(TARGET), np.array([1.0, 0.0, 0.0]))
        waiting = Aim(self.tool("PSM1").tip.copy(), None, NARROW)
        yield from pick(
            self,
            "PSM2",
            lambda: block_grip(block, self.object(TARGET), outer),
            lambda: float(self.object(TARGET)[2, 3]),
            NARROW,
            clear,
            lambda: {"PSM1": waiting},
        )
        middle = np.array([0.0, self.goal[1], self.goal[2] + clear + _HANDOVER])

        def to_middle() -> Mapping[str, Aim]:
            gap = middle - self.object(TARGET)[:3, 3]
            return {"PSM1": waiting, "PSM2": Aim(self.tool("PSM2").tip + gap, None, CLOSED)}

        yield from self.go(to_middle)
        yield from self._take_over(block, (outer + 3) % 6)
        opened = Aim(None, None, NARROW)
        yield from self.keep(lambda: {"PSM1": HOLD, "PSM2": opened}, CLOSING_STEPS)
        up = self.tool("PSM2").tip + _ABOVE
        yield from self.go(lambda: {"PSM1": HOLD, "PSM2": Aim(up, None, NARROW)})
        aside = Aim(up + _ASIDE, None, NARROW)
        yield from put_down(self, "PSM1", clear, lambda: {"PSM2": aside})

    def _take_over(self, block: Block, inner: int) -> Iterator[Array]:
        """PSM1 over the other wall, down, close."""

        def over(offset: Array) -> Callable[[], Mapping[str, Aim]]:
            def aims() -> Mapping[str, Aim]:
                grip = block_grip(block, self.object(TARGET), inner)
                return {"PSM1": Aim(grip.tip + offset, grip.closing, NARROW), "PSM2": HOLD}

            return aims

        yield from self.go(over(_ABOVE))
        yield from self.go(over(np.zeros(3)))
        yield from self.keep(lambda: {"PSM1": HOLD, "PSM2": HOLD}, CLOSING_STEPS)
