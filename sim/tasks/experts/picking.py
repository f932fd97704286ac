# SPDX-License-Identifier: Apache-2.0
"""Taking something with one instrument: over it, down, close, up; again where it was not taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from trocar.geometry import Array
from trocar.sim.tasks.experts.expert import CLOSED, Aim, Expert

CLOSING_STEPS = 3  # jaws take about 0.3 s to close and to grip
_TRIES = 4


class Grip(NamedTuple):
    """Where jaws shall close: tip (3,) m, and the direction (3,) they close along."""

    tip: Array
    closing: Array


Others = Callable[[], Mapping[str, Aim]]


def nobody() -> Mapping[str, Aim]:
    """No other instrument."""
    return {}


def pick(
    expert: Expert,
    tool: str,
    grip: Callable[[], Grip],
    height: Callable[[], float],
    opening: float,
    above: float,
    others: Others = nobody,
) -> Iterator[Array]:
    """Take something at `grip` and lift it by `above` m.

    height: how high in m it stands now; opening: jaw action of the way down; others: aims of the
    other instruments meanwhile.
    """
    up = np.array([0.0, 0.0, above])

    def aimed(offset: Array, jaw: float) -> Callable[[], Mapping[str, Aim]]:
        return lambda: {**others(), tool: Aim(grip().tip + offset, grip().closing, jaw)}

    for _ in range(_TRIES):
        before = height()
        yield from expert.go(aimed(up, opening))
        yield from expert.go(aimed(np.zeros(3), opening))
        here = grip()
        yield from close(expert, tool, Aim(here.tip, here.closing, CLOSED), others)
        lifted = Aim(here.tip + up, here.closing, CLOSED)
        yield from expert.go(lambda aim=lifted: {**others(), tool: aim})  # type: ignore[misc]
        if height() - before > 0.5 * above:
            return


def close(expert: Expert, tool: str, aim: Aim, others: Others = nobody) -> Iterator[Array]:
    """Close the jaws where they are."""
    yield from expert.keep(lambda: {**others(), tool: aim}, CLOSING_STEPS)
