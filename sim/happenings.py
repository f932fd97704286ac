# SPDX-License-Identifier: Apache-2.0
"""What happens in a scene when somebody only looks: an endless run of snapshots."""

from collections.abc import Iterator

from trocar.sim.render.motion import motion
from trocar.sim.scene import Scene
from trocar.sim.snapshot import CellSnapshot


def happenings(scene: Scene, seed: int, fps: float) -> Iterator[CellSnapshot]:
    """Snapshots 1/fps apart, without end: the tools circle, the tissue breathes."""
    at, k = motion(scene, seed), 0
    while True:
        yield at(k / fps)
        k += 1
