# SPDX-License-Identifier: Apache-2.0
"""A tetrahedral mesh of a closed surface with about so many nodes and the right volume."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.anatomy.distance_grid import DistanceGrid
from trocar.sim.anatomy.stuffing import Field, stuff
from trocar.sim.anatomy.surface import Surface, outside
from trocar.sim.soft.tet_mesh import TetMesh

NODES = (50, 20_000)  # allowed
_NODES_OFF = 0.05  # of those asked for
_KEPT = 0.98  # of the volume, by the largest part that hangs together
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
    first = 1.15 * float(np.cbrt(2.0 * volume / nodes))
    grid = DistanceGrid(surface, first / 4.0)
    progress(0.4)
    corners = surface.vertices[surface.faces]
    box = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))

    def made(side: float, offset: float) -> TetMesh:
        found = stuff(_moved(grid, offset), *box, side)
        if found is None or found.kept < _KEPT:
            raise ConfigurationError(_too_thin(where, nodes))
        return found.mesh

    bend = 0.0  # 1/m: a chord lies beneath its arc by the square of its length

    def ratio(side: float) -> float:
        nonlocal bend
        mesh = made(side, bend * side**2)
        bend = max(0.0, bend + _gap(mesh, volume) / side**2)
        return len(mesh.nodes) / nodes

    side = _side(ratio, first)
    progress(0.8)
    offset = bend * side**2
    mesh = made(side, offset)
    for attempt in range(5):
        if abs(volume - mesh.volume) <= _VOLUME_OFF * volume:
            break
        offset += 0.9 * _gap(mesh, volume)
        if abs(offset) > side / 2.0:
            raise ConfigurationError(_too_thin(where, nodes))
        mesh = made(side, offset)
        progress(0.8 + 0.04 * attempt)
    if abs(mesh.volume / volume - 1.0) > _VOLUME_REFUSED:
        raise ConfigurationError(_too_thin(where, nodes))
    progress(1.0)
    return Fit(mesh, side, offset)


def _gap(mesh: TetMesh, volume: float) -> float:
    """M by which the outside must move out for the volume."""
    return (volume - mesh.volume) / outside(mesh).area


def _side(ratio: Callable[[float], float], first: float) -> float:
    """The lattice's side with which ratio(side) is nearest to 1: false position on logarithms.

    The number of nodes falls with the side but jumps where a face lies along the lattice.
    """
    tried: list[tuple[float, float]] = []  # of side and of ratio
    at = np.log(first)
    for _ in range(7):
        tried.append((at, float(np.log(ratio(float(np.exp(at)))))))
        if abs(tried[-1][1]) <= _NODES_OFF:
            break
        many = max((t for t in tried if t[1] > 0.0), default=None)
        few = min((t for t in tried if t[1] <= 0.0), default=None)
        if many is None or few is None:
            at = tried[-1][0] + 0.4 * tried[-1][1]  # between a solid's 1/3 and a sheet's 1/2
        else:
            share = np.clip(many[1] / (many[1] - few[1]), 0.15, 0.85)
            at = many[0] + share * (few[0] - many[0])
    return float(np.exp(min(tried, key=lambda t: abs(t[1]))[0]))


def _moved(grid: DistanceGrid, offset: float) -> Field:
    return lambda points: grid(points) + offset


def _too_thin(where: str, nodes: int) -> str:
    more = min(3 * nodes, NODES[1])
    return f"{where}: the body is too thin for {nodes} nodes; say --nodes {more} or more"
