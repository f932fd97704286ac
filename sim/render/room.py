# SPDX-License-Identifier: Apache-2.0
"""The cell seen from outside, without the abdominal wall: trocars, instruments, the endoscope.

For people, not for perception: the lamp stands at this camera, and what the endoscope itself never
sees (its own shaft, the trocars at the RCMs) is drawn as well.
"""

from dataclasses import dataclass, replace

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import look_at, make_transform
from trocar.sim.render.cast import Cast
from trocar.sim.render.frame import RenderedFrame
from trocar.sim.render.mesh import Mesh, merge, revolve
from trocar.sim.render.options import RenderOptions
from trocar.sim.render.renderer import EndoscopeRenderer
from trocar.sim.render.soft_surface import CutSurface, SoftSurface
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot

_EYE = np.array([0.10, -0.30, 0.20])  # m, world: beside the patient, looking over the endoscope
_TARGET = np.array([0.0, 0.0, 0.045])
_LAMP_POWER = 0.16  # m2; the light comes from 0.35 m instead of 0.07
_SCOPE_RADIUS = 0.006  # m; a 12 mm stereo endoscope
_SCOPE_LENGTH = 0.25
_SCOPE = "the endoscope"
_TROCAR = "the trocar of {}"
_CANNULA = (0.0048, 0.0065)  # m: bore and outer radius of an 8 mm trocar


@dataclass(frozen=True)
class _Shape:
    """What this view adds, as objects: black shafts, bright metal."""

    mesh: Mesh
    colour: tuple[float, float, float] = (0.45, 0.45, 0.47)
    accent: tuple[float, float, float] = (0.02, 0.02, 0.022)
    gloss: float = 0.35


class RoomView:
    """A `choice.Renderer` whose both eyes are one camera in the room."""

    def __init__(self, scene: Scene, seed: int) -> None:
        """MissingDependencyError without EGL."""
        eye = Intrinsics(640, 480, 600.0, 600.0, 319.5, 239.5)
        self.rig = StereoRig(eye, eye)
        right = np.cross(_TARGET - _EYE, [0.0, 0.0, 1.0])
        self.T_world_room = look_at(_EYE, _TARGET, right)
        self.cast = Cast.of(scene, seed)
        trocars = {_TROCAR.format(arm): _Shape(_trocar()) for arm in scene.psms}
        added = {_SCOPE: _Shape(_scope()), **trocars}
        seen = replace(self.cast, objects={**self.cast.objects, **added})
        look = RenderOptions(lamp_power=_LAMP_POWER, lamp_offset=(0.05, -0.08, 0.0))
        self._renderer = EndoscopeRenderer(self.rig, seen, seed, look)

    @property
    def device(self) -> str:
        """What draws."""
        return self._renderer.device

    def render(
        self,
        snapshot: CellSnapshot,
        stamp_ns: int,
        *,
        truth: bool = False,
        neighbour: CellSnapshot | None = None,
    ) -> RenderedFrame:
        """Draw one capture; `left` and `right` are the same picture."""
        return self._renderer.render(
            self._with_shafts(snapshot),
            stamp_ns,
            truth=truth,
            neighbour=None if neighbour is None else self._with_shafts(neighbour),
            T_world_camera=self.T_world_room,
        )

    def set_surface(self, name: str, surface: SoftSurface | CutSurface) -> None:
        """Draw a soft body with another surface from now on, as after a cut."""
        self._renderer.set_surface(name, surface)

    def close(self) -> None:
        """Give all resources back."""
        self._renderer.close()

    def _with_shafts(self, snapshot: CellSnapshot) -> CellSnapshot:
        """The cell with endoscope and trocars as objects; a trocar turns with its instrument."""
        middle = make_transform(translation=[0.00207, 0.0, 0.0])  # m, between the eyes
        added = {_SCOPE: self.cast.camera_pose(snapshot) @ middle}
        tools = self.cast.instruments(snapshot)
        for arm, T_world_base in self.cast.T_world_base.items():
            turn = tools[arm].T_world_shaft[:3, :3]
            added[_TROCAR.format(arm)] = make_transform(turn, T_world_base[:3, 3])
        return replace(snapshot, objects={**snapshot.objects, **added})


def _scope() -> Mesh:
    """A shaft behind the lens; the camera looks along +z."""
    r = _SCOPE_RADIUS
    profile = [(-_SCOPE_LENGTH, 0.0), (-_SCOPE_LENGTH + 1e-6, r), (-0.004, r)]
    rim = revolve([(-0.004, r), (0.0, 0.92 * r), (1e-6, 0.0)], 32, 1.0)
    return merge([revolve(profile, 32, 0.0), rim])


def _trocar() -> Mesh:
    """A cannula with its head outside the body; z is the instrument's, towards its tip."""
    bore, outer = _CANNULA
    tube = revolve([(-0.030, outer), (0.030, outer), (0.030001, bore)], 32, 1.0)
    head = revolve([(-0.055, bore), (-0.054, 0.014), (-0.034, 0.014), (-0.030, outer)], 32, 0.2)
    return merge([tube, head])
