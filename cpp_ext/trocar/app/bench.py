# SPDX-License-Identifier: Apache-2.0
"""`trocar bench core`: how long the core's functions take on this machine, and how exact IK is.

Times are of calls from Python, binding included; no peer is timed beside them yet (`peer` null).
`make bench-instructions` counts what no load can disturb.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from trocar.app.report import check_writable, with_conditions, write_json
from trocar.errors import ConfigurationError
from trocar.geometry import Array, log_so3

SUITES = ("core",)
SEED = 1
POSES = 5000
TICKS = 20000
BATCH = 50  # calls a sample: the clock's own cost is spread over them


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `trocar bench`."""
    parser.add_argument("suite", metavar="SUITE", help=f"one of: {', '.join(SUITES)}")
    parser.add_argument("--json", metavar="FILE", help="write what was measured")


def run(args: argparse.Namespace) -> int:
    """Exit code 0; timings have no limit here, machines differ."""
    if args.suite not in SUITES:
        raise ConfigurationError(f"unknown suite {args.suite}; valid: {', '.join(SUITES)}")
    if args.json:
        check_writable(args.json)
    figures = bench_core(np.random.default_rng(SEED))
    for row in figures["rows"]:
        print(f"{row['name']:20} {row['ours_ns']:9.0f} ns")
    tick, ik = figures["tick_us"], figures["ik"]
    print(f"{'tick':20} p50 {tick['p50']:.1f}, p99 {tick['p99']:.1f}, max {tick['max']:.1f} us")
    print(f"{'ik round trip':20} {ik['success']} of {ik['poses']},", end=" ")
    print(f"worst {ik['max_position_error_m']:.1e} m")
    if args.json:
        write_json(args.json, with_conditions(figures, [], [SEED]))
    return 0


def random_joints(rng: np.random.Generator, count: int) -> Array:
    """Joints (count, 6) inside the limits with the wrist at least 45 mm past the RCM."""
    from trocar import _core

    low, high = np.array(_core.Q_MIN[:6]), np.array(_core.Q_MAX[:6])
    low[2] = max(low[2], 0.060)  # m of insertion: the wrist is past the 45 mm rule
    return low + (high - low) * rng.uniform(0.02, 0.98, (count, 6))


def bench_core(rng: np.random.Generator) -> dict[str, Any]:
    """The figures of design section 6, `trocar bench core`."""
    from trocar import _core

    joints = random_joints(rng, POSES)
    poses = [_core.psm_fk(q) for q in joints]
    parameters = _core.DynamicParameters()
    q7 = np.concatenate([joints, np.full((POSES, 1), 0.3)], axis=1)
    zero = np.zeros(7)
    functions: dict[str, Callable[[int], object]] = {
        "fk": lambda i: _core.psm_fk(joints[i]),
        "jacobian": lambda i: _core.psm_jacobian(joints[i]),
        "ik": lambda i: _core.psm_ik(poses[i], joints[i]),
        "gravity": lambda i: _core.gravity_torque(parameters, q7[i]),
        "inverse_dynamics": lambda i: _core.inverse_dynamics(parameters, q7[i], zero, zero),
        "mass_matrix": lambda i: _core.mass_matrix(parameters, q7[i]),
    }
    rows = [
        {"name": name, "ours_ns": call_ns(f, POSES), "peer": None, "peer_ns": None, "ratio": None}
        for name, f in functions.items()
    ]
    return {"rows": rows, "ik": ik_accuracy(joints, poses), "tick_us": tick_us()}


def call_ns(function: Callable[[int], object], count: int) -> float:
    """Median time of one call in ns over batches of calls."""
    samples = []
    for start in range(0, count - BATCH, BATCH):
        begun = time.perf_counter_ns()
        for i in range(start, start + BATCH):
            function(i)
        samples.append((time.perf_counter_ns() - begun) / BATCH)
    return float(np.median(samples))


def ik_accuracy(joints: Array, poses: list[Array]) -> dict[str, Any]:
    """How far FK(IK(T)) is from T, the IK seeded with the joints that made T."""
    from trocar import _core

    position, rotation, success = 0.0, 0.0, 0
    for q, T in zip(joints, poses, strict=True):
        result = _core.psm_ik(T, q)
        if result.status != _core.IkStatus.OK:
            continue
        success += 1
        T_found = _core.psm_fk(result.q)
        position = max(position, float(np.linalg.norm(T_found[:3, 3] - T[:3, 3])))
        rotation = max(rotation, float(np.linalg.norm(log_so3(T[:3, :3].T @ T_found[:3, :3]))))
    return {
        "poses": len(poses),
        "success": success,
        "max_position_error_m": position,
        "max_rotation_error_rad": rotation,
    }


def tick_us() -> dict[str, float]:
    """One tick of the arm and its plant-side supervisor in lockstep, called from Python, in us."""
    from trocar import _core

    port = _core.LockstepPort(_core.Arm(_core.ArmConfig()))
    q, zero = np.array([0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0]), np.zeros(7)
    samples = np.empty(TICKS)
    for tick in range(TICKS):
        begun = time.perf_counter_ns()
        port.exchange(q, zero, zero, (tick + 1) * _core.TICK_NS)
        samples[tick] = (time.perf_counter_ns() - begun) / 1e3
    p50, p99 = np.percentile(samples, [50, 99])
    return {"p50": float(p50), "p99": float(p99), "max": float(samples.max())}
