# SPDX-License-Identifier: Apache-2.0
"""Tasks by name."""

from trocar.errors import ConfigurationError
from trocar.sim.scene import Scene
from trocar.sim.tasks.bimanual_peg_transfer import BimanualPegTransfer
from trocar.sim.tasks.cut_line import CutLine
from trocar.sim.tasks.ecm_target import EcmTarget
from trocar.sim.tasks.gauze_retrieve import GauzeRetrieve
from trocar.sim.tasks.needle_drive import NeedleDrive
from trocar.sim.tasks.needle_pick import NeedlePick
from trocar.sim.tasks.needle_reach import NeedleReach
from trocar.sim.tasks.needle_regrasp import NeedleRegrasp
from trocar.sim.tasks.peg_transfer import PegTransfer
from trocar.sim.tasks.task import Task
from trocar.sim.tasks.tissue_retraction import TissueRetraction

TASKS: dict[str, type[Task]] = {
    "needle_reach": NeedleReach,
    "gauze_retrieve": GauzeRetrieve,
    "needle_pick": NeedlePick,
    "needle_regrasp": NeedleRegrasp,
    "peg_transfer": PegTransfer,
    "bimanual_peg_transfer": BimanualPegTransfer,
    "ecm_target": EcmTarget,
    "tissue_retraction": TissueRetraction,
    "cut_line": CutLine,
    "needle_drive": NeedleDrive,
}


def load_task(scene: Scene) -> Task:
    """The task of a scene; ConfigurationError lists the tasks."""
    name = "" if scene.task is None else scene.task.name
    if name not in TASKS:
        raise ConfigurationError(
            f"scene file {scene.name}.yaml: task: name is {name!r}; tasks: {', '.join(TASKS)}"
        )
    return TASKS[name](scene)
