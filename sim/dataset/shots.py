# SPDX-License-Identifier: Apache-2.0
"""Where a sequence's cell states come from: `KinematicShots` leads the arms along seeded paths.

Instruments go where they are led, whatever is there: paths that touch the patch or each other are
drawn anew.  Soft bodies are computed: they give way and push back.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np

from trocar import _core
from trocar.errors import CommandRefusedError, ConfigurationError
from trocar.geometry import Array
from trocar.sim.contact import capsules, instrument_clearance, tissue_clearance
from trocar.sim.dataset.motion import COMING_S, JointMotion
from trocar.sim.dataset.realise import Setting
from trocar.sim.instrument_path import JAW_ANGLE, InstrumentPath
from trocar.sim.render.cast import Cast
from trocar.sim.scene import ECM
from trocar.sim.snapshot import CellSnapshot, Passing
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import FRAME_TICKS

FIRST_STAMP_NS = 1_000_000_000  # as in lockstep: a stamp of 0 means unknown
ATTEMPTS = 60
_CLEAR = 0.001  # m between an instrument and tissue or another instrument
_SOFT_S = FRAME_TICKS * _core.TICK_NS * 1e-9
_DEEP = 0.008  # m into a soft body: farther is no pressing any more, and tears in life
_CHECK_S = 0.05  # s between looks at the clearances: 1.5 mm at 30 mm/s


@dataclass(frozen=True)
class Shot:
    """One capture: the cell now and one frame later, and the camera in both.

    `wrench` (6,) N, N m by arm: what acts on its control point, world axes, where the source has
    forces.
    """

    time_s: float
    now: CellSnapshot
    following: CellSnapshot
    T_world_camera: Array
    T_world_camera_following: Array
    wrench: Mapping[str, Array] = field(default_factory=dict)

    @property
    def stamp_ns(self) -> int:
        """Stamp of the capture."""
        return stamp_of(self.time_s)


class Shots(Protocol):
    """A source of captures; `cast` is what can be drawn, `attempts` what it took to find a path."""

    cast: Cast
    attempts: int

    def frames(self, count: int, fps: float) -> Iterator[Shot]:
        """The captures in order."""
        ...

    def joints(self, arm: str, time_s: float) -> Array:
        """True joints (n,) of an arm at any time of the sequence."""
        ...


def stamp_of(time_s: float) -> int:
    """Stamp in ns of a time of the cell in s."""
    return FIRST_STAMP_NS + round(time_s * 1e9)


class KinematicShots:
    """Instruments on smooth paths over the breathing patch; nothing touches anything."""

    def __init__(self, setting: Setting, duration_s: float) -> None:
        """Find paths that the arms can follow; ConfigurationError where the ranges leave none."""
        self.setting = setting
        scene = setting.scene
        if scene.objects:
            raise ConfigurationError(
                f"scene {scene.name} has objects and no task: instruments on a path would pass "
                "through them; generate from a scene with a task, or without objects"
            )
        self._soft = SoftCell(scene.soft, scene.psms)
        self._soft_frames = -round(COMING_S / _SOFT_S)
        self.cast = Cast.of(scene, setting.seed)
        sense = scene.realise(setting.seed).sweep_sense
        self._sweep = InstrumentPath(scene.instrument, scene.T_world_camera, sense)
        self._motions: dict[str, JointMotion] = {}
        for self.attempts in range(1, ATTEMPTS + 1):
            self._motions = {
                arm: setting.tool.joints(scene, arm, self.attempts) for arm in scene.psms
            }
            if self._is_free(duration_s):
                return
        raise ConfigurationError(
            f"no path of the tools in {ATTEMPTS} tries is within the joint limits and clear of "
            f"tissue; widen tool.height, tool.x, tool.y or lower tool.reach (tip at "
            f"{(1e3 * setting.tool.middle).round(1).tolist()} mm, "
            f"reach {1e3 * setting.tool.reach:.1f} mm)"
        )

    def frames(self, count: int, fps: float) -> Iterator[Shot]:
        """Captures 1/fps apart from time 0."""
        now, wrench = self._cell(0.0), dict(self._soft.wrenches)
        for k in range(1, count + 1):
            following = self._cell(k / fps)
            cameras = self._camera(now), self._camera(following)
            yield Shot(now.time_s, now, following, *cameras, wrench if self._soft.bodies else {})
            now, wrench = following, dict(self._soft.wrenches)

    def joints(self, arm: str, time_s: float) -> Array:
        """True joints of an arm; the ECM stands still."""
        if arm == ECM:
            return self.setting.scene.initial_q[ECM]
        return self._motions[arm].at(time_s)

    def _cell(self, time_s: float) -> CellSnapshot:
        """The cell at a time, which must not be before the last one where there are soft bodies."""
        free = self._free_cell(time_s)
        while self._soft.bodies and self._soft_frames * _SOFT_S <= time_s + 1e-9:
            at = self._soft_frames * _SOFT_S
            tools = self.cast.instruments(self._free_cell(at))
            self._soft.frame(at, tools)
            self._soft_frames += 1
        return replace(free, soft={name: b.nodes for name, b in self._soft.bodies.items()})

    def _free_cell(self, time_s: float) -> CellSnapshot:
        q = {arm: self.joints(arm, time_s) for arm in self.setting.scene.arms}
        begin = self.setting.second_at_s
        T = None if begin is None else self._sweep.pose(time_s - begin)
        return CellSnapshot(time_s, q, None if T is None else Passing(T, JAW_ANGLE))

    def _camera(self, snapshot: CellSnapshot) -> Array:
        rest, sway = self.setting.scene.camera_pose(snapshot), self.setting.sway
        return rest if sway is None else sway.pose(rest, snapshot.time_s)

    def _is_free(self, duration_s: float) -> bool:
        try:
            begin = -COMING_S if self._soft.bodies else 0.0
            for t in np.arange(begin, duration_s + _CHECK_S, _CHECK_S):
                shapes = [
                    capsules(i) for i in self.cast.instruments(self._free_cell(float(t))).values()
                ]
                if any(tissue_clearance(s, self.cast.tissue, float(t)) < _CLEAR for s in shapes):
                    return False
                pairs = ((a, b) for i, a in enumerate(shapes) for b in shapes[:i])
                if any(instrument_clearance(a, b) < _CLEAR for a, b in pairs):
                    return False
                if any(self._is_deep(np.concatenate([s.start, s.end])) for s in shapes):
                    return False
        except CommandRefusedError:
            return False
        return True

    def _is_deep(self, points: Array) -> bool:
        """Whether any world point (N, 3) is more than _DEEP inside the resting box of a body."""
        for body in self.setting.scene.soft.values():
            low, high = body.mesh.nodes.min(axis=0), body.mesh.nodes.max(axis=0)
            if bool(np.any(np.all((points > low) & (points < high - [0.0, 0.0, _DEEP]), axis=1))):
                return True
        return False
