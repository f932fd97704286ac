# SPDX-License-Identifier: Apache-2.0
"""The tracker's table of points: one row a point, one array a column."""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import PointState
from trocar.geometry import Array
from trocar.perception.tissue.template import Float32, PatchMemory


@dataclass
class PointTable:
    """N points.  Pixels are rectified; `rest` is where a point would be in the first frame."""

    ids: NDArray[np.int32]
    state: NDArray[np.uint8]
    uv: Array  # (N, 2) px, now
    disparity: Array  # (N,) px, NaN until first measured
    measured: NDArray[np.bool_]  # disparity comes from this frame's stereo match
    velocity: Array  # (N, 2) px/s
    rest: Array  # (N, 2) px
    habit: Array  # (N, 3) px: usual departure of (u, v, d) from the neighbours' affine map
    sigma: Array  # (N, 3) px of (u, v, disparity)
    hidden_s: Array  # (N,) s since last seen
    unseen_s: Array  # (N,) s of that in plain view
    poor: NDArray[np.int32]  # frames in a row well tracked though the appearance has changed
    memory: PatchMemory

    @classmethod
    def empty(cls) -> "PointTable":
        """No points."""
        return cls._born(
            np.zeros((0, 2)), np.zeros((0, 2)), np.zeros(0, np.int32), PatchMemory.empty()
        )

    @classmethod
    def _born(
        cls, uv: Array, rest: Array, ids: NDArray[np.int32], memory: PatchMemory
    ) -> "PointTable":
        count = len(uv)
        return cls(
            ids=ids,
            state=np.full(count, PointState.VISIBLE, np.uint8),
            uv=uv,
            disparity=np.full(count, np.nan),
            measured=np.zeros(count, bool),
            velocity=np.zeros((count, 2)),
            rest=rest,
            habit=np.full((count, 3), np.nan),
            sigma=np.full((count, 3), np.nan),
            hidden_s=np.zeros(count),
            unseen_s=np.zeros(count),
            poor=np.zeros(count, np.int32),
            memory=memory,
        )

    def __len__(self) -> int:
        """Number of points."""
        return len(self.ids)

    def rows(self, *states: PointState) -> NDArray[np.intp]:
        """Rows in any of the given states."""
        return np.flatnonzero(np.isin(self.state, states))

    def add(self, uv: Array, rest: Array, first_id: int, patch: Float32) -> NDArray[np.intp]:
        """Append points at uv (M, 2) with ids from first_id on; returns their rows."""
        ids = np.arange(first_id, first_id + len(uv), dtype=np.int32)
        new = PointTable._born(uv, rest, ids, PatchMemory.of(patch))
        before = len(self)
        for f in fields(self):
            if f.name == "memory":
                self.memory = self.memory.added(patch)
            else:
                setattr(self, f.name, np.concatenate([getattr(self, f.name), getattr(new, f.name)]))
        return np.arange(before, len(self))

    def keep(self, rows: NDArray[np.bool_]) -> None:
        """Forget every point where rows (N,) is False."""
        if rows.all():
            return
        for f in fields(self):
            column = getattr(self, f.name)
            setattr(self, f.name, column.picked(rows) if f.name == "memory" else column[rows])
