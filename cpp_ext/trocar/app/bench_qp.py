# SPDX-License-Identifier: Apache-2.0
"""The quadratic program beside DAQP and quadprog.

Every answer is held against theirs.  Ours is timed in C++, a solve at a time (qp_campaign.cpp);
DAQP by its own timer (setup and solve, in C); quadprog has none, so that its row is a call through
Python and says so.
"""

import ctypes
import time
from dataclasses import dataclass, field
from importlib import metadata
from typing import Any

import numpy as np

from trocar import _core
from trocar.geometry import Array

Problem = tuple[Array, Array, Array, Array, Array, Array]  # H, g, A, b, lower, upper
PEERS = ("DAQP", "quadprog")
PACKAGES = {"DAQP": "daqp", "quadprog": "quadprog"}


@dataclass
class Beside:
    """What a peer made of the problems."""

    us: list[float] = field(default_factory=list)
    difference: float = 0.0  # largest |x - ours|, where both solved it
    compared: int = 0
    unsolved: int = 0  # by the peer alone


def random_problem(rng: np.random.Generator, n: int, rows: int) -> Problem:
    """Feasible at a hidden point; half of the rows go through it (a degenerate vertex)."""
    M = rng.normal(size=(n, n))
    inside = rng.uniform(-1.0, 1.0, n)
    A = rng.normal(size=(rows, n))
    gap = np.where(rng.random(rows) < 0.5, 0.0, rng.uniform(0.0, 0.5, rows))
    H = M @ M.T + 0.01 * np.eye(n)
    return H, 3.0 * rng.normal(size=n), A, A @ inside - gap, inside - 0.5, inside + 0.5


def solve_quadprog(problem: Problem) -> tuple[Array | None, float]:
    """The answer, None where it finds no feasible point, and the time of the call in us."""
    import quadprog

    H, g, A, b, lower, upper = problem
    eye = np.eye(len(g))
    C = np.ascontiguousarray(np.vstack([A, eye, -eye]).T)
    bounds = np.concatenate([b, lower, -upper])
    begun = time.perf_counter_ns()
    try:
        x = quadprog.solve_qp(H, -g, C, bounds)[0]
    except ValueError:
        x = None
    return x, 1e-3 * (time.perf_counter_ns() - begun)


def solve_daqp(problem: Problem) -> tuple[Array | None, float]:
    """The answer, None where it was not solved, and its own setup and solve time in us."""
    import daqp

    H, g, A, b, lower, upper = problem
    sense = np.zeros(len(g) + len(b), dtype=ctypes.c_int)
    top = np.concatenate([upper, np.full(len(b), 1e30)])
    bottom = np.concatenate([lower, b])
    x, _, flag, info = daqp.solve(H, g, A, top, bottom, sense, primal_tol=1e-11)
    return (x if flag == 1 else None), 1e6 * (info["setup_time"] + info["solve_time"])


SOLVERS = {"DAQP": solve_daqp, "quadprog": solve_quadprog}


def beside_peers(count: int, seed: int) -> tuple[dict[str, Beside], int, dict[str, str]]:
    """Solve `count` problems with each peer in turn; what came of it, ours unsolved, who lacks."""
    missing = {peer: why for peer in PEERS if (why := missing_peer(peer))}
    found = {peer: Beside() for peer in PEERS if peer not in missing}
    rng = np.random.default_rng(seed)
    unsolved = 0
    for k in range(count):
        # Every second problem is of the size that the time is taken of.
        n, rows = (6, 4) if k % 2 else (int(rng.integers(6, 9)), int(rng.integers(0, 33)))
        problem = random_problem(rng, n, rows)
        ours = _core.qp_solve(*problem)
        unsolved += ours.status != _core.QpStatus.OPTIMAL
        for peer, beside in found.items():
            x, us = SOLVERS[peer](problem)
            if k % 2:
                beside.us.append(us)
            if x is None:
                beside.unsolved += 1
            elif ours.status == _core.QpStatus.OPTIMAL:
                beside.difference = max(beside.difference, float(np.abs(x - ours.x).max()))
                beside.compared += 1
    return found, unsolved, missing


def missing_peer(peer: str) -> str:
    """How to get a peer that is not installed; "" where it is."""
    try:
        metadata.version(PACKAGES[peer])
    except metadata.PackageNotFoundError:
        return f"not measured: pip install {PACKAGES[peer]}"
    return ""


def qp_rows(
    box4_us: dict[str, float], found: dict[str, Beside], missing: dict[str, str]
) -> list[dict[str, Any]]:
    """Rows "qp": six variables, bounds and four rows; ours from the C++ campaign, in C++."""
    ours = 1e3 * box4_us["p50"]
    rows: list[dict[str, Any]] = []
    for peer in PEERS:
        row: dict[str, Any] = {
            "name": "qp",
            "ours_ns": ours,
            "peer": peer,
            "peer_ns": None,
            "ratio": None,
            "instructions": None,
            "note": missing.get(peer, ""),
        }
        if peer in found:
            us = np.array(found[peer].us)
            row |= {
                "peer_ns": 1e3 * float(np.median(us)),
                "ratio": float(np.median(us)) / box4_us["p50"],
                "peer_p99_ns": 1e3 * float(np.quantile(us, 0.99)),
                "ours_p99_ns": 1e3 * box4_us["p99"],
                "max_difference": found[peer].difference,
                "n": len(us),
                "note": "its own timer" if peer == "DAQP" else "a call through Python",
            }
        rows.append(row)
    return rows
