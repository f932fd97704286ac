# SPDX-License-Identifier: Apache-2.0
"""`trocar bench sim`: what soft tissue costs, and how near to theory and finite elements it is."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.report import Goal, at_least, at_most
from trocar.geometry import Array
from trocar.sim.soft.bodies import bottom_nodes, soft_tissue
from trocar.sim.soft.equilibrium import StaticFem
from trocar.sim.soft.jaws import Jaws
from trocar.sim.soft.tet_mesh import block, slab

Say = Callable[[str], object]
SPACINGS = (0.008, 0.0065, 0.0052)  # m; slabs of 507, 1024 and about 2000 nodes
CORE_SHARE = 0.20  # of a core at 60 Hz, with about 1000 nodes
COLUMN = 0.1  # m
DENSITY, POISSON = 1000.0, 0.3
_DOWN = np.diag([1.0, -1.0, -1.0, 1.0])  # a jaw frame that points down


def tissue_rows(body: dict[str, Any], goals: list[Goal], quick: bool, say: Say) -> None:
    """All rows of soft tissue."""
    speed(body, goals, 60 if quick else 300, say)
    column(body, goals, say)
    press(body, goals, say)
    grasp(body, goals, say)
    repeat(body, goals, say)


def speed(body: dict[str, Any], goals: list[Goal], frames: int, say: Say) -> None:
    """CPU time of a frame of 1/60 s with a tool in contact, by size."""
    body["tissue"] = []
    for spacing in SPACINGS:
        mesh = slab(spacing)
        tissue = soft_tissue(mesh, bottom_nodes(mesh), _core.TissueMaterial(5e3, 0.45))
        tool = tissue.add_tool(0.002)
        tissue.place_tool(tool, [0, 0, 0.05], [0, 0, 0.003])
        samples = []
        for k in range(frames):
            depth = 0.003 - 0.008 * min(1.0, 4.0 * k / frames)
            tissue.move_tool(tool, [0, 0, 0.05], [0, 0, depth])
            start = time.process_time()
            tissue.step()
            samples.append(1e3 * (time.process_time() - start))
        p50, p99 = (float(v) for v in np.percentile(samples, [50, 99]))
        nodes = len(mesh.nodes)
        row = {"nodes": nodes, "tets": len(mesh.tets), "frame_ms": p50, "p99_ms": p99}
        body["tissue"].append({**row, "realtime_factor": 1e3 / 60.0 / p50, "n": frames})
        say(f"tissue of {nodes} nodes: {p50:.2f} ms of CPU a frame (p99 {p99:.2f})")
        if spacing == SPACINGS[1]:
            goals.append(at_most("tissue.core_share", 0.06 * p50, "1", CORE_SHARE, frames))


def column(body: dict[str, Any], goals: list[Goal], say: Say) -> None:
    """A hanging column against rho g L^2 / 2 E, which holds where the stretch is small."""
    errors = {}
    for young in (5e3, 2e4, 1e5):
        mesh = block((2, 2, 10), (0.02, 0.02, COLUMN))
        top = np.flatnonzero(mesh.nodes[:, 2] > -1e-9)
        tissue = soft_tissue(mesh, top, _core.TissueMaterial(young, POISSON, DENSITY))
        for _ in range(420):
            tissue.step()
        low = mesh.nodes[:, 2] == mesh.nodes[:, 2].min()
        sag = float(np.mean(mesh.nodes[low, 2] - tissue.positions[low, 2]))
        errors[young] = sag / (DENSITY * 9.81 * COLUMN**2 / (2.0 * young)) - 1.0
    body["column"] = [{"young": e, "error": error} for e, error in errors.items()]
    worst = max(abs(error) for error in errors.values())
    goals.append(at_most("column.error", worst, "1", 0.10, len(errors)))
    told = ", ".join(f"{e / 1e3:g} kPa {100 * v:+.1f} %" for e, v in errors.items())
    say(f"hanging column against theory: {told}")


def press(body: dict[str, Any], goals: list[Goal], say: Say) -> None:
    """Force on a sphere at 2 and 5 mm against Newton's equilibrium of the same mesh."""
    mesh = block((10, 10, 3), (0.08, 0.08, 0.024))
    fixed, radius, at = bottom_nodes(mesh), 0.006, np.array([0.0013, 0.0007, 0.0])
    config = _core.TissueConfig()
    config.gravity = np.zeros(3)
    tissue = soft_tissue(mesh, fixed, _core.TissueMaterial(young=5e3, poisson=0.4), config)
    fem = StaticFem(mesh.nodes, mesh.tets.astype(int), 5e3, 0.4, fixed)
    tool, x, height = tissue.add_tool(radius, 0.0), mesh.nodes.copy(), radius + 0.0005
    body["press"] = []
    for depth in (0.002, 0.005):
        for z in [*np.linspace(height, radius - depth, 40), *[radius - depth] * 90]:
            tissue.move_tool(tool, at + [0, 0, z], at + [0, 0, z])
            tissue.step()
        height = radius - depth
        for part in (height + 0.0015, height):
            x, force = fem.press(tissue.surface.astype(int), at + [0, 0, part], radius, x)
        ours = float(tissue.tool_wrench(tool)[2])
        error = ours / float(force[2]) - 1.0
        row = {"depth": depth, "force": ours, "fem": float(force[2]), "error": error}
        body["press"].append(row)
        goals.append(at_most(f"press.error_{1e3 * depth:g}mm", abs(error), "1", 0.15, 1))
        told = f"{ours:.4f} N, FEM {force[2]:.4f} N ({100 * error:+.1f} %)"
        say(f"press by {1e3 * depth:g} mm: {told}")


