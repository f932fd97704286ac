# SPDX-License-Identifier: Apache-2.0
"""Tasks as Gymnasium environments: interface, seeds, what an action does, what ends an episode."""

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from trocar.errors import ConfigurationError
from trocar.sim.objects.handling import Handling
from trocar.sim.soft.soft_cell import SoftCell, TissueDivergedError
from trocar.sim.tasks.action import PUSH, SIZE, STEP, TURN
from trocar.sim.tasks.catalogue import TASKS
from trocar.sim.tasks.env import TaskEnv
from trocar.sim.tasks.experts.catalogue import EXPERTS
from trocar.sim.tasks.registration import IDS

NEAR = np.array([0.0, 0.0, -1.0, 0.3, 0.4])  # down, among the objects, turning, jaws half open


def rollout(env: TaskEnv, seed: int, steps: int = 6) -> bytes:
    """Every bit that an episode shows."""
    rng = np.random.default_rng(seed)
    observation, _ = env.reset(seed=seed)
    seen = [observation]
    for _ in range(steps):
        shape = env.action_space.shape
        action = np.clip(np.resize(NEAR, shape) + 0.3 * rng.standard_normal(shape), -1.0, 1.0)
        observation, reward, terminated, truncated, info = env.step(action)
        seen += [observation, {"rest": np.array([reward, terminated, truncated])}]
        seen.append({"info": np.array([info["max_force"], info["grasps"], info["drops"]])})
    return b"".join(np.asarray(v, dtype=float).tobytes() for one in seen for v in one.values())


def test_every_task_has_a_name_an_expert_and_an_id() -> None:
    assert set(TASKS) == set(EXPERTS) == set(IDS.values())


@pytest.mark.parametrize("name", IDS)
def test_the_environment_passes_gymnasiums_checker(name: str) -> None:
    env = gymnasium.make(name)
    check_env(env.unwrapped, skip_render_check=True)
    env.close()


@pytest.mark.parametrize("task", TASKS)
def test_the_same_seed_gives_the_same_bits_whatever_came_before(task: str) -> None:
    fresh, used = TaskEnv(task), TaskEnv(task)
    rollout(used, 8, 3)
    assert rollout(fresh, 3) == rollout(used, 3)
    assert rollout(fresh, 3) != rollout(fresh, 4)
    for env in (fresh, used):
        env.close()


def test_looking_every_millisecond_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    for is_lazy in (True, False):
        if not is_lazy:
            monkeypatch.setattr(Handling, "is_idle", lambda self, tools: bool(self._arrive(tools)))
        env = TaskEnv("needle_reach")
        observation, _ = env.reset(seed=1)
        for k in range(6):  # stays well above the needle
            observation, *_ = env.step(np.array([0.5, -0.5 + 0.1 * k, 0.0, 0.2, 0.0]))
        seen.append(observation["observation"].tobytes())
        env.close()
    assert seen[0] == seen[1]


def test_environments_can_be_vectorised() -> None:
    envs = gymnasium.make_vec("trocar/NeedleReach-v0", num_envs=2, vectorization_mode="sync")
    first, _ = envs.reset(seed=[1, 2])
    assert first["observation"].shape[0] == 2
    assert not np.array_equal(first["desired_goal"][0], first["desired_goal"][1])
    envs.step(np.zeros((2, SIZE), dtype=np.float32))
    alone = TaskEnv("needle_reach")
    assert np.array_equal(alone.reset(seed=2)[0]["observation"], first["observation"][1])
    envs.close()
    alone.close()


def test_an_action_moves_the_tip_by_what_it_says() -> None:
    env = TaskEnv("needle_reach")
    observation, _ = env.reset(seed=0)
    before = env.layout.tool(observation["observation"], "PSM1")
    observation, *_ = env.step(np.array([1.0, -0.5, 0.2, 1.0, 0.5]))
    observation, *_ = env.step(np.array([0.0, 0.0, 0.0, 0.0, 0.5]))
    after = env.layout.tool(observation["observation"], "PSM1")
    assert after.tip - before.tip == pytest.approx([STEP, -0.5 * STEP, 0.2 * STEP], abs=1e-4)
    turned = np.arctan2(*after.closing[1::-1]) - np.arctan2(*before.closing[1::-1])
    assert turned == pytest.approx(TURN, abs=0.01)
    assert after.jaw == pytest.approx(0.35, abs=0.01)
    env.close()


def test_a_blocked_arm_pushes_no_harder_than_allowed() -> None:
    env = TaskEnv("needle_reach")
    observation, _ = env.reset(seed=0)
    for _ in range(20):  # into the pad, far from the needle
        observation, _, terminated, _, info = env.step(np.array([0.0, 0.0, -1.0, 0.0, -1.0]))
        assert not terminated and info["fault"] == ""
    tip = env.cell.arms["PSM1"].simulated.tool().tip
    assert 0.0 < 0.007 - tip[2] < 0.001
    load = env.cell.surroundings.loads()["PSM1"]
    # Friction hides up to 2 N from the arm's observer, and the joints' integrals take their time.
    assert 0.5 * PUSH < load.force[2] < 1.6 * PUSH
    env.close()


