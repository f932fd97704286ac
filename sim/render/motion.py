# SPDX-License-Identifier: Apache-2.0
"""Motion without physics, for pictures of any scene: each tool circles, the camera sways.

Every PSM's control point rounds a small circle through where the scene starts it, orientation
kept, jaws opening and closing; an ECM pans a little; objects and soft bodies stay.
"""

from collections.abc import Callable

import numpy as np

from trocar.geometry import Array, make_transform
from trocar.kinematics import IkStatus, forward_kinematics, inverse_kinematics
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.scene import ECM, Scene
from trocar.sim.snapshot import CellSnapshot, Passing

Motion = Callable[[float], CellSnapshot]  # of the time in s

RADIUS = 0.004  # m of the circles
PERIOD_S = 5.0
_JAW = 0.25  # rad, half of the jaws' swing
_SWAY = np.array([0.03, 0.02, 0.002, 0.0])  # rad and m, of the ECM's joints
_SWAY_S = 12.0


def motion(scene: Scene, seed: int, second_at_s: float | None = None) -> Motion:
    """The moving cell of a scene; second_at_s: when the second instrument passes (< 0 never)."""
    rest = scene.at_rest()
    passing = passing_path(scene, seed, second_at_s)
    tools = {arm: _circling(scene.initial_q[arm], 0.4 * k) for k, arm in enumerate(scene.psms)}

    def at(time_s: float) -> CellSnapshot:
        q = {arm: tool(time_s) for arm, tool in tools.items()}
        if ECM in scene.initial_q:
            q[ECM] = scene.initial_q[ECM] + _SWAY * np.sin(2.0 * np.pi * time_s / _SWAY_S)
        ordered = {arm: q[arm] for arm in scene.arms}
        return CellSnapshot(time_s, ordered, passing(time_s), rest.objects, rest.soft)

    return at


def passing_path(
    scene: Scene, seed: int, second_at_s: float | None = None
) -> Callable[[float], Passing | None]:
    """The second instrument over time; None while it is not in the cavity."""
    start = scene.instrument.start_s if second_at_s is None else second_at_s
    sense = scene.realise(seed).sweep_sense
    sweep = InstrumentPath(scene.instrument, scene.T_world_camera, sense)

    def at(time_s: float) -> Passing | None:
        T_world_cp = sweep.pose(time_s - start) if start >= 0.0 else None
        return None if T_world_cp is None else Passing(T_world_cp, JAW_ANGLE)

    return at


def _circling(q0: Array, phase: float) -> Callable[[float], Array]:
    """Joints (7,) over time, through q0 at 0; held where the circle leaves the joint limits."""
    T_base_cp = np.asarray(forward_kinematics(q0[:6]))
    across, up = T_base_cp[:3, 0], T_base_cp[:3, 1]

    def at(time_s: float) -> Array:
        angle = 2.0 * np.pi * time_s / PERIOD_S
        offset = RADIUS * ((np.cos(angle) - 1.0) * across + np.sin(angle) * up)
        T = make_transform(T_base_cp[:3, :3], T_base_cp[:3, 3] + offset)
        found = inverse_kinematics(T, q0[:6])
        joints = found.q if found.status == IkStatus.OK else q0[:6]
        swing = _JAW * (np.sin(angle + phase) - np.sin(phase))
        return np.append(joints, max(0.0, float(q0[6]) + swing))

    return at
