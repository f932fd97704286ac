# SPDX-License-Identifier: Apache-2.0
"""The second pass: one eye's linear pinhole picture becomes what the sensor gives.

Only where it is needed (distortion, smear, smoke, fog): without it the tissue's own shader ends
at the sensor and the second pass is saved.  The pinhole's picture is drawn with a margin, so that
a barrel distortion finds what it pulls in.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from trocar.camera import Intrinsics
from trocar.geometry import Array
from trocar.sim.render.capture import Capture
from trocar.sim.render.context import Programs, set_uniforms
from trocar.sim.render.distortion import ideal_pixels
from trocar.sim.render.noise_field import fractal_noise
from trocar.sim.render.smoke import Smoke

SCENE, TRUTH, FLOW, WARP, SMOKE, MIST = range(4, 10)  # texture units
_MIST_SIZE = 128


class LensPass:
    """Buffers for the pinhole's picture of one eye at a time, and the pass over it."""

    def __init__(
        self, context: Any, programs: Programs, eyes: tuple[Intrinsics, Intrinsics], seed: int
    ) -> None:
        """Reserve everything; ConfigurationError on a distortion that folds the picture."""
        self._context, self._programs, self._seed = context, programs, seed
        self.warped = any(any(eye.distortion) for eye in eyes)
        warps = [ideal_pixels(eye) for eye in eyes] if self.warped else []
        far = [_overhang(warp, eye) for warp, eye in zip(warps, eyes, strict=False)]
        self.margin = tuple(int(m) for m in np.max(far, axis=0)) if far else (0, 0)
        mx, my = self.margin
        self._eyes = eyes
        self.drawn = tuple(
            replace(
                eye, width=eye.width + 2 * mx, height=eye.height + 2 * my,
                cx=eye.cx + mx, cy=eye.cy + my,
            )
            for eye in eyes
        )  # fmt: skip
        size = (self.drawn[0].width, self.drawn[0].height)
        self._scene = context.texture(size, 3, dtype="f2")
        self._scene.repeat_x = self._scene.repeat_y = False
        self._data = [context.texture(size, 2, dtype="f4") for _ in range(2)]
        self.target = context.framebuffer(
            [self._scene, *self._data], context.depth_renderbuffer(size)
        )
        self._warps = [self._upload((w + self.margin).astype("f4")) for w in warps]
        self._smoke: Smoke | None = None
        self._mist: Any = None
        self._arrays: dict[int, Any] = {}

    def _upload(self, values: Any) -> Any:
        height, width, channels = values.shape
        kind = "f1" if values.dtype == np.uint8 else "f4"
        return self._context.texture((width, height), channels, values.tobytes(), dtype=kind)

    def develop(
        self, index: int, uniforms: dict[str, Any], capture: Capture, T_world_eye: Array
    ) -> None:
        """Draw eye `index` into the bound target."""
        eye, effects = self._eyes[index], capture.options.effects
        variant = {"LENS"} | ({"WARPED"} if self.warped else set())
        variant |= {"MOVED"} if capture.moved else set()
        variant |= {"FLOW"} if capture.with_flow else set()
        values: dict[str, Any] = {
            **uniforms, "scene": SCENE, "scene_truth": TRUTH, "scene_flow": FLOW, "warp": WARP,
            "origin": (0.0, float(index * eye.height)), "margin": self.margin,
            "pinhole": (eye.fx, eye.fy, eye.cx, eye.cy),
            "lens": tuple(eye.distortion[:4]), "lens_k3": eye.distortion[4],
        }  # fmt: skip
        if capture.shutter != 0.0:
            variant.add("SMEAR")
            values["shutter"] = capture.shutter
        if effects.smoke > 0.0:
            variant.add("SMOKE")
            self._smoke = self._smoke or Smoke(self._context, self._seed, SMOKE)
            values |= self._smoke.uniforms(effects, T_world_eye[:3, :3], capture.now.time_s)
        filters = (self._context.LINEAR, self._context.LINEAR)
        if effects.fog > 0.0:
            variant.add("FOG")
            values |= self._fogged(effects.fog, index)
            filters = (self._context.LINEAR_MIPMAP_NEAREST, self._context.LINEAR)
        self._scene.filter = filters
        for unit, texture in zip((SCENE, TRUTH, FLOW), (self._scene, *self._data), strict=True):
            texture.use(unit)
        if self.warped:
            self._warps[index].use(WARP)
        program = self._programs.get("lens", frozenset(variant), vertex="screen")
        set_uniforms(program, values)
        if program.glo not in self._arrays:
            self._arrays[program.glo] = self._context.vertex_array(program, [])
        self._arrays[program.glo].render(vertices=3)

    def _fogged(self, share: float, index: int) -> dict[str, Any]:
        if self._mist is None:
            noise = fractal_noise(_MIST_SIZE, (2, 4, 8, 32), np.random.default_rng([self._seed, 6]))
            self._mist = self._upload(
                np.clip(127.5 + 50.0 * noise, 0, 255).astype(np.uint8)[..., None]
            )
            self._mist.filter = (self._context.LINEAR, self._context.LINEAR)
        self._mist.use(MIST)
        self._scene.build_mipmaps()
        return {"mist": MIST, "fog": (share, 0.37 * index, 0.61 * index)}  # two lenses, two mists


def _overhang(warp: Array, eye: Intrinsics) -> Array:
    """Pixels (2,) by which the pinhole's picture must be larger on each side."""
    last = np.array([eye.width - 1, eye.height - 1])
    low, high = warp.min((0, 1)), warp.max((0, 1))
    return np.maximum(0, np.ceil(np.maximum(-low, high - last)) + 2)
