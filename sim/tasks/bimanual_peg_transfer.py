# SPDX-License-Identifier: Apache-2.0
"""Bimanual peg transfer: PSM2 takes the block, hands it to PSM1 in the air, PSM1 puts it down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from trocar.geometry import Array
from trocar.sim.objects.size import size
from trocar.sim.tasks.peg_transfer import PegTransfer, PegTransferParameters


@dataclass(frozen=True)
class BimanualPegTransferParameters(PegTransferParameters):
    """Each arm's goals end `beyond` m past the middle, so that neither can do it alone."""

    beyond: float = size(0.010, 0.0, 0.05)


class BimanualPegTransfer(PegTransfer):
    """Peg transfer from PSM2's side (x > 0) to PSM1's, where neither reaches both."""

    Parameters = BimanualPegTransferParameters
    tools = ("PSM1", "PSM2")
    from_low_x: ClassVar[bool] = False

    def box(self, tool: str) -> tuple[Array, Array]:
        """The task's box, cut off past the middle."""
        low, high = super().box(tool)
        if tool == "PSM1":
            high[0] = min(high[0], self.parameters.beyond)
        else:
            low[0] = max(low[0], -self.parameters.beyond)
        return low, high
