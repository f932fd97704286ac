# SPDX-License-Identifier: Apache-2.0
"""Is a surface finite, closed, two-manifold, consistently oriented?  One line where it is not."""

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.surface import Faces, Surface

REPAIR = "repair it in a mesh editor (MeshLab: Close Holes, Remove Non Manifold Edges)"


def checked(surface: Surface, where: str) -> Surface:
    """The surface with its faces turned outwards; ConfigurationError where it has no inside."""
    check_finite(surface.vertices, where)
    surface = merged(surface)
    if len(surface.faces) < 4:
        raise ConfigurationError(f"{where}: {len(surface.faces)} faces, a body needs at least 4")
    counts = _edge_counts(surface.faces)
    holes = int((counts == 1).sum())
    if holes:
        raise ConfigurationError(
            f"{where}: the surface is not closed: {holes} boundary edges of {len(counts)}; {REPAIR}"
        )
    shared = int((counts > 2).sum())
    if shared:
        raise ConfigurationError(f"{where}: {shared} edges belong to more than two faces; {REPAIR}")
    return _oriented(surface, where)


def check_finite(vertices: Array, where: str) -> None:
    """Every coordinate is a number."""
    bad = np.flatnonzero(~np.isfinite(vertices).all(axis=1))
    if len(bad):
        raise ConfigurationError(
            f"{where}: {len(bad)} vertices are not finite, the first is number {bad[0]}; "
            "export the surface again"
        )


def merged(surface: Surface) -> Surface:
    """Equal vertices as one (an STL file repeats them), faces that vanish by it left out.

    Where holes remain, vertices nearer than 1e-6 of the extent are merged too.
    """
    exact = _merge(surface, surface.vertices)
    if not len(exact.faces) or (_edge_counts(exact.faces) == 2).all():
        return exact
    step = max(surface.extent, 1e-12) * 1e-6
    return _merge(surface, np.round(surface.vertices / step))


def bodies(surface: Surface) -> NDArray[np.int64]:
    """(m,) number of the body that each face belongs to: what hangs together by vertices."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    n, f = len(surface.vertices), surface.faces
    rows, columns = np.concatenate([f[:, 0], f[:, 1]]), np.concatenate([f[:, 1], f[:, 2]])
    graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(n, n))
    part = connected_components(graph, directed=False)[1][f[:, 0]]
    return np.asarray(np.unique(part, return_inverse=True)[1])


def _merge(surface: Surface, key: Array) -> Surface:
    _, first, inverse = np.unique(key, axis=0, return_index=True, return_inverse=True)
    faces = inverse.ravel()[surface.faces]
    a, b, c = faces.T
    return Surface(surface.vertices, first[faces]).part((a != b) & (b != c) & (c != a))


def _edge_counts(faces: Faces) -> NDArray[np.int64]:
    edges = np.sort(faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    return np.asarray(np.unique(edges, axis=0, return_counts=True)[1])


def _oriented(surface: Surface, where: str) -> Surface:
    """Neighbours turned alike, then the whole outwards."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    m, faces = len(surface.faces), surface.faces.copy()
    edges = faces[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2)
    of = np.repeat(np.arange(m), 3)
    upward = edges[:, 0] < edges[:, 1]
    order = np.lexsort(np.sort(edges, axis=1).T)
    i, j = of[order[::2]], of[order[1::2]]
    unlike = upward[order[::2]] == upward[order[1::2]]  # the same way round: one is turned
    if unlike.any():
        # Face k is there twice, as it is (k) and turned (k + m); linked where two fit together.
        rows, columns = np.concatenate([i, i + m]), np.concatenate([j, j + m])
        columns = np.where(np.concatenate([unlike, unlike]), (columns + m) % (2 * m), columns)
        graph = coo_array((np.ones(len(rows)), (rows, columns)), shape=(2 * m, 2 * m))
        _, side = connected_components(graph, directed=False)
        if np.any(side[:m] == side[m:]):
            raise ConfigurationError(f"{where}: the surface has one side only; {REPAIR}")
        turned = side[:m] > side[m:]
        faces[turned] = faces[turned][:, ::-1]
    return _outward(Surface(surface.vertices, faces))


def _outward(surface: Surface) -> Surface:
    """Turn the whole where it encloses less than nothing: a cavity keeps its own sense."""
    if surface.volume >= 0.0:
        return surface
    return Surface(surface.vertices, surface.faces[:, ::-1])
