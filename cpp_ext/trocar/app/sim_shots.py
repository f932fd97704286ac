# SPDX-License-Identifier: Apache-2.0
"""Pictures of a moving scene, for the film and the window."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.happenings import happenings, shown
from trocar.sim.render.choice import Renderer, make_renderer
from trocar.sim.render.effect_words import parse_effects
from trocar.sim.render.frame import EyeTruth, RenderedFrame
from trocar.sim.render.room import RoomView
from trocar.sim.render.truth_pictures import Picture, depth_picture, flow_picture, id_picture
from trocar.sim.scene import Scene, load_scene

EYES = ("left", "right", "both")
FPS_LIMITS = (1.0, 60.0)


@dataclass(frozen=True)
class Wish:
    """What is to be shown: scene, seed, rate, which eyes, effects as words, and from where."""

    scene: str
    seed: int
    fps: float | None
    eye: str
    effects: str
    view: str = "endoscope"

    def load(self) -> tuple[Scene, float]:
        """The scene with the effects in its look, and the rate; ConfigurationError, one line."""
        scene = load_scene(self.scene)
        fps = scene.fps if self.fps is None else self.fps
        if not FPS_LIMITS[0] <= fps <= FPS_LIMITS[1]:
            raise ConfigurationError(
                f"--fps is {fps:g}; allowed {FPS_LIMITS[0]:g} to {FPS_LIMITS[1]:g}"
            )
        if self.seed < 0:
            raise ConfigurationError(f"--seed is {self.seed}; allowed 0 and above")
        if self.view == "room" and (self.effects or self.eye != "left"):
            raise ConfigurationError("--view room has one eye and no effects; leave these out")
        effects = parse_effects(self.effects, scene.look.effects)
        return replace(scene, look=replace(scene.look, effects=effects)), fps


class Shots:
    """Renders what happens in a scene, frame by frame; `close` at the end."""

    def __init__(self, wish: Wish, say: Callable[[str], object]) -> None:
        """`say` gets the line about a fallback."""
        self.scene, self.fps = wish.load()
        self._eye = wish.eye
        self._happens = happenings(self.scene, wish.seed, self.fps)
        self.renderer: Renderer
        if wish.view == "room":
            self.renderer = RoomView(shown(self.scene), wish.seed)
        else:
            self.renderer, _ = make_renderer(shown(self.scene), wish.seed, say)
        self._next = next(self._happens)

    def frame(self, truth: bool = False) -> RenderedFrame:
        """The next frame."""
        now, self._next = self._next, next(self._happens)
        stamp_ns = round(now.time_s * 1e9)
        return self.renderer.render(now, stamp_ns, truth=truth, neighbour=self._next)

    def picture(self, frame: RenderedFrame, eye: str = "", what: str = "picture") -> Picture:
        """One eye or both side by side (H, W, 3); what: picture, depth, ids or flow.

        Truth that the frame does not hold is black.
        """
        sides = {
            "left": (frame.stereo.left_rgb, frame.left),
            "right": (frame.stereo.right_rgb, frame.right),
        }
        eye = eye or self._eye
        names = ("left", "right") if eye == "both" else (eye,)
        return np.concatenate([_shown(*sides[name], what) for name in names], axis=1)

    def close(self) -> None:
        """Give all resources back."""
        self.renderer.close()


def _shown(rgb: Picture, truth: EyeTruth | None, what: str) -> Picture:
    if what == "picture":
        return rgb
    if truth is not None and what == "depth":
        return depth_picture(truth.depth)
    if truth is not None and what == "ids":
        return id_picture(truth.mask)
    if truth is not None and truth.flow is not None:
        return flow_picture(truth.flow)
    return np.zeros_like(rgb)
