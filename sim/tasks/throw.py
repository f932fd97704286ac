# SPDX-License-Identifier: Apache-2.0
"""Random places of objects."""

import numpy as np

from trocar.geometry import Array, exp_so3, make_transform


def thrown(
    rng: np.random.Generator,
    T_world_object: Array,
    spread_x: float,
    spread_y: float,
    turn: float,
    pivot: Array | None = None,
) -> Array:
    """A pose moved by up to +-spreads in m and turned about the world's z by up to +-turn rad.

    pivot (3,): the point of the object, in its frame, that stays where the object's origin would.
    """
    dx, dy, angle = (
        float(rng.uniform(-s, s)) if s > 0.0 else 0.0 for s in (spread_x, spread_y, turn)
    )
    T = make_transform(exp_so3([0.0, 0.0, angle]) @ T_world_object[:3, :3])
    T[:3, 3] = T_world_object[:3, 3] + [dx, dy, 0.0]
    if pivot is not None:
        T[:3, 3] -= T[:3, :3] @ pivot
    return T


def drawn_in(rng: np.random.Generator, low: Array, high: Array) -> Array:
    """A point (3,) in a box."""
    return np.asarray(rng.uniform(np.asarray(low), np.asarray(high)))
