# SPDX-License-Identifier: Apache-2.0
"""Motion without physics, for pictures of any scene: each tool circles, the camera sways.

Every PSM's control point rounds a small circle through where the scene starts it, orientation
kept, jaws opening and closing.  Over a soft body the tools take turns instead: down onto it, close,
lift, let go.  An ECM pans a little; objects stay where the scene puts them, and so do nodes.
"""

from collections.abc import Callable

import numpy as np

from trocar.geometry import Array, make_transform, transform_points
from trocar.kinematics import (
    T_CONTROL_POINT_JAW_TIP,
    IkStatus,
    forward_kinematics,
    inverse_kinematics,
)
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.scene import ECM, Scene
from trocar.sim.snapshot import CellSnapshot, Passing

Motion = Callable[[float], CellSnapshot]  # of the time in s

RADIUS = 0.004  # m of the circles
PERIOD_S = 5.0
_JAW = 0.25  # rad, half of the jaws' swing
_SWAY = np.array([0.03, 0.02, 0.002, 0.0])  # rad and m, of the ECM's joints
_SWAY_S = 12.0

LIFT_S = 6.0  # one turn of down, close, lift and let go
_BESIDE = 0.012  # m from the middle of the body, one tool on either side
_DEPTH = 0.003  # m that open jaws press in before they close
# s; share of the way down; m lifted; rad of the jaws
_LIFT = (
    (0.0, 0.0, 0.0, 0.3),
    (1.4, 1.0, 0.0, 0.6),
    (2.0, 1.0, 0.0, 0.0),
    (3.3, 1.0, 0.010, 0.0),
    (3.8, 1.0, 0.010, 0.0),
    (4.3, 1.0, 0.008, 0.6),
    (LIFT_S, 0.0, 0.0, 0.3),
)


def motion(scene: Scene, seed: int, second_at_s: float | None = None) -> Motion:
    """The moving cell of a scene; second_at_s: when the second instrument passes (< 0 never)."""
    rest = scene.at_rest()
    passing = passing_path(scene, seed, second_at_s)
    tools = {arm: _tool(scene, arm, k) for k, arm in enumerate(scene.psms)}

    def at(time_s: float) -> CellSnapshot:
        q = {arm: tool(time_s) for arm, tool in tools.items()}
        if ECM in scene.initial_q:
            q[ECM] = scene.initial_q[ECM] + _SWAY * np.sin(2.0 * np.pi * time_s / _SWAY_S)
        ordered = {arm: q[arm] for arm in scene.arms}
        return CellSnapshot(time_s, ordered, passing(time_s), rest.objects, rest.soft)

    return at


def _tool(scene: Scene, arm: str, index: int) -> Callable[[float], Array]:
    if not scene.soft:
        return _circling(scene.initial_q[arm], 0.4 * index)
    nodes = next(iter(scene.soft.values())).mesh.nodes
    low, high = nodes.min(axis=0), nodes.max(axis=0)
    place = 0.5 * (low + high) + [(-_BESIDE, _BESIDE)[index % 2], 0.0, 0.0]
    place[2] = high[2] - _DEPTH
    return _lifting(scene, arm, index, place)


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
    """Joints (7,) over time, through q0 at 0."""
    T_base_cp = np.asarray(forward_kinematics(q0[:6]))
    across, up = T_base_cp[:3, 0], T_base_cp[:3, 1]

    def at(time_s: float) -> Array:
        angle = 2.0 * np.pi * time_s / PERIOD_S
        offset = RADIUS * ((np.cos(angle) - 1.0) * across + np.sin(angle) * up)
        swing = _JAW * (np.sin(angle + phase) - np.sin(phase))
        return _joints(q0, T_base_cp, offset, float(q0[6]) + swing)

    return at


def _lifting(scene: Scene, arm: str, index: int, p_world: Array) -> Callable[[float], Array]:
    """Joints (7,) over time: the jaw tip goes down to a point (3,), closes, lifts and lets go."""
    q0, T_world_base = scene.initial_q[arm], scene.T_world_base(arm)
    T_base_cp = np.asarray(forward_kinematics(q0[:6]))
    tip = transform_points(T_world_base @ T_base_cp @ T_CONTROL_POINT_JAW_TIP, np.zeros(3))
    when, *columns = (np.array(c) for c in zip(*_LIFT, strict=True))
    delay = LIFT_S * index / max(1, len(scene.psms))

    def at(time_s: float) -> Array:
        t = max(0.0, time_s - delay) % LIFT_S
        k = int(np.searchsorted(when, t, side="right")) - 1
        share = 0.5 - 0.5 * np.cos(np.pi * (t - when[k]) / (when[k + 1] - when[k]))
        near, lift, jaw = (c[k] + share * (c[k + 1] - c[k]) for c in columns)
        offset_world = near * (p_world - tip) + [0.0, 0.0, lift]
        return _joints(q0, T_base_cp, offset_world @ T_world_base[:3, :3], jaw)

    return at


def _joints(q0: Array, T_base_cp: Array, offset: Array, jaw: float) -> Array:
    """Joints (7,) with the control point off (3,) m from where it was; q0's where none do."""
    T = make_transform(T_base_cp[:3, :3], T_base_cp[:3, 3] + offset)
    found = inverse_kinematics(T, q0[:6])
    joints = found.q if found.status == IkStatus.OK else q0[:6]
    return np.append(joints, max(0.0, jaw))
