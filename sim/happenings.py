# SPDX-License-Identifier: Apache-2.0
"""What happens in a scene when somebody only looks: an endless run of snapshots.

A task's scripted expert does its work, one episode after the other; in other scenes tools are led
along `render.motion` without any dynamics of their own, and soft bodies are stepped under them:
they breathe, are pressed, held and lifted.
"""

from collections.abc import Iterator
from dataclasses import replace

from trocar import _core
from trocar.sim.render.cast import instruments
from trocar.sim.render.motion import motion
from trocar.sim.scene import ErrorParameters, Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import FRAME_TICKS

_FRAME_S = FRAME_TICKS * _core.TICK_NS * 1e-9  # of the tissue
_SHOWN_STEPS = 5  # of 0.2 s that an episode goes on after success


def shown(scene: Scene) -> Scene:
    """The scene as it must be drawn for its happenings: experts work without hidden errors."""
    return scene if scene.task is None else replace(scene, errors=ErrorParameters())


def happenings(scene: Scene, seed: int, fps: float) -> Iterator[CellSnapshot]:
    """Snapshots 1/fps apart, without end."""
    return _led(scene, seed, fps) if scene.task is None else _at_task(scene, seed, fps)


def _led(scene: Scene, seed: int, fps: float) -> Iterator[CellSnapshot]:
    at = motion(scene, seed)
    T_world_base = scene.realise(seed).T_world_base
    cell = SoftCell(scene.soft, scene.psms)
    done, k = 0, 0  # tissue frames, snapshots
    while True:
        now = at(k / fps)
        while scene.soft and (done + 1) * _FRAME_S <= now.time_s:
            led = at(done * _FRAME_S)
            cell.frame(led.time_s, instruments(T_world_base, led))
            done += 1
        soft = {name: body.nodes for name, body in cell.bodies.items()}
        yield replace(now, soft=soft)
        k += 1


def _at_task(scene: Scene, seed: int, fps: float) -> Iterator[CellSnapshot]:
    """The expert's episodes; a snapshot is at most the cell's look (10 ms) late."""
    from trocar.sim.tasks.env import TaskEnv
    from trocar.sim.tasks.experts.catalogue import make_expert

    env = TaskEnv(scene.name)
    expert = make_expert(env.task, env.layout)
    k, begun_s, episode = 0, 0.0, 0
    kept: list[CellSnapshot] = []
    env.cell.on_look = lambda: kept.append(env.cell.snapshot())
    try:
        while True:
            kept.clear()
            observation, _ = env.reset(seed=seed + episode)
            expert.reset()
            kept[:] = [env.cell.snapshot()]
            shown_steps, ended = 0, False
            while not ended and shown_steps < _SHOWN_STEPS:
                observation, _, lost, late, info = env.step(expert.act(observation))
                shown_steps = shown_steps + 1 if info["is_success"] else 0
                ended = lost or late
                for snapshot in kept:
                    while begun_s + snapshot.time_s >= k / fps - 1e-9:
                        yield replace(snapshot, time_s=k / fps)
                        k += 1
                last_s = kept[-1].time_s if kept else 0.0
                kept.clear()
            begun_s += last_s
            episode += 1
    finally:
        env.close()
