# SPDX-License-Identifier: Apache-2.0
"""Captures of a task's scripted expert at work: arms under torque, objects grasped, tissue pulled.

The cell works without hidden errors of bases and joints, as experts are scored.  A capture shows
the cell as it is at a multiple of 10 ms, and its stamp says so.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.dataset.realise import Setting
from trocar.sim.dataset.shots import Shot
from trocar.sim.render.cast import Cast
from trocar.sim.scene import ErrorParameters
from trocar.sim.snapshot import CellSnapshot

if TYPE_CHECKING:
    from trocar.sim.tasks.env import TaskEnv

CUTTING = ("cut_line",)  # tasks whose tissue gets another surface on the way: not drawn here
ATTEMPTS = 5
_LOOK_S = 0.010  # between looks at the cell


@dataclass(frozen=True)
class _Look:
    """The cell at one instant, and what acts on each control point then."""

    snapshot: CellSnapshot
    wrench: dict[str, Array]


class ExpertShots:
    """One episode, from `begin_s` on; `attempts` counts those that ended too early."""

    def __init__(self, setting: Setting, duration_s: float) -> None:
        """Run the episode; ConfigurationError where no attempt lasts that long."""
        self.setting = setting
        self._scene = replace(setting.scene, errors=ErrorParameters())
        task = self._scene.task
        assert task is not None  # whoever makes this has looked
        if task.name in CUTTING:
            raise ConfigurationError(
                f"scene {self._scene.name} cuts its tissue, which data sets do not draw; "
                "generate from another scene"
            )
        self.cast = Cast.of(self._scene, setting.seed)
        self._begin_s = setting.task_begin_s
        needed = self._begin_s + duration_s + 2.0 * _LOOK_S
        for self.attempts in range(1, ATTEMPTS + 1):
            self._looks = _episode(self._scene.name, setting.seed + self.attempts - 1, needed)
            if self._looks[-1].snapshot.time_s >= needed:
                return
        raise ConfigurationError(
            f"scene {self._scene.name}: in {ATTEMPTS} attempts no episode lasted {needed:.1f} s; "
            "give fewer --frames or lower task.begin"
        )

    def frames(self, count: int, fps: float) -> Iterator[Shot]:
        """Captures about 1/fps apart, each at the look nearest to its time."""
        for k in range(count):
            now, then = self._at(k / fps), self._at((k + 1) / fps)
            cameras = self._camera(now.snapshot), self._camera(then.snapshot)
            yield Shot(now.snapshot.time_s, now.snapshot, then.snapshot, *cameras, dict(now.wrench))

    def joints(self, arm: str, time_s: float) -> Array:
        """True joints of an arm at the look nearest to a time of the sequence."""
        return self._at(time_s).snapshot.q[arm]

    def _at(self, time_s: float) -> _Look:
        """The look nearest to a time of the sequence, its own time counted from the begin."""
        wanted = time_s + self._begin_s
        start = self._looks[0].snapshot.time_s
        index = round((wanted - start) / _LOOK_S)
        look = self._looks[min(max(index, 0), len(self._looks) - 1)]
        own = look.snapshot.time_s - self._begin_s
        return replace(look, snapshot=replace(look.snapshot, time_s=own))

    def _camera(self, snapshot: CellSnapshot) -> Array:
        rest, sway = self._scene.camera_pose(snapshot), self.setting.sway
        return rest if sway is None else sway.pose(rest, snapshot.time_s)


def _episode(name: str, seed: int, needed_s: float) -> list[_Look]:
    """Looks at the expert's episode of a seed, 10 ms apart, until the time or its early end."""
    from trocar.sim.tasks.env import TaskEnv
    from trocar.sim.tasks.experts.catalogue import make_expert

    env = TaskEnv(name)
    expert = make_expert(env.task, env.layout)
    looks: list[_Look] = []
    try:
        observation, _ = env.reset(seed=seed)
        expert.reset()
        looks.append(_look(env))
        env.cell.on_look = lambda: looks.append(_look(env))
        ended = False
        while not ended and looks[-1].snapshot.time_s < looks[0].snapshot.time_s + needed_s:
            observation, _, ended, _, _ = env.step(expert.act(observation))
    finally:
        env.close()
    start = looks[0].snapshot.time_s  # what preparing took is not shown
    return [
        replace(look, snapshot=replace(look.snapshot, time_s=look.snapshot.time_s - start))
        for look in looks
    ]


def _look(env: "TaskEnv") -> _Look:
    loads = env.cell.surroundings.loads()
    wrench = {
        arm: np.zeros(6) if load is None else np.concatenate([load.force, load.torque])
        for arm, load in loads.items()
    }
    return _Look(env.cell.snapshot(), wrench)
