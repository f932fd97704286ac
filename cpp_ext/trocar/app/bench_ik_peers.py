# SPDX-License-Identifier: Apache-2.0
"""IK solvers that exist only behind Python: TRAC-IK (pytracik) and PyBullet, raced against ours.

A row's ratio is (peer - overhead) / ours_ns: ours as timed in C++ in the same run, the peer less
the overhead of its own binding (for TRAC-IK the time of its `fk`, which converts the same
arguments; for PyBullet that of `getLinkState`), so the peer is given more than its due.
`python_ratio` compares the two calls as Python sees them.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.bench_samples import Poses, judge, race
from trocar.app.bench_urdf import psm_urdf
from trocar.geometry import Array, quat_xyzw_from_matrix

TIMEOUT_S = 0.005  # of TRAC-IK, its own default
TOLERANCE = 1e-6  # m and rad
PYBULLET_ITERATIONS = (20, 100)  # its default, and a generous choice
BATCH = 10

Solver = Callable[[int, Array], Array | None]  # pose number, seed (6,) -> joints (6,)


def ik_peer_rows(poses: Poses, ours_ns: dict[str, float]) -> list[dict[str, Any]]:
    """Rows "ik" of both peers; `ours_ns` by kind of seed, "near" and "mid"."""
    rows = []
    for peers, name, package in (
        (tracik_solvers, "TRAC-IK", "pytracik"),
        (pybullet_solvers, "PyBullet", "pybullet"),
    ):
        try:
            solvers = peers(poses)
        except ImportError as error:
            rows.append(absent("ik", name, f"{error}; pip install {package}"))
            continue
        for label, solver, overhead_ns in solvers:
            for kind, seeds in (("near", poses.seed_near), ("mid", poses.seed_mid)):
                rows.append(row(label, kind, solver, seeds, poses, overhead_ns, ours_ns.get(kind)))
    return rows


def absent(name: str, peer: str, note: str) -> dict[str, Any]:
    """The row of a peer that is not on this machine."""
    keys = ("ours_ns", "peer_ns", "ratio", "instructions")
    return {"name": name, "peer": peer, **dict.fromkeys(keys), "note": f"not measured: {note}"}


def row(
    label: str,
    kind: str,
    solver: Solver,
    seeds: Array,
    poses: Poses,
    overhead_ns: float,
    ours_ns: float | None,
) -> dict[str, Any]:
    """Race one solver against ours, and judge what it found."""
    count = len(poses.q)
    answers: list[Array | None] = [None] * count
    T, q_seed = list(poses.T_base_cp), list(seeds)

    def theirs(i: int) -> None:
        answers[i] = solver(i, q_seed[i])

    ours, peer = race([lambda i: _core.psm_ik(T[i], q_seed[i]), theirs], count, BATCH)
    worth = judge(answers, poses.T_base_cp)
    peer_ns = float(np.median(peer))
    return {
        "name": "ik",
        "ours_ns": ours_ns,
        "ours_python_ns": float(np.median(ours)),
        "peer": f"{label}, {kind} seed",
        "peer_ns": peer_ns,
        "peer_overhead_ns": overhead_ns,
        "ratio": (peer_ns - overhead_ns) / ours_ns if ours_ns else None,
        "python_ratio": peer_ns / float(np.median(ours)),
        "instructions": None,
        "peer_success": worth.success,
        "peer_max_position_error_m": worth.max_position_error_m,
        "peer_max_rotation_error_rad": worth.max_rotation_error_rad,
        "peer_p99_ns": float(np.percentile(peer, 99)),
        "n": count,
        "note": f"from Python, call overhead {overhead_ns:.0f} ns taken off in the ratio",
    }


def tracik_solvers(poses: Poses) -> list[tuple[str, Solver, float]]:
    """TRAC-IK in its mode for speed."""
    import pytracik

    arm = pytracik.TRAC_IK(
        "base", "tool", psm_urdf(), TIMEOUT_S, TOLERANCE, pytracik.SolveType.Speed
    )
    position = [T[:3, 3] for T in poses.T_base_cp]
    quaternion = [quat_xyzw_from_matrix(T[:3, :3]) for T in poses.T_base_cp]

    def solve(i: int, seed: Array) -> Array | None:
        status_and_q = pytracik.ik(arm, seed, *position[i], *quaternion[i])
        return status_and_q[1:] if status_and_q[0] >= 0 else None

    overhead = race([lambda i: pytracik.fk(arm, poses.q[i])], len(poses.q), BATCH)[0]
    return [("TRAC-IK (Speed)", solve, float(np.median(overhead)))]


def pybullet_solvers(poses: Poses) -> list[tuple[str, Solver, float]]:
    """PyBullet's damped least squares; it starts at the joint state, set outside the solver."""
    import pybullet

    client = pybullet.connect(pybullet.DIRECT)
    with tempfile.TemporaryDirectory() as folder:
        urdf = Path(folder) / "psm.urdf"
        urdf.write_text(psm_urdf(base_inertia=True))
        body = pybullet.loadURDF(str(urdf), useFixedBase=True, physicsClientId=client)
    tool = pybullet.getNumJoints(body, physicsClientId=client) - 1
    position = [list(T[:3, 3]) for T in poses.T_base_cp]
    quaternion = [list(quat_xyzw_from_matrix(T[:3, :3])) for T in poses.T_base_cp]

    def set_joints(seed: Array) -> None:
        for joint in range(6):
            pybullet.resetJointState(body, joint, seed[joint], physicsClientId=client)

    def solver(iterations: int) -> Solver:
        def solve(i: int, seed: Array) -> Array | None:
            set_joints(seed)
            return np.array(
                pybullet.calculateInverseKinematics(
                    body,
                    tool,
                    position[i],
                    quaternion[i],
                    maxNumIterations=iterations,
                    residualThreshold=TOLERANCE,
                    physicsClientId=client,
                )
            )

        return solve

    # What belongs to the call and not to the solver: the binding, and setting the start.
    def idle(i: int) -> None:
        set_joints(poses.q[i])
        pybullet.getLinkState(body, tool, physicsClientId=client)

    overhead = float(np.median(race([idle], len(poses.q), BATCH)[0]))
    return [(f"PyBullet ({n} iterations)", solver(n), overhead) for n in PYBULLET_ITERATIONS]
