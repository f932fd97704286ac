# SPDX-License-Identifier: Apache-2.0
"""What happens in a scene when somebody only looks: an endless run of snapshots."""

from collections.abc import Iterator
from dataclasses import replace

from trocar import _core
from trocar.sim.render.cast import instruments
from trocar.sim.render.motion import motion
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import FRAME_TICKS

_FRAME_S = FRAME_TICKS * _core.TICK_NS * 1e-9  # of the tissue


def happenings(scene: Scene, seed: int, fps: float) -> Iterator[CellSnapshot]:
    """Snapshots 1/fps apart, without end.

    Tools are led along `render.motion`, without any dynamics of their own; soft bodies are stepped
    under them: they breathe, are pressed, held and lifted.
    """
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
