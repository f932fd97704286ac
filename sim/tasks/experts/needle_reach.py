# SPDX-License-Identifier: Apache-2.0
"""Straight to the goal."""

from collections.abc import Iterator

from trocar.geometry import Array
from trocar.sim.tasks.experts.expert import CLOSED, Aim, Expert


class NeedleReachExpert(Expert):
    """Goes there and stays."""

    def script(self) -> Iterator[Array]:
        """One movement."""
        yield from self.stay(lambda: {"PSM1": Aim(self.goal, None, CLOSED)})
