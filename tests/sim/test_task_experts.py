# SPDX-License-Identifier: Apache-2.0
"""Experts succeed by what they see and do; without grasping, and at random, nobody does."""

from collections.abc import Callable

import numpy as np
import pytest

from trocar.geometry import Array
from trocar.sim.tasks.action import SIZE, STEP
from trocar.sim.tasks.catalogue import TASKS
from trocar.sim.tasks.env import TaskEnv
from trocar.sim.tasks.experts.catalogue import make_expert
from trocar.sim.tasks.experts.expert import turn_to
from trocar.sim.tasks.observation import SeenTool

GRASPS = {  # of rigid objects
    "needle_reach": 0,
    "gauze_retrieve": 1,
    "needle_pick": 1,
    "needle_regrasp": 2,
    "peg_transfer": 1,
    "bimanual_peg_transfer": 2,
    "ecm_target": 0,
    "tissue_retraction": 0,
    "cut_line": 0,
    "needle_drive": 1,
}


def episode(
    env: TaskEnv, seed: int, change: Callable[[Array], Array] = lambda action: action, kept: int = 3
) -> dict:
    """The last `info`, when the goal has been kept for some steps, or at the end."""
    expert = make_expert(env.task, env.layout)
    observation, info = env.reset(seed=seed)
    expert.reset()
    achieved, over = 0, False
    while achieved < kept and not over:
        observation, _, terminated, truncated, info = env.step(change(expert.act(observation)))
        achieved = achieved + 1 if info["is_success"] else 0
        over = terminated or truncated
    return info


@pytest.mark.parametrize("task", TASKS)
def test_the_expert_succeeds(task: str) -> None:
    env = TaskEnv(task)
    for seed in (100, 101):
        info = episode(env, seed)
        assert info["is_success"], (seed, info)
        assert info["grasps"] >= GRASPS[task] and info["drops"] == 0 and info["fault"] == ""
        # N: nothing is hit or pressed; pulling tissue takes what its task allows
        assert info["max_force"] < (2.5 if task == "tissue_retraction" else 2.0)
    env.close()


@pytest.mark.parametrize("task", ["gauze_retrieve", "needle_pick", "peg_transfer"])
def test_without_closing_the_jaws_nothing_is_lifted(task: str) -> None:
    def open_jaws(action: Array) -> Array:
        action[4::SIZE] = np.abs(action[4::SIZE])
        return action

    env = TaskEnv(task)
    info = episode(env, 100, open_jaws)
    assert not info["is_success"] and info["grasps"] == 0
    env.close()


@pytest.mark.parametrize("task", ["needle_reach", "needle_pick", "peg_transfer"])
def test_random_actions_fail(task: str) -> None:
    env = TaskEnv(task)
    rng = np.random.default_rng(0)
    successes = [
        episode(env, s, lambda a: rng.uniform(-1, 1, a.shape))["is_success"] for s in (0, 1)
    ]
    assert not any(successes)
    env.close()


@pytest.mark.parametrize("task", ["needle_reach", "needle_pick"])
def test_ideal_arms_do_what_they_are_told_and_no_more(task: str) -> None:
    env = TaskEnv(task, drive="ideal")
    info = episode(env, 100)
    assert info["is_success"] and info["grasps"] == GRASPS[task] and info["fault"] == ""
    observation, _ = env.reset(seed=100)
    tip = env.layout.tool(observation["observation"], "PSM1").tip
    observation, *_ = env.step(np.array([1.0, 0.0, 0.4, 0.0, 0.0]))
    moved = env.layout.tool(observation["observation"], "PSM1").tip - tip
    assert moved == pytest.approx([STEP, 0.0, 0.4 * STEP], abs=1e-9)
    env.close()


def test_the_expert_sees_nothing_but_the_observation() -> None:
    env = TaskEnv("needle_pick")
    expert = make_expert(env.task, env.layout)
    observation, _ = env.reset(seed=100)
    expert.reset()
    first = expert.act(observation)
    moved = {key: value.copy() for key, value in observation.items()}
    at = env.layout.size - 9  # the needle's position
    moved["observation"][at] += 0.01
    other = make_expert(env.task, env.layout)
    other.reset()
    assert not np.array_equal(other.act(moved), first)
    same = make_expert(env.task, env.layout)
    same.reset()
    env.close()
    assert np.array_equal(same.act(observation), first)


@pytest.mark.parametrize("angle", np.linspace(-3.0, 3.0, 13))
def test_the_jaws_turn_by_a_right_angle_at_most(angle: float) -> None:
    now = np.array([np.cos(0.4), np.sin(0.4), 0.0])
    wanted = np.array([np.cos(0.4 + angle), np.sin(0.4 + angle), 0.0])
    turn = turn_to(SeenTool(np.zeros(3), now, np.zeros(3), 0.0, 0.0), wanted)
    assert abs(turn) <= np.pi / 2 + 1e-9
    assert np.sin(turn - angle) == pytest.approx(0.0, abs=1e-9)  # either sense will do


def test_cutting_along_the_line_opens_the_tissue() -> None:
    env = TaskEnv("cut_line")
    episode(env, 0)
    soft = env.cell.surroundings.soft.bodies["tissue"]
    assert soft.topology > 3  # cuts that opened faces
    assert len(soft.nodes) > len(env.scene.soft["tissue"].mesh.nodes) + 10
    rates = [source.rate for source in soft.body.bleeding()]
    assert len(rates) == soft.topology and min(rates) > 0.0
    env.close()


def test_too_strong_a_pull_is_no_success() -> None:
    task = TaskEnv("tissue_retraction").task
    desired = np.array([0.0, 0.0, 0.008, 2.5, 1.0])
    for force, held, success in ((2.4, 1.0, True), (2.6, 1.0, False), (2.4, 0.0, False)):
        achieved = np.array([0.001, 0.0, 0.008, force, held])
        assert bool(task.is_success(achieved, desired)) == success
