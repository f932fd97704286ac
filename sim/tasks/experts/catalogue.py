# SPDX-License-Identifier: Apache-2.0
"""Experts by their task's name."""

from trocar.errors import ConfigurationError
from trocar.sim.tasks.experts.bimanual_peg_transfer import BimanualPegTransferExpert
from trocar.sim.tasks.experts.cut_line import CutLineExpert
from trocar.sim.tasks.experts.ecm_target import EcmTargetExpert
from trocar.sim.tasks.experts.expert import Expert
from trocar.sim.tasks.experts.gauze_retrieve import GauzeRetrieveExpert
from trocar.sim.tasks.experts.needle_drive import NeedleDriveExpert
from trocar.sim.tasks.experts.needle_pick import NeedlePickExpert
from trocar.sim.tasks.experts.needle_reach import NeedleReachExpert
from trocar.sim.tasks.experts.needle_regrasp import NeedleRegraspExpert
from trocar.sim.tasks.experts.peg_transfer import PegTransferExpert
from trocar.sim.tasks.experts.tissue_retraction import TissueRetractionExpert
from trocar.sim.tasks.observation import Layout
from trocar.sim.tasks.task import Task

EXPERTS: dict[str, type[Expert]] = {
    "needle_reach": NeedleReachExpert,
    "gauze_retrieve": GauzeRetrieveExpert,
    "needle_pick": NeedlePickExpert,
    "needle_regrasp": NeedleRegraspExpert,
    "peg_transfer": PegTransferExpert,
    "bimanual_peg_transfer": BimanualPegTransferExpert,
    "ecm_target": EcmTargetExpert,
    "tissue_retraction": TissueRetractionExpert,
    "cut_line": CutLineExpert,
    "needle_drive": NeedleDriveExpert,
}


def make_expert(task: Task, layout: Layout) -> Expert:
    """The expert of a task; ConfigurationError lists those there are."""
    name = "" if task.scene.task is None else task.scene.task.name
    if name not in EXPERTS:
        raise ConfigurationError(f"no expert for task {name!r}; experts: {', '.join(EXPERTS)}")
    return EXPERTS[name](task, layout)
