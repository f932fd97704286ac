# SPDX-License-Identifier: Apache-2.0
"""`trocar bench sim`: what the endoscope's picture costs, effect by effect, and how exact it is."""

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from trocar.app.bench_arm import arm_rows
from trocar.app.bench_cell import cell_rows
from trocar.app.bench_env import env_steps_per_s
from trocar.app.bench_tissue import tissue_rows
from trocar.app.report import Goal, at_least, at_most, reported, with_conditions
from trocar.errors import MissingDependencyError
from trocar.geometry import Array, exp_so3, inverse, make_transform, transform_points

SEED = 0
FRAME_LIMIT_MS = 1000.0 / 30.0  # CPU time of a stereo frame: 30 Hz on one core


def bench_sim(
    quick: bool, say: Callable[[str], object], surrol: str | None = None
) -> tuple[dict[str, Any], list[Goal]]:
    """Measure; `say` gets one line for each figure; `surrol`: folder of a checkout of SurRoL."""
    rounds = 5 if quick else 25
    body: dict[str, Any] = {"render": [], "effects": [], "not_measured": {}}
    goals: list[Goal] = []
    try:
        frame_times(body, goals, rounds, say)
        costs(body, rounds, say)
        box_exactness(body, goals, say)
    except MissingDependencyError as error:
        body["not_measured"]["render"] = str(error)
    arm_rows(body, goals, quick, say)
    tissue_rows(body, goals, quick, say)
    cell_rows(body, goals, quick, say)
    env_rows(body, goals, quick, say, surrol)
    return with_conditions(body, goals, [SEED]), goals


def env_rows(
    body: dict[str, Any],
    goals: list[Goal],
    quick: bool,
    say: Callable[[str], object],
    surrol: str | None,
) -> None:
    """Steps of an environment a second, beside SurRoL's."""
    try:
        rows, found = env_steps_per_s(quick, say, surrol)
    except MissingDependencyError as error:
        body["not_measured"]["env_steps_per_s"] = str(error)
        return
    body["env_steps_per_s"] = rows
    goals += found


def frame_times(
    body: dict[str, Any], goals: list[Goal], rounds: int, say: Callable[[str], object]
) -> None:
    """CPU time of a stereo frame with the default look, at three sizes, and of the whole cell."""
    os.environ.setdefault("LP_NUM_THREADS", "0")  # one core, as render_node draws
    from trocar.sim.render.effect_costs import TIP, cpu_ms
    from trocar.sim.render.projection import scaled_rig
    from trocar.sim.render.renderer import EndoscopeRenderer
    from trocar.sim.render.tool_path import joints_at
    from trocar.sim.scene import load_scene
    from trocar.sim.snapshot import CellSnapshot

    scene, cell = load_scene(), load_scene("cell")
    q, rest = joints_at(scene, TIP, 0.6), cell.at_rest()
    sizes = [(scene, 640, 480), (scene, 480, 360), (scene, 320, 240), (cell, 640, 480)]
    for shown, width, height in sizes:
        renderer = EndoscopeRenderer.of(shown, SEED, rig=scaled_rig(shown.rig, width, height))
        body["renderer"] = renderer.device
        start = rest if shown is cell else CellSnapshot(0.0, {"PSM1": q})

        def draw(
            k: int, renderer: EndoscopeRenderer = renderer, start: CellSnapshot = start
        ) -> None:
            renderer.render(replace(start, time_s=k / 30.0), k)

        cpu_ms(draw, 2)
        samples = cpu_ms(draw, 2 * rounds)
        renderer.close()
        p50, p95 = (float(x) for x in np.percentile(samples, [50, 95]))
        size = {"scene": shown.name, "width": width, "height": height, "eyes": 2}
        body["render"].append({**size, "frame_ms": p50, "p95_ms": p95, "n": len(samples)})
        say(f"{shown.name}, {width}x{height} stereo: {p50:.1f} ms of CPU (p95 {p95:.1f})")
        n, limit = len(samples), FRAME_LIMIT_MS
        if shown is cell:
            goals.append(reported("render.cell_frame_cpu_ms", p50, "ms", n))
            goals.append(reported("render.cell_frame_cpu_p95_ms", p95, "ms", n))
        elif width == 640:
            goals.append(at_most("render.frame_cpu_ms", p50, "ms", limit, n))
            goals.append(at_most("render.frame_cpu_p95_ms", p95, "ms", limit, n))


