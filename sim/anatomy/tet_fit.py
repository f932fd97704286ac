# SPDX-License-Identifier: Apache-2.0
"""A tetrahedral mesh of a closed surface with about so many nodes and the right volume."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.anatomy.distance_grid import DistanceGrid
from trocar.sim.anatomy.stuffing import Field, stuff
from trocar.sim.anatomy.surface import Surface, outside
from trocar.sim.tet_mesh import TetMesh

NODES = (50, 20_000)  # allowed
_NODES_OFF = 0.05  # of those asked for
_VOLUME_OFF = 0.003
_VOLUME_REFUSED = 0.03


@dataclass(frozen=True)
class Fit:
    """A mesh, the side (m) of its lattice, and by how much (m) the surface was moved outwards."""

    mesh: TetMesh
    side: float
    offset: float


def fit_tets(
    surface: Surface,
    nodes: int,
    volume: float,
    where: str,
    progress: Callable[[float], None] = lambda share: None,
) -> Fit:
    """About `nodes` nodes and `volume` (m3).

    A coarse surface lies inside a round one; it is moved outwards until the volume agrees.
    """
    side = 1.15 * float(np.cbrt(2.0 * volume / nodes))
    grid = DistanceGrid(surface, side / 4.0)
    progress(0.4)
    corners = surface.vertices[surface.faces]
    lower, upper = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    offset, mesh = 0.0, None
    for attempt in range(8):
        made = stuff(_moved(grid, offset), lower, upper, side)
        progress(0.4 + 0.6 * (attempt + 1) / 8)
        if made is None or made.kept < 0.98:
            raise ConfigurationError(_too_thin(where, nodes))
        mesh = made.mesh
        ratio, missing = len(mesh.nodes) / nodes, volume - mesh.volume
        if abs(ratio - 1.0) > _NODES_OFF and attempt < 4:
            side *= float(np.clip(ratio, 0.3, 3.0)) ** 0.37  # between a solid's 1/3 and a sheet's
        elif abs(missing) <= _VOLUME_OFF * volume:
            break
        offset += 0.9 * missing / outside(mesh).area
        if abs(offset) > side / 2.0:
            raise ConfigurationError(_too_thin(where, nodes))
    assert mesh is not None
    if abs(mesh.volume / volume - 1.0) > _VOLUME_REFUSED:
        raise ConfigurationError(_too_thin(where, nodes))
    progress(1.0)
    return Fit(mesh, side, offset)


def _moved(grid: DistanceGrid, offset: float) -> Field:
    return lambda points: grid(points) + offset


def _too_thin(where: str, nodes: int) -> str:
    more = min(3 * nodes, NODES[1])
    return f"{where}: the body is too thin for {nodes} nodes; say --nodes {more} or more"
