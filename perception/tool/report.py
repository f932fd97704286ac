# SPDX-License-Identifier: Apache-2.0
"""What became of a frame's outline, and the words for it."""

from dataclasses import dataclass, field

import numpy as np

from trocar.geometry import Array

SHAFT, JAWS = 0, 2  # index of a joint in the counts; 1 is the wrist


@dataclass
class FollowReport:
    """What became of a frame: outline samples predicted and accepted per part, and why not."""

    predicted: Array = field(default_factory=lambda: np.zeros(3))
    accepted: Array = field(default_factory=lambda: np.zeros(3))
    eyes: int = 0
    refused: list[str] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    moved_px: float = 0.0

    @property
    def is_inconsistent(self) -> bool:
        """Outline seen, but not where it must be, and nothing else accepted."""
        return bool(self.refused) and self.eyes == 0

    @property
    def reason(self) -> str:
        """Why the estimate is not GOOD; empty where it is."""
        out = []
        if self.touched:
            out.append(f"another instrument at the tool ({', '.join(self.touched)})")
        if self.refused:
            out.append(f"outline lost ({', '.join(self.refused)})")
        if self.eyes == 0 and not out:
            out.append("tool out of view")
        if self.eyes and self.accepted[JAWS] < 0.4 * self.predicted[JAWS]:
            out.append("tip lost")
        elif self.eyes and self.predicted[JAWS] < 8:
            out.append("tip out of view")
        if self.predicted[SHAFT] >= 16 and self.accepted[SHAFT] < 0.3 * self.predicted[SHAFT]:
            out.append("shaft edges lost")
        return "; ".join(out)
