# SPDX-License-Identifier: Apache-2.0
"""How near balls and objects can be at most: a quick look that spares the exact one."""

from collections.abc import Sequence

import numpy as np

from trocar.geometry import Array
from trocar.sim.objects.shape import Part, Shape

_PIECE = 0.004  # m: parts are covered by the balls around pieces no longer than this


class Boxes:
    """The box around each object, in its own frame."""

    def __init__(self, shapes: Sequence[Shape]) -> None:
        """Shapes with at least one part each."""
        corners = [_extent(shape.parts) for shape in shapes]
        low = np.array([c[0] for c in corners]).reshape(-1, 3)
        high = np.array([c[1] for c in corners]).reshape(-1, 3)
        self._centre, self._half = 0.5 * (low + high), 0.5 * (high - low)

    def lower_bounds(self, centres: Array, radii: Array, poses: Sequence[Array]) -> Array:
        """At least how far in m balls (p,) are from objects (o,) at `T_world_object`; (p, o)."""
        if not poses:
            return np.empty((len(centres), 0))
        T = np.array(poses)
        # (o, 1, 3) seen from each object: rows times the rotation, which is its transpose on them.
        local = (centres[None] - T[:, None, :3, 3]) @ T[:, :3, :3]
        beyond = np.maximum(np.abs(local - self._centre[:, None]) - self._half[:, None], 0.0)
        return np.sqrt((beyond * beyond).sum(axis=-1)).T - radii[:, None]


def covering_balls(shape: Shape) -> tuple[Array, Array]:
    """Centres (n, 3) and radii (n,) in m of balls that cover a shape, object frame."""
    centres, radii = [], []
    for part in shape.parts:
        full = _full(part)
        counts = np.maximum(np.ceil(full / _PIECE).astype(int), 1)
        steps = [(np.arange(n) + 0.5) / n - 0.5 for n in counts]
        grid = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3) * full
        centres.append(grid @ part.T_object_part[:3, :3].T + part.T_object_part[:3, 3])
        radii.append(np.full(len(grid), 0.5 * np.linalg.norm(full / counts)))
    return np.concatenate(centres), np.concatenate(radii)


def _full(part: Part) -> Array:
    """Full edges (3,) in m of a part's own box."""
    a, b, c = part.size
    if part.kind == "box":
        return np.array([a, b, c])
    return np.array([2.0 * a, 2.0 * a, c + (2.0 * a if part.kind == "capsule" else 0.0)])


def _extent(parts: Sequence[Part]) -> tuple[Array, Array]:
    """Lowest and highest corner of parts in the object's frame."""
    reach = [np.abs(part.T_object_part[:3, :3]) @ (0.5 * _full(part)) for part in parts]
    places = np.array([part.T_object_part[:3, 3] for part in parts])
    return np.min(places - reach, axis=0), np.max(places + reach, axis=0)
