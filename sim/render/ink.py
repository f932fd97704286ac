# SPDX-License-Identifier: Apache-2.0
"""Marks as the tissue's shader takes them: segments in texture coordinates."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.marks import MOST, Mark


def ink_uniforms(marks: Iterable[Mark], scale: float) -> dict[str, Any]:
    """Uniforms of variant MARKED, empty without marks; scale: m of x or y to one unit of uv."""
    marks = tuple(marks)
    if not marks:
        return {}
    segments = np.concatenate([m.segments for m in marks]) / scale + 0.5
    half = np.concatenate([np.full(len(m.segments), 0.5 * m.width / scale) for m in marks])
    if len(segments) > MOST:
        raise ConfigurationError(
            f"marks: {len(segments)} segments and dots on one surface, room for {MOST}; draw fewer"
        )
    ends, widths = np.zeros((MOST, 4)), np.ones(MOST)
    ends[: len(segments)], widths[: len(half)] = segments, half
    return {
        "mark_count": len(segments),
        "mark_ends": [tuple(row) for row in ends.tolist()],
        "mark_half": widths.tolist(),
    }
