# SPDX-License-Identifier: Apache-2.0
"""The cell's state at one instant, as the flat float64 vector that the renderer reads.

Layout (docs/contracts.md): time_s; PSM1 true joints (7, jaw last); PSM2 shown (0 or 1);
PSM2 T_world_cp row by row (16); PSM2 jaw.  The stamp travels beside the vector.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array

SIZE = 26


@dataclass(frozen=True)
class CellSnapshot:
    """`psm1_q` (7,) rad and m; `psm2_T_world_cp` (4, 4), meaningful while `psm2_shown`."""

    time_s: float
    psm1_q: Array
    psm2_shown: bool = False
    psm2_T_world_cp: Array = field(default_factory=lambda: np.eye(4))
    psm2_jaw: float = 0.0

    def to_vector(self) -> Array:
        """The vector (26,)."""
        vector = np.empty(SIZE)
        vector[0] = self.time_s
        vector[1:8] = self.psm1_q
        vector[8] = float(self.psm2_shown)
        vector[9:25] = self.psm2_T_world_cp.ravel()
        vector[25] = self.psm2_jaw
        return vector

    @staticmethod
    def from_vector(values: ArrayLike) -> "CellSnapshot":
        """Back from the vector (26,); ValueError on another size."""
        v = np.asarray(values, dtype=float)
        if v.shape != (SIZE,):
            raise ValueError(f"cell snapshot has shape {v.shape}, expected ({SIZE},)")
        return CellSnapshot(
            float(v[0]), v[1:8].copy(), bool(v[8] > 0.5), v[9:25].reshape(4, 4).copy(), float(v[25])
        )
