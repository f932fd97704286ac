# SPDX-License-Identifier: Apache-2.0
"""The cell's state at one instant: everything that the renderer and the truth need to know."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trocar.geometry import Array


@dataclass(frozen=True)
class Passing:
    """The second instrument on its path: `T_world_cp` (4, 4) and the jaw's angle in rad."""

    T_world_cp: Array
    jaw: float


@dataclass(frozen=True)
class CellSnapshot:
    """Everything that moves, by its name in the scene; world frame, m and rad.

    `q` true joints of each arm: a PSM's (7,), jaw last, the ECM's (4,); `passing` is None while no
    second instrument is on its path; `objects` T_world_object (4, 4); `soft` nodes (n, 3).
    """

    time_s: float
    q: Mapping[str, Array]
    passing: Passing | None = None
    objects: Mapping[str, Array] = field(default_factory=dict)
    soft: Mapping[str, Array] = field(default_factory=dict)


class SnapshotLayout:
    """Snapshots as a flat float64 vector of `size`, for shared memory (docs/contracts.md).

    time_s; joints of each arm; passing (0 or 1), its T_world_cp row by row (16), its jaw; each
    object's pose row by row (16); each soft body's nodes, zeros behind them (a cut adds
    nodes).  Names in the order of their mappings.
    """

    def __init__(
        self,
        joints: Mapping[str, int],
        objects: tuple[str, ...] = (),
        soft: Mapping[str, int] | None = None,
    ) -> None:
        """`joints` of each arm, names of the objects, most nodes of each soft body."""
        self._joints = dict(joints)
        self._objects = objects
        self._soft = dict(soft or {})
        self.size = (
            1 + sum(self._joints.values()) + 18 + 16 * len(objects) + 3 * sum(self._soft.values())
        )

    def to_vector(self, snapshot: CellSnapshot) -> Array:
        """The vector (size,)."""
        passing = snapshot.passing
        shown = 0.0 if passing is None else 1.0
        T = np.eye(4) if passing is None else passing.T_world_cp
        parts = [np.array([snapshot.time_s])]
        parts += [np.asarray(snapshot.q[arm], dtype=float) for arm in self._joints]
        parts += [np.array([shown]), T.ravel(), np.array([passing.jaw if passing else 0.0])]
        parts += [snapshot.objects[name].ravel() for name in self._objects]
        parts += [self._padded(name, snapshot.soft[name]) for name in self._soft]
        vector = np.concatenate(parts)
        if vector.shape != (self.size,):
            raise ValueError(f"cell snapshot has {vector.size} numbers, expected {self.size}")
        return vector

    def _padded(self, name: str, nodes: Array) -> Array:
        if len(nodes) > self._soft[name]:
            raise ValueError(f"{name} has {len(nodes)} nodes, room for {self._soft[name]}")
        padded = np.zeros(3 * self._soft[name])
        padded[: nodes.size] = nodes.ravel()
        return padded

    def from_vector(self, values: Array) -> CellSnapshot:
        """Back from the vector (size,); ValueError on another size."""
        v = np.array(values, dtype=float)
        if v.shape != (self.size,):
            raise ValueError(f"cell snapshot has shape {v.shape}, expected ({self.size},)")
        at = 1

        def take(count: int) -> Array:
            nonlocal at
            at += count
            return v[at - count : at]

        q = {arm: take(count) for arm, count in self._joints.items()}
        shown, T, jaw = take(1)[0] > 0.5, take(16).reshape(4, 4), float(take(1)[0])
        objects = {name: take(16).reshape(4, 4) for name in self._objects}
        soft = {name: take(3 * count).reshape(-1, 3) for name, count in self._soft.items()}
        return CellSnapshot(float(v[0]), q, Passing(T, jaw) if shown else None, objects, soft)
