# SPDX-License-Identifier: Apache-2.0
"""Soft bodies of one material: `_core.TissueBody` over a mesh, its bed, its breath."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trocar import _core
from trocar.sim.soft.tet_mesh import TetMesh


def bottom_nodes(mesh: TetMesh, thickness: float = 1e-6) -> NDArray[np.intp]:
    """Nodes within `thickness` (m) of the lowest one: what a bed holds."""
    z = mesh.nodes[:, 2]
    return np.flatnonzero(z <= z.min() + thickness)


def soft_tissue(
    mesh: TetMesh,
    anchors: ArrayLike,
    material: _core.TissueMaterial | None = None,
    config: _core.TissueConfig | None = None,
) -> _core.TissueBody:
    """Body of one material over a mesh."""
    return _core.TissueBody(
        mesh.nodes,
        mesh.tets,
        [material or _core.TissueMaterial()],
        anchors,
        config=config or _core.TissueConfig(),
    )


def breathe(
    body: _core.TissueBody, rest: ArrayLike, time: float, amplitude: float, hz: float
) -> None:
    """Lead the anchors, at rest (a, 3) m, up and down by (1 - cos)/2 of the amplitude (m)."""
    lift = amplitude * 0.5 * (1.0 - np.cos(2.0 * np.pi * hz * time))
    body.move_anchors(np.asarray(rest, dtype=float) + np.array([0.0, 0.0, lift]))
