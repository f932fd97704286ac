# SPDX-License-Identifier: Apache-2.0
"""Makes the tasks known to Gymnasium: importing this module registers `trocar/NeedleReach-v0` ...

import gymnasium
import trocar.sim.tasks.registration
env = gymnasium.make("trocar/NeedleReach-v0")
"""

from trocar.sim.tasks.gym import gymnasium

_TASKS = {
    "NeedleReach": "needle_reach",
    "GauzeRetrieve": "gauze_retrieve",
    "NeedlePick": "needle_pick",
    "NeedleRegrasp": "needle_regrasp",
    "PegTransfer": "peg_transfer",
    "BimanualPegTransfer": "bimanual_peg_transfer",
    "EcmTarget": "ecm_target",
    "TissueRetraction": "tissue_retraction",
    "CutLine": "cut_line",
    "NeedleDrive": "needle_drive",
}
IDS = {f"trocar/{name}-v0": task for name, task in _TASKS.items()}

for _id, _task in IDS.items():
    # No max_episode_steps: an environment truncates at its task's own horizon.
    gymnasium.register(id=_id, entry_point="trocar.sim.tasks.env:TaskEnv", kwargs={"task": _task})
