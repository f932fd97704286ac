# SPDX-License-Identifier: Apache-2.0
"""A hanging column against PyBullet's finite elements, with the constants that its energy needs."""

from pathlib import Path

import numpy as np
import pybullet
import pytest

from trocar import _core
from trocar.sim.soft.bodies import soft_tissue
from trocar.sim.soft.tet_mesh import TetMesh, block

SCALE = 10.0  # Bullet's margins want decimetres: lengths x 10, E / 10, the same mass and time
YOUNG, POISSON, DENSITY = 5e3, 0.3, 1000.0


def write_vtk(mesh: TetMesh, path: Path) -> None:
    n, m = len(mesh.nodes), len(mesh.tets)
    with path.open("w") as file:
        file.write("# vtk DataFile Version 2.0\ncolumn\nASCII\nDATASET UNSTRUCTURED_GRID\n")
        file.write(f"POINTS {n} double\n")
        np.savetxt(file, mesh.nodes * SCALE, "%.9g")
        file.write(f"CELLS {m} {5 * m}\n")
        np.savetxt(file, np.column_stack([np.full(m, 4), mesh.tets]), "%d")
        file.write(f"CELL_TYPES {m}\n")
        np.savetxt(file, np.full(m, 10), "%d")


def bullet_sag(mesh: TetMesh, top: np.ndarray, folder: Path) -> float:
    """How far (m) the lowest nodes hang below their rest, after 4 s."""
    path = folder / "column.vtk"
    write_vtk(mesh, path)
    mu = YOUNG / (2.0 * (1.0 + POISSON)) / SCALE
    lame = YOUNG * POISSON / ((1.0 + POISSON) * (1.0 - 2.0 * POISSON)) / SCALE
    world = pybullet.connect(pybullet.DIRECT)
    try:
        pybullet.resetSimulation(pybullet.RESET_USE_DEFORMABLE_WORLD, physicsClientId=world)
        pybullet.setGravity(0, 0, -9.81 * SCALE, physicsClientId=world)
        pybullet.setTimeStep(1e-3, physicsClientId=world)
        body = pybullet.loadSoftBody(
            str(path),
            mass=DENSITY * mesh.volume,
            useNeoHookean=1,
            NeoHookeanMu=4.0 / 3.0 * mu,  # its energy has a logarithm: Smith et al. 2018
            NeoHookeanLambda=lame + 5.0 / 6.0 * mu,
            NeoHookeanDamping=0.02,
            collisionMargin=0.001,
            physicsClientId=world,
        )
        for node in top:
            pybullet.createSoftBodyAnchor(body, int(node), -1, -1, physicsClientId=world)
        for _ in range(4000):
            pybullet.stepSimulation(physicsClientId=world)
        _, x = pybullet.getMeshData(
            body, -1, flags=pybullet.MESH_DATA_SIMULATION_MESH, physicsClientId=world
        )
    finally:
        pybullet.disconnect(world)
    low = mesh.nodes[:, 2] == mesh.nodes[:, 2].min()
    return float(np.mean(mesh.nodes[low, 2] - np.asarray(x)[low, 2] / SCALE))


def test_a_hanging_column_is_as_long_as_bullets(tmp_path: Path) -> None:
    mesh = block((2, 2, 10), (0.02, 0.02, 0.1))
    top = np.flatnonzero(mesh.nodes[:, 2] > -1e-9)
    body = soft_tissue(mesh, top, _core.TissueMaterial(YOUNG, POISSON, DENSITY))
    for _ in range(420):
        body.step()
    low = mesh.nodes[:, 2] == mesh.nodes[:, 2].min()
    sag = float(np.mean(mesh.nodes[low, 2] - body.positions[low, 2]))
    assert sag == pytest.approx(bullet_sag(mesh, top, tmp_path), rel=0.05)
    assert sag == pytest.approx(DENSITY * 9.81 * 0.1**2 / (2.0 * YOUNG), rel=0.10)
