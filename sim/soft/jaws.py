# SPDX-License-Identifier: Apache-2.0
"""Jaws in soft tissue: what presses, holds and pulls a `_core.TissueBody`.

The grasp of a pair of jaws is verified: it holds only what lies between the jaws, only where both
of them press on it, and it slips where the pull exceeds friction times the grip.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trocar import _core
from trocar.geometry import Array


@dataclass(frozen=True)
class JawShape:
    """A jaw is a capsule along the jaw frame's z, tip forward; it opens along +-x."""

    length: float = 0.008  # m
    radius: float = 0.0008  # m
    width: float = 0.003  # m, along y: how far to the side the grip reaches
    bite: float = 0.001  # m, beyond the tips: a fold is coarser than the blades are thin
    friction: float = 0.8  # of the teeth
    grip: float = 3.0  # N, with which they close


class Jaws:
    """Two jaws on a tissue.  `move` them each frame, before the body's `step`.

    `T_world_jaw` (4, 4) is between the tips; `opening` (m) is the clear distance of the jaws.
    """

    def __init__(self, body: _core.TissueBody, shape: JawShape | None = None) -> None:
        self.body = body
        self.shape = shape or JawShape()
        self.grip = self.shape.grip  # N, with which they are closed now
        self.grasp = -1  # the body's number of it, or -1
        self.slipped = False  # the last grasp ended by itself
        self._tips: list[Array] = [np.zeros(3), np.zeros(3)]
        self._middle = np.zeros(3)
        self.tools = [
            body.add_tool(self.shape.radius, min(self.shape.friction, 2.0)) for _ in range(2)
        ]

    @property
    def is_holding(self) -> bool:
        """Whether tissue is held."""
        return self.grasp >= 0

    @property
    def pull(self) -> Array:
        """(3,) N that the held tissue exerts on the jaws; 0 where nothing is held."""
        return self.body.grasp_wrench(self.grasp)[:3] if self.is_holding else np.zeros(3)

    @property
    def touch(self) -> Array:
        """(2, 3) N that the tissue exerts on each jaw by contact."""
        return np.stack([self.body.tool_wrench(t)[:3] for t in self.tools])

    def shares(self) -> list[tuple[Array, Array, Array]]:
        """Force N, torque N m and the point it is about, (3,) each, of both jaws and the grasp."""
        shares = []
        for tool, tip in zip(self.tools, self._tips):
            w = self.body.tool_wrench(tool)
            shares.append((w[:3], w[3:], tip))
        if self.is_holding:
            w = self.body.grasp_wrench(self.grasp)
            shares.append((w[:3], w[3:], self._middle))
        return shares

    def place(self, T_world_jaw: ArrayLike, opening: float) -> None:
        """Put the jaws somewhere without moving through what is between."""
        for tool, axis in zip(self.tools, self._axes(np.asarray(T_world_jaw), opening)):
            self.body.place_tool(tool, *axis)

    def move(self, T_world_jaw: ArrayLike, opening: float) -> None:
        """Where the jaws are when the next frame ends; a grasp goes along, or slips."""
        T = np.asarray(T_world_jaw, dtype=float)
        for tool, axis in zip(self.tools, self._axes(T, opening)):
            self.body.move_tool(tool, *axis)
        if not self.is_holding:
            return
        # Two faces rub, hence 2: Coulomb's limit of the grip.
        if float(np.linalg.norm(self.pull)) > 2.0 * self.shape.friction * self.grip:
            self.open()
            self.slipped = True
        else:
            self.body.move_grasp(self.grasp, self._between(T))

    def close(self, T_world_jaw: ArrayLike, opening: float, least_force: float = 0.01) -> bool:
        """Hold what is between the jaws if each of them presses on tissue with `least_force` (N).

        The direction is not asked for: a fold narrower than the elements cannot be resolved.
        """
        T = np.asarray(T_world_jaw, dtype=float)
        pressed = np.linalg.norm(self.touch, axis=1)
        if self.is_holding:
            return True
        if bool(np.any(pressed < least_force)):
            return False
        shape = self.shape  # the box reaches to the jaws' axes and to their round ends
        reach = shape.length / 2.0 + shape.radius + shape.bite
        half = [opening / 2.0 + shape.radius, shape.width / 2.0, reach]
        between = self._between(T)
        self.grasp = self.body.grasp(between, half)
        if not self.is_holding:
            return False
        self.slipped = False
        for tool in self.tools:
            self.body.set_tool_active(tool, False)  # what they hold would push them
        return True

    def open(self) -> None:
        """Let go."""
        if self.is_holding:
            self.body.release(self.grasp)
            self.grasp = -1
        for tool in self.tools:
            self.body.set_tool_active(tool, True)

    def _between(self, T: Array) -> Array:
        middle = T.copy()
        middle[:3, 3] -= T[:3, 2] * self.shape.length / 2.0
        self._middle = middle[:3, 3]
        return middle

    def _axes(self, T: Array, opening: float) -> Sequence[tuple[Array, Array]]:
        aside = (opening / 2.0 + self.shape.radius) * T[:3, 0]
        back = self.shape.length * T[:3, 2]
        tip = T[:3, 3]
        self._tips = [tip + s * aside for s in (-1.0, 1.0)]
        return [(end - back, end) for end in self._tips]
