# SPDX-License-Identifier: Apache-2.0
"""`trocar validate expert:TASK`: how often a task's scripted expert succeeds.

Beside it, on the same seeds: with the scene's hidden errors of bases and joints, knowing the
encoders only; the same with instruments that are seen where they truly are; and random actions,
which must fail.
"""

from typing import Any

import numpy as np

from trocar.app.expert_trial import VARIANTS, Episode, run_episode
from trocar.app.report import Goal, at_least, at_most, reported
from trocar.app.scenario import EXPERT_TASKS, SeedResult
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.tasks.catalogue import TASKS

SUCCESS_MIN = 0.95
RANDOM_MAX = 0.1
_PREFIX = "expert:"


def _samples(episode: Episode) -> dict[str, Array]:
    values = {
        "success": float(episode.success),
        "steps": episode.steps if episode.success else np.nan,
        "time": episode.time_s if episode.success else np.nan,
        "max_force": episode.max_force,
        "grasps": episode.grasps,
        "drops": episode.drops,
        **episode.measures,
    }
    return {name: np.array([value], dtype=float) for name, value in values.items()}


def _reason(episode: Episode) -> str:
    if episode.success:
        return ""
    return episode.fault or f"not achieved within {episode.steps} steps ({episode.drops} drops)"


class ExpertScenario:
    """The expert of one task and its controls."""

    units = {
        "success": "1",
        "steps": "1",
        "time": "s",
        "max_force": "N",
        "grasps": "1",
        "drops": "1",
    }

    def __init__(self, task: str) -> None:
        """Take a task by name."""
        self.task = task
        self.units = {**self.units, **TASKS[task].units}
        self.name = _PREFIX + task
        self.description = f"scripted expert of {task.replace('_', ' ')}, at 1 kHz in torque mode"

    def run(self, seed: int) -> SeedResult:
        """One seed in all variants."""
        episodes = {variant: run_episode(self.task, seed, variant) for variant in VARIANTS}
        expert = episodes.pop("expert")
        controls = {name: _samples(episode) for name, episode in episodes.items()}
        return SeedResult(seed, _reason(expert), _samples(expert), controls)

    def goals(self, report: dict[str, Any]) -> list[Goal]:
        """The expert's success, random's failure; the joint errors' rows are reported."""
        n = len(report["seeds"])

        def rate(variant: str) -> float:
            return float(report["controls"][variant]["success"]["mean"])

        return [
            at_least(f"experts.{self.task}.success", report["success_rate"], "1", SUCCESS_MIN, n),
            at_most(f"experts.{self.task}.random", rate("random"), "1", RANDOM_MAX, n),
            *(
                reported(f"experts.{self.task}.{variant}", rate(variant), "1", n)
                for variant in VARIANTS
                if variant.startswith("joint_errors")
            ),
        ]


def scenario(name: str) -> ExpertScenario:
    """The scenario `expert:TASK`; ConfigurationError lists the tasks."""
    task = name.removeprefix(_PREFIX)
    if task not in EXPERT_TASKS:
        raise ConfigurationError(f"unknown expert {task}; valid: {', '.join(EXPERT_TASKS)}")
    return ExpertScenario(task)
