# SPDX-License-Identifier: Apache-2.0
"""Tasks by name."""

from trocar.errors import ConfigurationError
from trocar.sim.scene import Scene
from trocar.sim.tasks.bimanual_peg_transfer import BimanualPegTransfer
from trocar.sim.tasks.gauze_retrieve import GauzeRetrieve
from trocar.sim.tasks.needle_pick import NeedlePick
from trocar.sim.tasks.needle_reach import NeedleReach
from trocar.sim.tasks.needle_regrasp import NeedleRegrasp
from trocar.sim.tasks.peg_transfer import PegTransfer
from trocar.sim.tasks.task import Task

TASKS: dict[str, type[Task]] = {
    "needle_reach": NeedleReach,
    "gauze_retrieve": GauzeRetrieve,
    "needle_pick": NeedlePick,
    "needle_regrasp": NeedleRegrasp,
    "peg_transfer": PegTransfer,
    "bimanual_peg_transfer": BimanualPegTransfer,
}


def load_task(scene: Scene) -> Task:
    """The task of a scene; ConfigurationError lists the tasks."""
    name = "" if scene.task is None else scene.task.name
    if name not in TASKS:
        raise ConfigurationError(
            f"scene file {scene.name}.yaml: task: name is {name!r}; tasks: {', '.join(TASKS)}"
        )
    return TASKS[name](scene)
