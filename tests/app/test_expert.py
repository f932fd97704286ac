# SPDX-License-Identifier: Apache-2.0
"""`trocar validate expert:TASK`, and the bench of environment steps."""

import numpy as np
import pytest

from trocar.app import bench_env, cli, expert_scenario, expert_trial
from trocar.app.expert_trial import HELD_STEPS, VARIANTS, Episode, run_episode
from trocar.app.scenario import EXPERT_TASKS, REGISTRY, load_scenario, pool
from trocar.errors import TrocarError
from trocar.sim.tasks.catalogue import TASKS


def test_every_task_is_a_scenario() -> None:
    assert set(EXPERT_TASKS) == set(TASKS)
    for task in EXPERT_TASKS:
        scenario = load_scenario(f"expert:{task}")
        assert scenario.name == f"expert:{task}" and f"expert:{task}" in REGISTRY


def test_one_seed_in_all_variants() -> None:
    scenario = load_scenario("expert:needle_reach")
    result = scenario.run(3)
    assert result.success and set(result.controls) == set(VARIANTS) - {"expert"}
    assert result.samples["steps"][0] >= HELD_STEPS
    assert result.samples["time"][0] == pytest.approx(0.2 * result.samples["steps"][0])
    assert result.controls["random"]["success"][0] == 0.0
    goals = {goal.id: goal for goal in scenario.goals(pool(scenario, [result]))}
    assert goals["experts.needle_reach.success"].met and goals["experts.needle_reach.random"].met
    assert goals["experts.needle_reach.joint_errors"].met is None  # reported, not judged
    names = ("success", "random", "joint_errors", "joint_errors_tools_seen")
    assert set(goals) == {f"experts.needle_reach.{name}" for name in names}


def test_an_expert_that_fails_misses_the_goal(monkeypatch: pytest.MonkeyPatch) -> None:
    def episode(task: str, seed: int, variant: str) -> Episode:
        won = variant != "expert" or seed == 0
        return Episode(won, 9, 1.5, 1, 0 if won else 1, "")

    monkeypatch.setattr(expert_scenario, "run_episode", episode)
    scenario = load_scenario("expert:needle_pick")
    report = pool(scenario, [scenario.run(seed) for seed in range(4)])
    goals = {goal.id: goal for goal in scenario.goals(report)}
    assert goals["experts.needle_pick.success"].value == 0.25
    assert not goals["experts.needle_pick.success"].met
    assert not goals["experts.needle_pick.random"].met  # random actions that succeed are no control
    assert report["failures"][0] == {"seed": 1, "reason": "not achieved within 9 steps (1 drops)"}
    assert report["metrics"]["steps"]["n"] == 1 and report["metrics"]["success"]["mean"] == 0.25


def test_a_goal_must_be_kept_for_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    from trocar.sim.tasks.env import TaskEnv

    full = run_episode("needle_reach", 3, "expert")
    ends = TaskEnv.step
    seen = []

    def flicker(self: TaskEnv, action: np.ndarray):
        observation, reward, terminated, truncated, info = ends(self, action)
        seen.append(info["is_success"])
        info["is_success"] = info["is_success"] and sum(seen) != 2  # lost once, on the way
        return observation, reward, terminated, truncated, info

    monkeypatch.setattr(expert_trial.TaskEnv, "step", flicker)
    late = run_episode("needle_reach", 3, "expert")
    assert late.success and late.steps == full.steps + 2


def test_the_list_names_the_experts(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["validate", "--list"]) == 0
    listed = capsys.readouterr().out
    assert "expert:bimanual_peg_transfer" in listed and "scripted expert of gauze" in listed
    assert cli.main(["validate", "expert:juggling"]) == 2
    assert "expert:peg_transfer" in capsys.readouterr().err


def test_steps_are_counted_and_a_missing_surrol_is_said(tmp_path) -> None:
    rate, spread = bench_env._one_process("needle_reach", 20)
    assert rate > 0.0 and "median" in spread
    assert bench_env._surrol(None, 1) == (bench_env.SURROL_REFERENCE, bench_env._REFERENCED)
    with pytest.raises(TrocarError) as refusal:
        bench_env._surrol(str(tmp_path), 1)
    assert "did not run" in str(refusal.value) and "\n" not in str(refusal.value)
