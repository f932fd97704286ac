# SPDX-License-Identifier: Apache-2.0
"""What the Python side of the benchmark is fed with, and how a call is timed."""

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from trocar import _core
from trocar.geometry import Array

RCM_DEPTH_M = 0.0606  # insertion with the wrist 45 mm past the RCM


@dataclass(frozen=True)
class Poses:
    """Joints (N, 6) inside the limits, wrist past the 45 mm rule; their poses (N, 4, 4); seeds."""

    q: Array
    T_base_cp: Array
    seed_near: Array  # within 0.05 rad and 5 mm of q
    seed_mid: Array  # the middle of the range, the same for all


def joint_limits() -> tuple[Array, Array]:
    """Lower and upper limits (6,) of the sample."""
    low, high = np.array(_core.Q_MIN[:6]), np.array(_core.Q_MAX[:6])
    low[2] = RCM_DEPTH_M
    return low, high


def random_joints(rng: np.random.Generator, count: int) -> Array:
    """Joints (count, 6) inside the limits with the wrist at least 45 mm past the RCM."""
    low, high = joint_limits()
    return low + (high - low) * rng.uniform(0.0, 1.0, (count, 6))


def random_poses(rng: np.random.Generator, count: int) -> Poses:
    """The sample."""
    low, high = joint_limits()
    q = random_joints(rng, count)
    away = np.array([0.05, 0.05, 0.005, 0.05, 0.05, 0.05])
    near = np.clip(q + away * rng.uniform(-1.0, 1.0, q.shape), low, high)
    mid = np.broadcast_to(0.5 * (low + high), q.shape)
    return Poses(q, np.array([_core.psm_fk(row) for row in q]), near, mid)


def race(contestants: list[Callable[[int], object]], count: int, batch: int) -> list[Array]:
    """Times (batches,) in ns of one call of each, their batches in turn (ABAB...)."""
    for call in contestants:
        call(0)
    samples: list[list[float]] = [[] for _ in contestants]
    for start in range(0, count - batch + 1, batch):
        for call, times in zip(contestants, samples, strict=True):
            begun = time.perf_counter_ns()
            for i in range(start, start + batch):
                call(i)
            times.append((time.perf_counter_ns() - begun) / batch)
    return [np.array(times) for times in samples]


@dataclass(frozen=True)
class Worth:
    """What the answers of an IK solver were worth."""

    success: float  # share: within 0.1 mm, 1 mrad and the limits
    max_position_error_m: float  # of the successes
    max_rotation_error_rad: float


def judge(answers: list[Array | None], T_base_cp: Array) -> Worth:
    """Judge joints (6,), None where the solver found nothing, by our FK (checked against all)."""
    low, high = np.array(_core.Q_MIN[:6]) - 1e-9, np.array(_core.Q_MAX[:6]) + 1e-9
    found, position, rotation = 0, 0.0, 0.0
    for q, T in zip(answers, T_base_cp, strict=True):
        if q is None or np.any(q < low) or np.any(q > high):
            continue
        T_found = _core.psm_fk(q)
        dp = float(np.linalg.norm(T_found[:3, 3] - T[:3, 3]))
        chord = np.linalg.norm(T_found[:3, :3] - T[:3, :3]) / (2.0 * np.sqrt(2.0))
        dr = float(2.0 * np.arcsin(min(1.0, chord)))
        if dp <= 1e-4 and dr <= 1e-3:
            found += 1
            position, rotation = max(position, dp), max(rotation, dr)
    return Worth(found / len(answers), position, rotation)