def grasp(body: dict[str, Any], goals: list[Goal], say: Say) -> None:
    """How exactly held nodes follow the jaws, and what is left when they have let go."""
    tissue, jaws, T = _pinched()
    if not jaws.is_holding:
        goals.append(at_most("grasp.follow", None, "mm", 0.3, 0))
        return
    nodes = tissue.grasped_nodes(jaws.grasp)
    start, off = tissue.positions[nodes], 0.0
    for k in range(1, 41):
        up = np.array([0.0, 0.0, 0.008 * k / 40])
        jaws.move(_lifted(T, up[2]), 0.003)
        tissue.step()
        off = max(off, float(np.abs(tissue.positions[nodes] - start - up).max()))
    jaws.place(_lifted(T, 0.05), 0.006)
    jaws.open()
    for _ in range(240):
        tissue.step()
    left = float(np.abs(tissue.positions - tissue.rest).max())
    body["grasp"] = {"follow_mm": 1e3 * off, "residual_mm": 1e3 * left, "nodes": len(nodes)}
    goals.append(at_most("grasp.follow", 1e3 * off, "mm", 0.3, len(nodes)))
    goals.append(at_most("grasp.residual", 1e3 * left, "mm", 0.2, len(tissue.rest)))
    say(f"grasp: follows to {1e3 * off:.1e} mm, {1e3 * left:.3f} mm left after release")


def repeat(body: dict[str, Any], goals: list[Goal], say: Say) -> None:
    """Two runs with a tool, jaws and a cut."""

    def run() -> bytes:
        tissue, jaws, T = _pinched()
        tissue.cut([-0.02, 0.001, 0.001], [0.02, 0.001, 0.001], [0, 0, -0.012])
        for k in range(20):
            jaws.move(_lifted(T, 0.0002 * k), 0.003)
            tissue.step()
        return bytes(tissue.positions.tobytes() + jaws.pull.tobytes())

    same = run() == run()
    body["tissue_repeat"] = same
    goals.append(at_least("repeat.tissue", float(same), "1", 1.0, 2))
    say(f"two runs of the tissue: {'the same' if same else 'NOT the same'} bits")


def _pinched() -> tuple[_core.TissueBody, Jaws, Array]:
    """A lobe without weight in closed jaws, and where those are."""
    mesh = block((15, 15, 5), (0.06, 0.06, 0.02))
    config = _core.TissueConfig()
    config.gravity = np.zeros(3)
    tissue = soft_tissue(mesh, bottom_nodes(mesh), config=config)
    jaws, opening = Jaws(tissue), 0.012
    T = _lifted(_DOWN, 0.004)
    jaws.place(T, opening)
    for k in range(1, 41):
        T = _lifted(_DOWN, 0.004 - 0.008 * k / 40)
        jaws.move(T, opening)
        tissue.step()
    for _ in range(60):
        opening -= 0.00015
        jaws.move(T, opening)
        tissue.step()
    jaws.close(T, opening)
    return tissue, jaws, T


def _lifted(T: Array, height: float) -> Array:
    lifted = np.array(T)
    lifted[2, 3] += height
    return lifted
