# SPDX-License-Identifier: Apache-2.0
"""A scripted expert: what it sees is the observation, what it does is an action.

Scripts are generators: each `yield` is one step of 0.2 s.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import numpy as np

from trocar.geometry import Array
from trocar.sim.tasks.action import STEP, TURN
from trocar.sim.tasks.observation import Layout, SeenTool
from trocar.sim.tasks.task import Task

CLOSED = -1.0  # jaw actions: closed with full grip
WIDE = 1.0
_THERE, _TURNED = 4e-4, 0.03  # m, rad: close enough to go on
_PATIENCE = 40  # steps that one movement may take


class Aim(NamedTuple):
    """Where an instrument shall be: tip (3,) m, direction (3,) its jaws close along, jaw action.

    `closing`: either sense will do; None: as it is.  `tip` None: its set-point is left alone, as it
    must be where two arms hold one thing: each correcting its own error, they would pull ever more.
    """

    tip: Array | None
    closing: Array | None
    jaw: float


HOLD = Aim(None, None, CLOSED)  # stay and grip
Aims = Callable[[], Mapping[str, Aim]]


class Expert(ABC):
    """One episode at a time: `reset`, then `act` on every observation."""

    def __init__(self, task: Task, layout: Layout) -> None:
        """Know the task and how its observations are laid out."""
        self.task = task
        self._layout = layout
        self._seen: Array = np.zeros(layout.size)
        self._goal: Array = np.zeros(task.goal_size)
        self._script: Iterator[Array] = iter(())

    def reset(self) -> None:
        """Begin an episode."""
        self._script = self.script()

    def act(self, observation: Mapping[str, Array]) -> Array:
        """The next action; a script that has ended stays where it is."""
        self._seen, self._goal = observation["observation"], observation["desired_goal"]
        return next(self._script)

    @abstractmethod
    def script(self) -> Iterator[Array]:
        """Actions, one a step, without an end."""

    # --- what a script sees ------------------------------------------------------------------
    @property
    def goal(self) -> Array:
        """The desired goal (g,)."""
        return self._goal

    def tool(self, name: str) -> SeenTool:
        """An instrument."""
        return self._layout.tool(self._seen, name)

    @property
    def extra(self) -> Array:
        """What the task lets be seen beyond tools and objects."""
        return self._seen[self._layout.size :]

    def object(self, name: str) -> Array:
        """`T_world_object` (4, 4)."""
        return self._layout.object(self._seen, name)

    # --- what a script does ------------------------------------------------------------------
    def go(self, aims: Aims, most: int = _PATIENCE) -> Iterator[Array]:
        """Move until every instrument is where it is aimed, or for `most` steps."""
        for _ in range(most):
            wanted = aims()
            if all(self._is_there(name, aim) for name, aim in wanted.items()):
                return
            yield self._action(wanted)

    def keep(self, aims: Aims, steps: int) -> Iterator[Array]:
        """Stay aimed for some steps."""
        for _ in range(steps):
            yield self._action(aims())

    def stay(self, aims: Aims) -> Iterator[Array]:
        """Stay aimed for good."""
        while True:
            yield self._action(aims())

    def _is_there(self, name: str, aim: Aim) -> bool:
        tool = self.tool(name)
        gap = 0.0 if aim.tip is None else float(np.linalg.norm(aim.tip - tool.tip))
        return gap < _THERE and abs(turn_to(tool, aim.closing)) < _TURNED

    def _action(self, aims: Mapping[str, Aim]) -> Array:
        return np.concatenate([self._part(name, aims[name]) for name in self.task.tools])

    def _part(self, name: str, aim: Aim) -> Array:
        tool = self.tool(name)
        move = np.zeros(3) if aim.tip is None else (aim.tip - tool.tip) / STEP
        move /= max(1.0, float(np.abs(move).max()))
        turn = float(np.clip(turn_to(tool, aim.closing) / TURN, -1.0, 1.0))
        return np.array([*move, turn, aim.jaw])


def turn_to(tool: SeenTool, closing: Array | None) -> float:
    """Rotation about z in rad, at most a right angle, that brings the jaws to close along."""
    if closing is None:
        return 0.0
    angle = math.atan2(closing[1], closing[0]) - math.atan2(tool.closing[1], tool.closing[0])
    return (angle + 0.5 * math.pi) % math.pi - 0.5 * math.pi
