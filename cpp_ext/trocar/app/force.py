# SPDX-License-Identifier: Apache-2.0
"""How well the arm says what pushes it (row `force`: RMSE <= 5 % of a range of 10 N).

Known wrenches, applied by the simulator, against the arm's own estimate.
The arm holds still at several poses on *identified* parameters; forces of up to 5 N act at the
control point along each axis of the world, static and at 1 Hz.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.identify_record import LockstepArm
from trocar.app.identify_result import identify
from trocar.geometry import Array
from trocar.sim.scene import load_scene

RANGE_N = 10.0  # -5 N .. +5 N
FORCE_N = 5.0
SINE_HZ = 1.0
# Joints and jaw: in the middle, deep, shallow and turned, all where the wrench is valid.
POSES: Array = np.array(
    [
        [0.10, 0.10, 0.140, 1.2, -0.2, 0.0, 0.3],
        [-0.60, 0.35, 0.200, -0.8, 0.7, -0.5, 0.3],
        [0.70, -0.45, 0.085, 2.0, -0.9, 0.8, 0.3],
    ]
)
_RISE_TICKS, _HOLD_TICKS, _SINE_TICKS = 100, 300, 2000
_SETTLED = 100  # ticks after a change of force that are not judged: the arm is moving then


@dataclass(frozen=True)
class Samples:
    """Applied and estimated force (N, 3) in the true base frame's axes, N."""

    applied: Array
    estimated: Array

    def rmse(self) -> float:
        """Root mean square over samples and axes, N."""
        return float(np.sqrt(np.mean((self.estimated - self.applied) ** 2)))


def measure_force(
    seed: int = 0,
    parameters: _core.DynamicParameters | None = None,
    poses: int = len(POSES),
    identify_s: float = 20.0,
) -> dict[str, Any]:
    """RMSE in N of static and 1 Hz forces, and as a share of the range.

    Identifies first, for identify_s seconds of motion, where no parameters are given.
    """
    if parameters is None:
        parameters = identify(seed, identify_s).parameters
    arm = LockstepArm(load_scene("follow"), seed, parameters)
    static, moving = [], []
    try:
        for pose in POSES[:poses]:
            arm.move(pose)
            static.append(_static(arm))
            moving.append(_sine(arm))
    finally:
        arm.close()
    still, sine = _joined(static), _joined(moving)
    return {
        "range_n": RANGE_N,
        "static_rmse_n": still.rmse(),
        "sine_rmse_n": sine.rmse(),
        "rmse_n": _joined([still, sine]).rmse(),
        "rmse_share": _joined([still, sine]).rmse() / RANGE_N,
        "worst_n": float(np.max(np.abs(still.estimated - still.applied))),
        "poses": poses,
        "samples": len(still.applied) + len(sine.applied),
        "seed": seed,
    }


def _static(arm: LockstepArm) -> Samples:
    """+5 N and -5 N along each world axis, and nothing, each held."""
    parts = []
    last = np.zeros(3)
    for axis in range(3):
        for newton in (FORCE_N, -FORCE_N, 0.0):
            force = newton * np.eye(3)[axis]
            # A blow of 10 N is a fault of the arm's (OVERACCELERATION): it is pushed, not struck.
            _run(arm, np.linspace(last, force, _RISE_TICKS))
            samples = _run(arm, np.tile(force, (_HOLD_TICKS, 1)))
            parts.append(Samples(samples.applied[_SETTLED:], samples.estimated[_SETTLED:]))
            last = force
    return _joined(parts)


def _sine(arm: LockstepArm) -> Samples:
    """5 N at 1 Hz along each world axis."""
    t = np.arange(_SINE_TICKS) * _core.TICK_NS * 1e-9
    wave = FORCE_N * np.sin(2.0 * np.pi * SINE_HZ * t)
    return _joined([_run(arm, np.outer(wave, np.eye(3)[axis])) for axis in range(3)])


def _run(arm: LockstepArm, forces: Array) -> Samples:
    """Apply forces (N, 3), world axes, a tick each; the wrench must stay valid."""
    plant = arm.cell.plant
    R_base_world = arm.cell.truth.cell.T_world_base[plant.name][:3, :3].T
    estimated = []
    for force in forces:
        plant.apply_wrench(force)
        arm.tick()
        state = arm.arm.state()
        estimated.append(state.wrench[:3] if state.wrench_valid else np.full(3, np.nan))
    plant.apply_wrench(np.zeros(3))
    arm.check()
    return Samples(forces @ R_base_world.T, np.array(estimated))


def _joined(parts: list[Samples]) -> Samples:
    return Samples(
        np.concatenate([p.applied for p in parts]), np.concatenate([p.estimated for p in parts])
    )