def test_goals_are_judged_in_batches() -> None:
    env = TaskEnv("peg_transfer")
    env.reset(seed=0)
    desired = np.tile(env.goal, (4, 3, 1))
    achieved = desired.copy()
    achieved[0, 0, 0] += 0.004  # beside the peg
    achieved[1, 1, 2] += 0.003  # above its place
    achieved[2, 2, 3] = 1.0  # still held
    reward = env.compute_reward(achieved, desired, {})
    assert reward.shape == (4, 3) and reward.sum() == -3.0
    assert [reward[i, i] for i in range(3)] == [-1.0] * 3
    env.close()


def test_an_episode_is_truncated_at_the_horizon_and_terminated_by_a_fault() -> None:
    env = TaskEnv("needle_reach")
    env.reset(seed=0)
    ends = [env.step(np.zeros(SIZE))[2:4] for _ in range(env.task.parameters.horizon)]
    assert not any(terminated for terminated, _ in ends)
    assert [truncated for _, truncated in ends] == [False] * (len(ends) - 1) + [True]
    env.reset(seed=0)
    env.cell.arms["PSM1"]._arm.press_estop()
    _, _, terminated, truncated, info = env.step(np.zeros(SIZE))
    assert terminated and not truncated and info["fault"].startswith("PSM1: ")
    observation, info = env.reset(seed=0)
    assert info["fault"] == ""
    env.close()


def test_crushed_tissue_ends_the_episode_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    env = TaskEnv("tissue_retraction")
    env.reset(seed=0)
    frame, left = SoftCell.frame, [5]

    def crushed(self: SoftCell, *args: object) -> None:
        left[0] -= 1
        if left[0] == 0:  # the lobe's own answer to what it cannot follow
            raise TissueDivergedError("soft: tissue: the frame diverged")
        frame(self, *args)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(SoftCell, "frame", crushed)
        _, _, terminated, truncated, info = env.step(np.zeros(SIZE))
    assert terminated and not truncated and info["fault"] == "soft: tissue: the frame diverged"
    assert env.reset(seed=0)[1]["fault"] == ""
    env.close()


def test_what_falls_off_ends_the_episode() -> None:
    env = TaskEnv("needle_pick")
    env.reset(seed=0)
    things = env.cell.handling.things
    things.poses["needle"][:3, 3] = [0.08, 0.0, 0.05]  # beside the pad, in the air
    things.release("needle", np.zeros(3), np.zeros(3))
    ends = [env.step(np.array([0.0, 0.0, 0.0, 0.0, -1.0]))[2] for _ in range(2)]
    assert ends[-1] and things.poses["needle"][2, 3] < -0.03
    env.close()


def test_hidden_errors_part_what_is_measured_from_what_is_true() -> None:
    views = {}
    for seen in ("measured", "true"):
        env = TaskEnv("needle_reach", joint_errors=True, tools_seen=seen)
        observation, _ = env.reset(seed=5)
        views[seen] = env.layout.tool(observation["observation"], "PSM1").tip
        assert np.array_equal(observation["achieved_goal"], env.task.achieved(env.cell))
        truth = env.cell.arms["PSM1"].simulated.tool().tip
        if seen == "true":
            assert np.array_equal(views[seen], truth)
        env.close()
    assert 0.001 < np.linalg.norm(views["measured"] - views["true"]) < 0.02
    exact = TaskEnv("needle_reach")
    observation, _ = exact.reset(seed=5)
    measured = exact.layout.tool(observation["observation"], "PSM1").tip
    assert np.linalg.norm(measured - exact.cell.arms["PSM1"].simulated.tool().tip) < 5e-5
    exact.close()


@pytest.mark.parametrize(
    "action", [np.full(SIZE, np.nan), np.zeros(SIZE + 1), np.full(SIZE, np.inf)]
)
def test_an_action_that_is_none_is_refused(action: np.ndarray) -> None:
    env = TaskEnv("needle_reach")
    env.reset(seed=0)
    with pytest.raises(ValueError, match="give 5 finite numbers"):
        env.step(action)
    env.close()


def test_unknown_arguments_are_refused_in_one_line() -> None:
    for arguments, said in (
        ({"render_mode": "human"}, "render_mode is 'human'; allowed None or 'rgb_array'"),
        ({"tools_seen": "never"}, "tools_seen is 'never'; one of measured, true"),
        ({"drive": "wishful"}, "drive is 'wishful'; one of torque, ideal"),
        ({"task": "follow"}, "scene file follow.yaml: task: name is ''; tasks: needle_reach, "),
        ({"task": "juggle"}, "unknown scene 'juggle'"),
    ):
        with pytest.raises(ConfigurationError) as refusal:
            TaskEnv(**arguments)
        assert said in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.gl
def test_a_picture_is_what_the_endoscope_sees() -> None:
    env = TaskEnv("peg_transfer", render_mode="rgb_array")
    env.reset(seed=0)
    first = env.render()
    assert first.shape == (480, 640, 3) and first.dtype == np.uint8
    red = (first[..., 0] > 90) & (first[..., 1] < 60) & (first[..., 2] < 60)
    assert red.sum() > 300  # the block that is to be moved
    for _ in range(3):
        env.step(np.array([1.0, 0.0, -1.0, 0.0, 0.0]))
    assert np.abs(env.render().astype(int) - first).max() > 50
    env.close()
    env.close()
