# SPDX-License-Identifier: Apache-2.0
"""One picture of all effects and of the truth beside them, for the documents."""

from collections.abc import Iterator
from dataclasses import replace

from trocar.geometry import inverse
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.render.effect_costs import LENS, with_lens
from trocar.sim.render.effects import Effects
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.scope import camera_of_scope
from trocar.sim.render.tool_path import joints_at
from trocar.sim.render.truth_pictures import Picture, depth_picture, flow_picture, id_picture
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot, Passing

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
    yield "truth: depth", depth_picture(truth.depth)
    yield "truth: which instrument", id_picture(truth.instance)
    yield "truth: shaft, wrist, jaws", id_picture(truth.part)
    yield "truth: flow to the next frame", flow_picture(truth.flow)
