# SPDX-License-Identifier: Apache-2.0
"""The stereo endoscope drawn with OpenGL on EGL: a GPU where there is one, else software.

Both eyes share one framebuffer (left above right), so a frame is one upload, two passes and
one read-back.  Pixel (u, v) of a picture is the ray through `Intrinsics` at (u, v), integer
pixel centres.  Lens distortion is not drawn: the rig must be rectified.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.errors import ConfigurationError
from trocar.estimates import StereoFrame
from trocar.geometry import Array, inverse, transform_points
from trocar.sim.render.context import as_uniform, build_program, open_context, set_uniforms
from trocar.sim.render.drawables import PartDrawable, TissueDrawable
from trocar.sim.render.frame import EyeTruth, RenderedFrame
from trocar.sim.render.instrument import (
    MASK_STEP,
    PART_IDS,
    Instrument,
    from_joints,
    instrument_meshes,
    straight,
)
from trocar.sim.render.mesh import Mesh
from trocar.sim.render.optics import NOISE_GAIN, soften
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.projection import clip_from_camera
from trocar.sim.render.texture import tissue_texture
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.tissue import BreathingTissue


@dataclass(frozen=True)
class Prop:
    """A rigid thing that stands still in the cell, with the mask id it is drawn with."""

    mesh: Mesh
    T_world_mesh: Array
    mask_id: int


class EndoscopeRenderer:
    """Draws a cell as the endoscope sees it.  One thread: the one that made it."""

    def __init__(
        self,
        rig: StereoRig,
        tissue: BreathingTissue,
        T_world_camera: Array,
        T_world_base: Array,
        seed: int = 0,
        options: RenderOptions | None = None,
        props: Sequence[Prop] = (),
    ) -> None:
        """Open a context and upload all meshes.

        T_world_camera: left optical frame; T_world_base: TRUE base of PSM1; seed: texture and
        noise.  Raises MissingDependencyError without EGL, ConfigurationError on distortion or
        eyes of unequal size.
        """
        _check(rig)
        self.rig = rig
        self.options = options or RenderOptions()
        self._T_world_base = T_world_base
        self._seed = seed
        self._context = open_context()
        self._open_targets()
        skin = tissue_texture(np.random.default_rng([seed, 2]), self.options.texture_size)
        self._tissue = TissueDrawable(self._context, tissue, skin)
        self._tool_program = build_program(self._context, "instrument")
        self._parts = {
            name: PartDrawable(self._context, self._tool_program, mesh)
            for name, mesh in instrument_meshes().items()
        }
        self._props = [
            (PartDrawable(self._context, self._tool_program, p.mesh), p.T_world_mesh, p.mask_id)
            for p in props
        ]
        self._cavity_program = build_program(self._context, "cavity")
        self._cavity = self._context.vertex_array(self._cavity_program, [])
        self._place_eyes(T_world_camera)

    @classmethod
    def of(
        cls, scene: Scene, seed: int, options: RenderOptions | None = None, **kwargs: Any
    ) -> "EndoscopeRenderer":
        """The renderer of a scene realised with a seed, true errors included."""
        truth = scene.realise(seed)
        return cls(
            scene.rig, BreathingTissue.of(scene, seed), scene.T_world_camera,
            truth.T_world_base["PSM1"], seed, options, **kwargs,
        )  # fmt: skip

    @property
    def device(self) -> str:
        """What draws, in the driver's words."""
        return str(self._context.info["GL_RENDERER"])

    def render(
        self, snapshot: CellSnapshot, stamp_ns: int, *, truth: bool = False
    ) -> RenderedFrame:
        """Draw one capture; the noise is a function of the seed and the stamp alone.

        `truth` adds metric depth and masks, at the price of a second read-back.
        """
        instruments = [from_joints(self._T_world_base, snapshot.psm1_q)]
        if snapshot.psm2_shown:
            instruments.append(straight(snapshot.psm2_T_world_cp, snapshot.psm2_jaw, MASK_STEP))
        self._tissue.move(snapshot.time_s)
        target = self._truth_target if truth else self._colour_target
        target.use()
        target.clear(depth=1.0)
        for index in (0, 1):
            self._draw_eye(target, index, stamp_ns, instruments)
        h, w = self.rig.left.height, self.rig.left.width
        rgb = np.frombuffer(target.read(components=3), np.uint8).reshape(2, h, w, 3)
        if self.options.soft:
            rgb = soften(rgb)
        stereo = StereoFrame(stamp_ns, rgb[0], rgb[1])
        if not truth:
            return RenderedFrame(stereo)
        data = np.frombuffer(target.read(components=2, attachment=1, dtype="f4"), np.float32)
        data = data.reshape(2, h, w, 2)
        return RenderedFrame(stereo, _eye_truth(data[0]), _eye_truth(data[1]))

    def close(self) -> None:
        """Give the context and everything in it back."""
        self._context.release()

    def _open_targets(self) -> None:
        size = (self.rig.left.width, 2 * self.rig.left.height)
        colour = self._context.renderbuffer(size, 3)
        depth = self._context.depth_renderbuffer(size)
        data = self._context.renderbuffer(size, 2, dtype="f4")
        self._colour_target = self._context.framebuffer([colour], depth)
        self._truth_target = self._context.framebuffer([colour, data], depth)
        self._context.enable_only(self._context.DEPTH_TEST | self._context.CULL_FACE)
        self._context.front_face = "cw"  # the picture's first row is the buffer's first: mirrored

    def _place_eyes(self, T_world_camera: Array) -> None:
        """Uniforms that never change: per eye and for the light."""
        o, rig = self.options, self.rig
        self._eye_uniforms = []
        for index, (eye, T_camera_eye) in enumerate(
            ((rig.left, np.eye(4)), (rig.right, rig.T_left_right))
        ):
            T_world_eye = T_world_camera @ T_camera_eye
            centre = (eye.cx + 0.5, eye.cy + 0.5 + index * eye.height)
            scale = 2.0 / float(np.hypot(eye.width, eye.height))
            self._eye_uniforms.append(
                {
                    "clip_from_world": as_uniform(clip_from_camera(eye) @ inverse(T_world_eye)),
                    "eye": tuple(T_world_eye[:3, 3]),
                    "optics": (*centre, scale, o.vignette),
                }
            )
        noise_gain = 1.0 / NOISE_GAIN if o.soft else 1.0  # so that the options hold after the blur
        light = {
            "lamp": tuple(transform_points(T_world_camera, o.lamp_offset)),
            "lamp_axis": tuple(T_world_camera[:3, 2]),
            "exposure": (
                o.lamp_power,
                o.tone_gain,
                o.read_noise * noise_gain,
                o.shot_noise * noise_gain,
            ),
            "relief": (o.bump_tiles, o.bump_strength),
        }
        for program in self._programs():
            set_uniforms(program, light)

    def _programs(self) -> tuple[Any, ...]:
        return (self._tissue.program, self._tool_program, self._cavity_program)

    def _draw_eye(
        self, target: Any, index: int, stamp_ns: int, instruments: list[Instrument]
    ) -> None:
        w, h = self.rig.left.width, self.rig.left.height
        target.viewport = (0, index * h, w, h)
        key = np.random.SeedSequence([self._seed, stamp_ns, index]).generate_state(2)
        uniforms = {**self._eye_uniforms[index], "noise_key": (int(key[0]), int(key[1]))}
        for program in self._programs():
            set_uniforms(program, uniforms)
        # Near things first: what they hide is then never shaded.
        for instrument in instruments:
            for name, T_world_part in instrument.part_poses().items():
                self._parts[name].draw(T_world_part, PART_IDS[name] + instrument.mask_offset)
        for part, T_world_mesh, mask_id in self._props:
            part.draw(T_world_mesh, mask_id)
        self._tissue.draw()
        self._cavity.render(vertices=3)


def _eye_truth(data: np.ndarray) -> EyeTruth:
    depth = data[..., 0].copy()
    depth[depth == 0.0] = np.nan
    return EyeTruth(depth, data[..., 1].astype(np.uint8))


def _check(rig: StereoRig) -> None:
    eyes: tuple[Intrinsics, ...] = (rig.left, rig.right)
    if any(k != 0.0 for eye in eyes for k in eye.distortion):
        raise ConfigurationError(
            "the simulated endoscope draws no lens distortion; set endoscope.distortion to zeros"
        )
    if (rig.left.width, rig.left.height) != (rig.right.width, rig.right.height):
        raise ConfigurationError("the simulated endoscope needs two eyes of one size")
