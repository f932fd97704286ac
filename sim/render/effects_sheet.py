# SPDX-License-Identifier: Apache-2.0
"""One picture of all effects and of the truth beside them, for the documents."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import inverse
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.render.effect_costs import LENS, with_lens
from trocar.sim.render.effects import Effects
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.scope import camera_of_scope
from trocar.sim.render.tool_path import joints_at
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot, Passing

Picture = NDArray[np.uint8]
COLUMNS = 4
_LOOKS: dict[str, Effects] = {
    "default look": Effects(),
    "exposure +1.5 stops": Effects(exposure_ev=1.5),
    "-4 stops, gain 24 dB": Effects(exposure_ev=-4.0, gain_db=24.0),
    "wet highlights x4": Effects(wetness=4.0),
    "instrument shadow": Effects(shadow=0.8),
    "blood, 6 s after the cut": Effects(blood_rate=2.5e-8, blood_start_s=-5.0),
    "smoke 14 /m": Effects(smoke=14.0),
    "fog on the lens": Effects(fog=0.9),
    "motion blur 1/60 s": Effects(shutter_s=1.0 / 60.0),
}
_COLOURS = np.array([[24, 16, 20], [70, 130, 220], [240, 170, 60], [90, 200, 120]], np.uint8)
_FLOW_FULL = 40.0  # px a frame that are drawn in full colour


def effect_tiles(scene: Scene, seed: int) -> Iterator[tuple[str, Picture]]:
    """Label and picture (H, W, 3) of each tile."""
    sweep = InstrumentPath(scene.instrument, scene.T_world_camera, 1)
    second = [sweep.pose(t) for t in (1.0, 1.033)]
    now, following = (
        CellSnapshot(
            t, {"PSM1": joints_at(scene, tip, 0.6)}, None if T is None else Passing(T, JAW_ANGLE)
        )
        for t, tip, T in (
            (1.0, [-0.004, 0.002, 0.012], second[0]),
            (1.033, [-0.001, 0.0035, 0.012], second[1]),
        )
    )
    alone, then = (replace(s, passing=None) for s in (now, following))
    renderer = EndoscopeRenderer.of(scene, seed)
    try:
        for label, effects in _LOOKS.items():
            renderer.options = RenderOptions(effects=effects)
            neighbour = then if effects.shutter_s else None
            yield label, renderer.render(alone, 1, neighbour=neighbour).stereo.left_rgb
        renderer.options = RenderOptions()
        # One shaft, two scopes: the scene's own view lies midway between them.
        T_world_scope = scene.T_world_camera @ inverse(camera_of_scope(-15.0))
        for angle in (0.0, -30.0):
            T_world_camera = T_world_scope @ camera_of_scope(angle)
            turned = renderer.render(alone, 1, T_world_camera=T_world_camera)
            yield f"{abs(angle):.0f} deg scope", turned.stereo.left_rgb
        lens = EndoscopeRenderer.of(scene, seed, rig=with_lens(scene.rig))
        yield f"lens k1 {LENS[0]:g}, k2 {LENS[1]:g}", lens.render(alone, 1).stereo.left_rgb
        lens.close()
        truth = renderer.render(now, 1, truth=True, neighbour=following).left
    finally:
        renderer.close()
    if truth is None or truth.flow is None:
        return
    yield "truth: depth", _depth_picture(truth.depth)
    yield "truth: which instrument", _COLOURS[truth.instance]
    yield "truth: shaft, wrist, jaws", _COLOURS[truth.part]
    yield "truth: flow to the next frame", _flow_picture(truth.flow)


def _depth_picture(depth: NDArray[np.float32]) -> Picture:
    """Near is bright."""
    low, high = np.nanpercentile(depth, [1, 99])
    near = np.nan_to_num(np.clip((high - depth) / (high - low), 0.0, 1.0))
    return np.repeat((235.0 * near + 10.0).astype(np.uint8)[..., None], 3, axis=2)


def _flow_picture(flow: NDArray[np.float32]) -> Picture:
    """Direction as hue, speed as brightness; unknown is black."""
    angle = np.arctan2(flow[..., 1], flow[..., 0])[..., None]
    phase = angle - np.array([0.0, 2.0, 4.0]) * np.pi / 3.0
    speed = np.minimum(np.linalg.norm(flow, axis=-1) / _FLOW_FULL, 1.0)[..., None]
    colour = 255.0 * np.sqrt(speed) * (0.5 + 0.5 * np.cos(phase))
    return np.nan_to_num(colour).astype(np.uint8)
