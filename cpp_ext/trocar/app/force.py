# SPDX-License-Identifier: Apache-2.0
"""How well the arm says what pushes it (row `force`: RMSE <= 5 % of a range of 10 N).

Known forces, applied by the simulator at the control point, against the arm's own estimate, with
the parameters that `trocar identify` finds on the same cell.  Beside it: the control node's default
ones; an arm whose friction is not the model's and which holds something unknown; and one that
sticks.

The arm holds still at several poses; forces of up to 5 N act along each axis of the world, held and
at 1 Hz.  A held force is judged once the arm is at rest, one at 1 Hz always.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from trocar import _core
from trocar.app.identify_record import LockstepArm
from trocar.app.identify_result import identify
from trocar.errors import TrocarError
from trocar.geometry import Array
from trocar.sim.cell import ARM
from trocar.sim.scene import load_scene

RANGE_N = 10.0  # -5 N .. +5 N
FORCE_N = 5.0
SINE_HZ = 1.0
STRIBECK_SHARE = 0.4  # of Coulomb friction
PAYLOAD_KG = 0.02
STICKING = 20.0  # times steeper than the simulator's own
# Joints and jaw: in the middle, deep, shallow and turned, all where the wrench is valid.
POSES: Array = np.array(
    [
        [0.10, 0.10, 0.140, 1.2, -0.2, 0.0, 0.3],
        [-0.60, 0.35, 0.200, -0.8, 0.7, -0.5, 0.3],
        [0.70, -0.45, 0.085, 2.0, -0.9, 0.8, 0.3],
    ]
)
_RISE_TICKS, _HOLD_TICKS, _SINE_TICKS = 100, 300, 1000
_SETTLED = 100  # ticks after a change of force that are not judged: the arm is moving then


@dataclass(frozen=True)
class Samples:
    """Applied and estimated wrench (N, 6): base axes (true, measured), N and N m."""

    applied: Array
    estimated: Array

    @property
    def error(self) -> Array:
        """Estimated less applied (N, 6)."""
        return np.asarray(self.estimated - self.applied)


def force_campaign(seed: int, identify_s: float, poses: int = len(POSES)) -> dict[str, Any]:
    """Figures with parameters identified first, on the same cell.

    `static_default`, `sine_default`: with the control node's own.  `.._other_friction`: of
    `unmodelled_arm()`, identified before it took up PAYLOAD_KG.  `.._stiction`: of
    `sticking_arm()`, with the first parameters.
    """
    found = identify(seed, identify_s).parameters
    other = identify(seed, identify_s, plant=unmodelled_arm()).parameters
    beside = {
        "default": measure_force(seed, None, poses),
        "other_friction": measure_force(seed, other, poses, unmodelled_arm(PAYLOAD_KG)),
        "stiction": measure_force(seed, found, poses, sticking_arm()),
    }
    whole = measure_force(seed, found, poses)
    for name, figures in beside.items():
        for kind in _PUSHES:
            whole[f"{kind}_{name}"] = figures[kind]
            whole["n"][f"{kind}_{name}"] = figures["n"][kind]
    return whole


def unmodelled_arm(payload_kg: float = 0.0) -> _core.DynamicParameters:
    """A plant with 40 % more friction near rest than while moving, and a load in the jaw.

    The simulator's own friction has the same form as the identified model's (viscous + smoothed
    Coulomb, other numbers); this one's has a Stribeck term that no model of this code fits.
    """
    plant = _core.DynamicParameters()
    plant.stribeck = STRIBECK_SHARE * plant.coulomb
    plant.mass[6] += payload_kg
    return plant


def sticking_arm() -> _core.DynamicParameters:
    """A plant that all but sticks: below 1e-4 rad/s, where encoders say nothing of its direction.

    At rest the simulator's own friction creeps away within a moment and hides no force for long;
    a real arm's hides up to its Coulomb friction.
    """
    plant = _core.DynamicParameters()
    plant.friction_speed /= STICKING
    return plant


def measure_force(
    seed: int,
    parameters: _core.DynamicParameters | None,
    poses: int = len(POSES),
    plant: _core.DynamicParameters | None = None,
    kinds: tuple[str, ...] = ("static", "sine"),
) -> dict[str, Any]:
    """Errors for held forces (`static`) and at 1 Hz (`sine`) with the arm's `parameters`.

    None: the control node's default model.  `plant` is for the simulator alone.
    """
    arm = LockstepArm(load_scene("follow"), seed, parameters, plant)
    samples: dict[str, list[Samples]] = {kind: [] for kind in kinds}
    try:
        for pose in POSES[:poses]:
            arm.move(pose)
            for kind in kinds:
                samples[kind].append(_PUSHES[kind](arm))
    finally:
        arm.close()
    n = {kind: sum(len(pose.error) for pose in found) for kind, found in samples.items()}
    found = {kind: errors(found) for kind, found in samples.items()}
    return {"range_n": RANGE_N, **found, "n": n}


def errors(poses: list[Samples]) -> dict[str, Any]:
    """RMSE over samples and axes in N, of each axis, of each pose; the largest; of the moment."""
    error = np.concatenate([samples.error for samples in poses])
    return {
        "rmse_n": _rms(error[:, :3]),
        "axis_rmse_n": dict(zip("xyz", (_rms(error[:, i]) for i in range(3)), strict=True)),
        "pose_rmse_n": [_rms(samples.error[:, :3]) for samples in poses],
        "worst_n": float(np.max(np.abs(error[:, :3]))),
        "moment_rmse_nm": dict(zip("xyz", (_rms(error[:, i]) for i in (3, 4, 5)), strict=True)),
    }


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values**2)))


def _static(arm: LockstepArm) -> Samples:
    """+5 N and -5 N along each world axis, and nothing, each held."""
    parts = []
    last = np.zeros(3)
    for axis in range(3):
        for newton in (FORCE_N, -FORCE_N, 0.0):
            force = newton * np.eye(3)[axis]
            # A blow of 10 N is a fault of the arm's (OVERACCELERATION): it is pushed, not struck.
            _run(arm, np.linspace(last, force, _RISE_TICKS))
            held = _run(arm, np.tile(force, (_HOLD_TICKS, 1)))
            parts.append(Samples(held.applied[_SETTLED:], held.estimated[_SETTLED:]))
            last = force
    return _joined(parts)


def _sine(arm: LockstepArm) -> Samples:
    """5 N at 1 Hz along each world axis."""
    t = np.arange(_SINE_TICKS) * _core.TICK_NS * 1e-9
    wave = FORCE_N * np.sin(2.0 * np.pi * SINE_HZ * t)
    return _joined([_run(arm, np.outer(wave, np.eye(3)[axis])) for axis in range(3)])


def _run(arm: LockstepArm, forces: Array) -> Samples:
    """Apply forces (N, 3), world axes, a tick each; the wrench must stay valid."""
    plant = arm.cell.arms[ARM].plant
    R_base_world = arm.cell.truth.cell.T_world_base[plant.name][:3, :3].T
    estimated = np.empty((len(forces), 6))
    for k, force in enumerate(forces):
        plant.apply_wrench(force)
        arm.tick()
        state = arm.arm.state()
        if not state.wrench_valid:
            arm.check()
            raise TrocarError("the arm says that its wrench is not valid where it must be")
        estimated[k] = state.wrench
    arm.check()
    applied = np.zeros((len(forces), 6))
    applied[:, :3] = forces @ R_base_world.T
    return Samples(applied, estimated)


def _joined(parts: list[Samples]) -> Samples:
    return Samples(
        np.concatenate([p.applied for p in parts]), np.concatenate([p.estimated for p in parts])
    )


_PUSHES = {"static": _static, "sine": _sine}