def costs(body: dict[str, Any], rounds: int, say: Callable[[str], object]) -> None:
    """What each effect adds to a stereo frame at 640x480."""
    from trocar.sim.render.effect_costs import effect_costs
    from trocar.sim.scene import load_scene

    for cost in effect_costs(load_scene(), rounds, SEED):
        body["effects"].append(
            {"name": cost.name, "without_ms": cost.without_ms, "with_ms": cost.with_ms,
             "extra_ms": cost.extra_ms, "n": cost.n}
        )  # fmt: skip
        say(
            f"{cost.name:24} {cost.extra_ms:+7.1f} ms "
            f"({cost.without_ms:.1f} without, {cost.with_ms:.1f} with)"
        )


def box_exactness(body: dict[str, Any], goals: list[Goal], say: Callable[[str], object]) -> None:
    """Depth and mask of a turned box in both eyes against closed-form rays (slab method)."""
    from trocar.sim.render.mesh import box
    from trocar.sim.render.renderer import EndoscopeRenderer, Prop
    from trocar.sim.scene import load_scene
    from trocar.sim.snapshot import CellSnapshot

    scene, away = load_scene(), np.array([0.0, 0.9, 0.06, 0.0, 0.0, 0.0, 0.0])
    size = np.array([0.018, 0.012, 0.008])
    T_world_box = make_transform(exp_so3([0.4, -0.7, 0.3]), [0.004, 0.006, 0.02])
    renderer = EndoscopeRenderer.of(scene, SEED, props=[Prop(box(size.tolist()), T_world_box, 7)])
    frame = renderer.render(CellSnapshot(0.0, {"PSM1": away}), 0, truth=True)
    renderer.close()
    errors, ious = [], []
    for drawn, eye, T_left_eye in (
        (frame.left, scene.rig.left, np.eye(4)),
        (frame.right, scene.rig.right, scene.rig.T_left_right),
    ):
        if drawn is None:
            continue
        expected = _ray_box(eye, scene.T_world_camera @ T_left_eye, T_world_box, size)
        true, seen = np.isfinite(expected), drawn.mask == 7
        ious.append(float((true & seen).sum() / (true | seen).sum()))
        errors.append(np.abs(drawn.depth - expected)[true & seen])
    error = np.concatenate(errors)
    p95_mm = 1e3 * float(np.percentile(error, 95))
    body["box"] = {"depth_p95_mm": p95_mm, "depth_max_mm": 1e3 * float(error.max()), "iou": ious}
    goals.append(at_most("depth.box_p95_mm", p95_mm, "mm", 0.01, len(error)))
    goals.append(at_least("mask.box_iou", min(ious), "", 0.999, len(error)))
    say(f"box: depth p95 {p95_mm:.2e} mm, mask IoU {min(ious):.6f}")


def _ray_box(eye: Any, T_world_eye: Array, T_world_box: Array, size: Array) -> Array:
    """Depth (H, W) in m of the first hit, NaN where missed."""
    u, v = np.meshgrid(np.arange(eye.width), np.arange(eye.height))
    d = eye.unproject(np.stack([u, v], -1), np.ones(u.shape)) @ T_world_eye[:3, :3].T
    T_box_world = inverse(T_world_box)
    o, d = transform_points(T_box_world, T_world_eye[:3, 3]), d @ T_box_world[:3, :3].T
    a, b = (-0.5 * size - o) / d, (0.5 * size - o) / d
    near, far = np.minimum(a, b).max(-1), np.maximum(a, b).min(-1)
    return np.asarray(np.where(near <= far, near, np.nan))
