# SPDX-License-Identifier: Apache-2.0
"""Smoothing and thinning out of closed surfaces."""

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.anatomy.packages import need
from trocar.sim.anatomy.surface import Surface
from trocar.sim.anatomy.surface_check import checked


def smoothed(surface: Surface, rounds: int = 25) -> Surface:
    """Taubin's smoothing (SIGGRAPH 1995, lambda 0.5, mu -0.53): a step in, a larger one out."""
    from scipy.sparse import coo_array

    n, f = len(surface.vertices), surface.faces
    i = np.concatenate([f[:, 0], f[:, 1], f[:, 2]])
    j = np.concatenate([f[:, 1], f[:, 2], f[:, 0]])
    both = np.concatenate([i, j]), np.concatenate([j, i])
    link = coo_array((np.ones(2 * len(i)), both), (n, n)).tocsr()
    count = np.maximum(np.asarray(link.sum(axis=1)).ravel(), 1.0)[:, None]
    x = surface.vertices
    for _ in range(rounds):
        for step in (0.5, -0.53):
            x = x + step * ((link @ x) / count - x)
    return Surface(x, f)


def decimated(surface: Surface, faces: int) -> Surface:
    """At most about `faces` faces, still closed (otherwise the surface as it is)."""
    if len(surface.faces) <= faces:
        return surface
    simplify = need("fast_simplification").simplify
    scale = surface.extent  # the library works in single precision and near 1
    centre = surface.vertices.mean(axis=0)
    x, f = simplify(
        ((surface.vertices - centre) / scale).astype(np.float32),
        surface.faces.astype(np.int32),
        target_count=faces,
    )
    thin = Surface(np.asarray(x, dtype=float) * scale + centre, np.asarray(f, dtype=np.int64))
    try:
        return checked(thin, "decimated")
    except ConfigurationError:
        return surface
