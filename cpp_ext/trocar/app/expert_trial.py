# SPDX-License-Identifier: Apache-2.0
"""One episode of a task under its expert, or under random actions."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from trocar.sim.tasks.action import STEP_S
from trocar.sim.tasks.env import TaskEnv
from trocar.sim.tasks.experts.catalogue import make_expert

# A goal counts as achieved once it has been for a second: passing through it does not.
HELD_STEPS = round(1.0 / STEP_S)
# Environment's arguments by variant; joint errors are the scene's section `errors`.
VARIANTS: dict[str, dict[str, object]] = {
    "expert": {},
    "joint_errors": {"joint_errors": True},
    "joint_errors_tools_seen": {"joint_errors": True, "tools_seen": "true"},
    "random": {},
}


@dataclass(frozen=True)
class Episode:
    """`steps` of 0.2 s until the goal was achieved and kept, or until the end; force in N.

    `measures`: what the task measures, at the end, by the names of its `units`.
    """

    success: bool
    steps: int
    max_force: float
    grasps: int
    drops: int
    fault: str
    measures: Mapping[str, float] = field(default_factory=dict)

    @property
    def time_s(self) -> float:
        """Simulated time in s."""
        return self.steps * STEP_S


def run_episode(task: str, seed: int, variant: str) -> Episode:
    """Run one episode to a kept success, or to its end."""
    env = TaskEnv(task, **VARIANTS[variant])  # type: ignore[arg-type]
    try:
        expert = make_expert(env.task, env.layout)
        rng = np.random.default_rng([seed, 7])
        observation, info = env.reset(seed=seed)
        expert.reset()
        kept, steps, over = 0, 0, False
        while not over and kept < HELD_STEPS:
            if variant == "random":
                action = rng.uniform(-1.0, 1.0, env.action_space.shape or ())
            else:
                action = expert.act(observation)
            observation, _, terminated, truncated, info = env.step(action)
            steps += 1
            kept = kept + 1 if info["is_success"] else 0
            over = terminated or truncated
        return Episode(
            kept >= HELD_STEPS,
            steps,
            float(info["max_force"]),
            int(info["grasps"]),
            int(info["drops"]),
            str(info["fault"]),
            {name: float(info[name]) for name in env.task.units},
        )
    finally:
        env.close()
