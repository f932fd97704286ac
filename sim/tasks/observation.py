# SPDX-License-Identifier: Apache-2.0
"""The observation vector of a task: how it is laid out, packed and read.

Per instrument 11 numbers: jaw tip (3) m, the jaws' closing direction (3) and the pointing
direction (3) as unit vectors, jaw rad, its motor's effort N m.  Per object 9: position (3) m, x and
y axes (6).  World frame.  Instruments are as their encoders have them (or as they truly are, where
a tracker is assumed); objects are as they truly are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array

_TOOL, _OBJECT = 11, 9


@dataclass(frozen=True)
class SeenTool:
    """`tip` (3,) m, `closing` and `pointing` (3,) unit vectors, `jaw` rad, `effort` N m."""

    tip: Array
    closing: Array
    pointing: Array
    jaw: float
    effort: float


class Layout:
    """Instruments, then objects, by name."""

    def __init__(self, tools: Sequence[str], objects: Sequence[str]) -> None:
        """Names in their order in the vector."""
        self._tools = {name: i * _TOOL for i, name in enumerate(tools)}
        first = _TOOL * len(self._tools)
        self._objects = {name: first + i * _OBJECT for i, name in enumerate(objects)}
        self.size = first + _OBJECT * len(self._objects)

    def pack(
        self, tools: Mapping[str, tuple[Array, float, float]], objects: Mapping[str, Array]
    ) -> Array:
        """The vector (size,) of `T_world_tip`, jaw, effort by tool, `T_world_object` by object."""
        vector = np.empty(self.size)
        for name, at in self._tools.items():
            T, jaw, effort = tools[name]
            vector[at : at + 3], vector[at + 3 : at + 6] = T[:3, 3], T[:3, 1]
            vector[at + 6 : at + 9] = T[:3, 2]
            vector[at + 9], vector[at + 10] = jaw, effort
        for name, at in self._objects.items():
            T = objects[name]
            vector[at : at + 3], vector[at + 3 : at + 6] = T[:3, 3], T[:3, 0]
            vector[at + 6 : at + 9] = T[:3, 1]
        return vector

    def tool(self, vector: Array, name: str) -> SeenTool:
        """One instrument of an observation."""
        v = vector[self._tools[name] : self._tools[name] + _TOOL]
        return SeenTool(v[:3], v[3:6], v[6:9], float(v[9]), float(v[10]))

    def object(self, vector: Array, name: str) -> Array:
        """`T_world_object` (4, 4) of one object of an observation."""
        v = vector[self._objects[name] : self._objects[name] + _OBJECT]
        T = np.eye(4)
        T[:3, 0], T[:3, 1], T[:3, 3] = v[3:6], v[6:9], v[:3]
        T[:3, 2] = np.cross(v[3:6], v[6:9])
        return T
