# SPDX-License-Identifier: Apache-2.0
"""Which renderer this machine gets: OpenGL where EGL works, else TinyRenderer, said in one line."""

import os
from collections.abc import Callable
from typing import Protocol

from trocar.camera import StereoRig
from trocar.errors import ConfigurationError, MissingDependencyError
from trocar.sim.render.cast import Cast
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.soft_surface import CutSurface, SoftSurface
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot

RENDERER_VARIABLE = "TROCAR_RENDERER"
CHOICES = ("auto", "egl", "tiny")


class Renderer(Protocol):
    """What draws a cell, `cast`; `rig` is the rig that was drawn, which the fallback scales."""

    rig: StereoRig
    cast: Cast

    @property
    def device(self) -> str:
        """What draws."""

    def render(
        self,
        snapshot: CellSnapshot,
        stamp_ns: int,
        *,
        truth: bool = False,
        neighbour: CellSnapshot | None = None,
    ) -> RenderedFrame:
        """Draw one capture; `neighbour`, another frame's cell, for flow and motion blur."""

    def set_surface(self, name: str, surface: SoftSurface | CutSurface) -> None:
        """Draw a soft body with another surface from now on, as after a cut."""

    def close(self) -> None:
        """Give all resources back."""


def make_renderer(
    scene: Scene, seed: int, say: Callable[[str], object], choice: str = ""
) -> tuple[Renderer, float]:
    """The renderer, and the most frames per second it should be asked for.

    choice: "auto", "egl" (no fallback) or "tiny"; empty: the environment's TROCAR_RENDERER, else
    auto.  `say` gets the one line about a fallback.
    """
    choice = choice or os.environ.get(RENDERER_VARIABLE, "") or "auto"
    if choice not in CHOICES:
        raise ConfigurationError(
            f"renderer {choice!r} ({RENDERER_VARIABLE}); one of {', '.join(CHOICES)}"
        )
    reason = f"asked for by {RENDERER_VARIABLE} or the parameter renderer"
    if choice != "tiny":
        from trocar.sim.render.renderer import EndoscopeRenderer

        try:
            return EndoscopeRenderer.of(scene, seed), 60.0
        except MissingDependencyError as error:
            if choice == "egl":
                raise
            reason = str(error)
    from trocar.sim.render import tiny

    say(
        f"rendering with TinyRenderer, {tiny.WIDTH}x{tiny.HEIGHT} at {tiny.FPS:g} Hz: {reason}; "
        f"not drawn: {tiny.UNDRAWN}"
    )
    return tiny.TinyEndoscope.of(scene, seed), tiny.FPS
