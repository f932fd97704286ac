# SPDX-License-Identifier: Apache-2.0
"""The stereo endoscope drawn with OpenGL on EGL: a GPU where there is one, else software.

Both eyes share one framebuffer (left above right), so a frame is one upload, two passes and
one read-back.  Pixel (u, v) of a picture is the ray through `Intrinsics` at (u, v), integer
pixel centres, distorted where the rig is; depth, masks and flow belong to the same pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from trocar.camera import StereoRig
from trocar.estimates import StereoFrame
from trocar.geometry import Array
from trocar.sim.render.capture import Capture
from trocar.sim.render.cast import Cast, Prop
from trocar.sim.render.context import Programs, open_context
from trocar.sim.render.eyes import check_rig, eye_poses, eye_uniforms
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.lens import LensPass
from trocar.sim.render.optics import soften
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.soft_surface import CutSurface, SoftSurface
from trocar.sim.render.stage import Stage
from trocar.sim.render.targets import StereoTargets
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot

__all__ = ["EndoscopeRenderer", "Prop"]


class EndoscopeRenderer:
    """Draws a cell as the endoscope sees it.  One thread: the one that made it.

    `options` may be replaced between frames; its texture_size counts at the start only.
    """

    def __init__(
        self,
        rig: StereoRig,
        cast: Cast,
        seed: int = 0,
        options: RenderOptions | None = None,
    ) -> None:
        """Open a context and upload all meshes.  seed: texture, noise, smoke and stains.

        Raises MissingDependencyError without EGL, ConfigurationError on a distortion that folds
        the picture or eyes of unequal size.
        """
        check_rig(rig)
        self.rig = rig
        self.options = options or RenderOptions()
        self.cast = cast
        self._seed = seed
        self._context = open_context()
        self._context.enable_only(self._context.DEPTH_TEST | self._context.CULL_FACE)
        self._context.front_face = "cw"  # the picture's first row is the buffer's first: mirrored
        self._programs = Programs(self._context)
        self._targets = StereoTargets(self._context, rig.left)
        size = self.options.texture_size
        self._stage = Stage(self._context, self._programs, cast, seed, size)
        self._distorted = any(rig.left.distortion) or any(rig.right.distortion)
        self._lens: LensPass | None = self._make_lens() if self._distorted else None

    @classmethod
    def of(
        cls,
        scene: Scene,
        seed: int,
        options: RenderOptions | None = None,
        *,
        rig: StereoRig | None = None,
        props: Sequence[Prop] = (),
    ) -> "EndoscopeRenderer":
        """The renderer of a scene realised with a seed, true errors included.

        options: default, the scene's look.
        """
        return cls(rig or scene.rig, Cast.of(scene, seed, props), seed, options or scene.look)

    @property
    def device(self) -> str:
        """What draws, in the driver's words."""
        return str(self._context.info["GL_RENDERER"])

    def render(
        self,
        snapshot: CellSnapshot,
        stamp_ns: int,
        *,
        truth: bool = False,
        neighbour: CellSnapshot | None = None,
        T_world_camera: Array | None = None,
        T_world_camera_neighbour: Array | None = None,
    ) -> RenderedFrame:
        """Draw one capture; the noise is a function of the seed and the stamp alone.

        `truth` adds metric depth and masks, at the price of a second read-back.  neighbour: the
        cell one frame earlier or later: with `truth` it gives the flow to that frame, and with
        effects.shutter_s the smear.  T_world_camera: another pose of the camera than the cell's
        (now, and in the neighbour, where the same is taken unless one is given).
        """
        pose, then = T_world_camera, T_world_camera_neighbour
        if pose is None:
            pose = self.cast.camera_pose(snapshot)
            if then is None and neighbour is not None:
                then = self.cast.camera_pose(neighbour)
        then = pose if then is None else then
        capture = Capture(snapshot, neighbour, pose, then, stamp_ns, truth, self.options)
        with self._context:  # another renderer of this process may have made its own current
            return self._render(capture)

    def set_bases(self, T_world_base: Mapping[str, Array]) -> None:
        """Draw the instruments on other true bases (4, 4) by PSM: another cell of the scene."""
        missing = [arm for arm in self.cast.T_world_base if arm not in T_world_base]
        if missing:
            raise ValueError(f"set_bases: no base of {', '.join(missing)}")
        bases = {arm: T_world_base[arm] for arm in self.cast.T_world_base}
        self.cast = replace(self.cast, T_world_base=bases)
        self._stage.set_cast(self.cast)

    def set_surface(self, name: str, surface: SoftSurface | CutSurface) -> None:
        """Draw a soft body with another surface from now on, as after a cut."""
        with self._context:
            self._stage.set_surface(name, surface)

    def close(self) -> None:
        """Give the context and everything in it back."""
        self._context.release()

    def _make_lens(self) -> LensPass:
        return LensPass(self._context, self._programs, (self.rig.left, self.rig.right), self._seed)

    def _render(self, capture: Capture) -> RenderedFrame:
        self._stage.place(capture)
        target = self._targets.choose(capture.truth, capture.with_flow)
        target.use()
        target.clear(depth=1.0)
        second = self._distorted or capture.options.effects.needs_lens_pass
        if second and self._lens is None:
            self._lens = self._make_lens()
        for index in (0, 1):
            if second and self._lens is not None:
                self._draw_through_lens(target, index, capture, self._lens)
            else:
                self._draw_directly(target, index, capture)
        rgb = self._targets.colour()
        if self.options.soft:
            rgb = soften(rgb)
        stereo = StereoFrame(capture.stamp_ns, rgb[0], rgb[1])
        if not capture.truth:
            return RenderedFrame(stereo)
        return RenderedFrame(stereo, *self._targets.truth(capture.with_flow))

    def _draw_directly(self, target: Any, index: int, capture: Capture) -> None:
        eye = (self.rig.left, self.rig.right)[index]
        origin = (0, index * eye.height)
        target.viewport = (*origin, eye.width, eye.height)
        uniforms = eye_uniforms(index, self.rig, eye, origin, capture, self._seed)
        self._stage.draw(frozenset({"FLOW"} if capture.moved else ()), uniforms)

    def _draw_through_lens(self, target: Any, index: int, capture: Capture, lens: LensPass) -> None:
        eye = (self.rig.left, self.rig.right)[index]
        uniforms = eye_uniforms(index, self.rig, lens.drawn[index], (0, 0), capture, self._seed)
        lens.target.use()
        lens.target.clear(depth=1.0)
        self._stage.draw(frozenset({"DEFERRED"} | ({"FLOW"} if capture.moved else set())), uniforms)
        target.use()
        target.viewport = (0, index * eye.height, eye.width, eye.height)
        self._context.disable(self._context.DEPTH_TEST | self._context.CULL_FACE)
        lens.develop(index, uniforms, capture, eye_poses(self.rig, capture.T_world_camera)[index])
        self._context.enable(self._context.DEPTH_TEST | self._context.CULL_FACE)
