# SPDX-License-Identifier: Apache-2.0
"""Which grid points lie in which boxes."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int64]


def points_in_boxes(
    lower: Indices, upper: Indices, at_once: int = 1_000_000
) -> Iterator[tuple[Indices, Indices]]:
    """Pairs (box, grid point): chunks of box numbers (p,) and indices (p, d).

    Boxes (n, d) hold the grid points lower <= i <= upper; an empty box gives none.
    """
    sides = np.maximum(upper - lower + 1, 0)
    counts = sides.prod(axis=1)
    chunk = np.cumsum(counts) // at_once
    for boxes in np.split(np.arange(len(counts)), np.flatnonzero(np.diff(chunk)) + 1):
        box = np.repeat(boxes, counts[boxes])
        if not len(box):
            continue
        first = np.cumsum(counts[boxes]) - counts[boxes]
        rest = np.arange(len(box)) - np.repeat(first, counts[boxes])
        index = np.empty((len(box), lower.shape[1]), dtype=np.int64)
        for axis in range(lower.shape[1] - 1, -1, -1):
            rest, index[:, axis] = np.divmod(rest, sides[box, axis])
        yield box, index + lower[box]
