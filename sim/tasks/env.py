# SPDX-License-Identifier: Apache-2.0
"""A task as a Gymnasium environment: torque-controlled arms at 1 kHz, a step of 0.2 s.

Goal-conditioned, as SurRoL's and Gymnasium-Robotics' are: observations are a dictionary of
`observation`, `achieved_goal` and `desired_goal`; the reward is -1, and 0 in success, and
`compute_reward` takes whole batches (hindsight replay).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.objects.handling import LOOK_TICKS
from trocar.sim.scene import load_scene
from trocar.sim.soft.soft_cell import TissueDivergedError
from trocar.sim.tasks.action import STEP_S, Reach
from trocar.sim.tasks.camera_action import CAMERA_SIZE, turn_camera
from trocar.sim.tasks.catalogue import load_task
from trocar.sim.tasks.gym import gymnasium
from trocar.sim.tasks.observation import Layout
from trocar.sim.tasks.task_cell import TaskCell

_TICKS = round(STEP_S * 1000.0)
_LARGE = 10.0  # metres, radians, newton metres, flags: nothing in a task is larger
_LOST = 0.03  # m below the world's origin: what falls there is gone
VIEWS = ("measured", "true")
DRIVES = ("torque", "ideal")


class TaskEnv(gymnasium.Env):
    """One task.  Actions (5 or 7 per instrument,) in [-1, 1]: see `trocar.sim.tasks.action`.

    `info`: is_success, max_force N, grasps, drops, fault, and what the task measures.  An
    episode is truncated at the task's horizon; it is terminated where it cannot go on: an arm's
    controller in fault, tissue crushed, an object lost.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": round(1.0 / STEP_S)}

    def __init__(
        self,
        task: str = "needle_reach",
        render_mode: str | None = None,
        joint_errors: bool = False,
        tools_seen: str = "measured",
        drive: str = "torque",
    ) -> None:
        """Make a task by its scene's name.

        joint_errors: with the scene's hidden errors of bases and joints; tools_seen: whether the
        observation has the instruments as "measured" by encoders, or as they are, "true"; drive:
        "ideal" has arms without dynamics, for perception work only (`ideal_arm`).
        """
        if render_mode not in (None, *self.metadata["render_modes"]):
            raise ConfigurationError(f"render_mode is {render_mode!r}; allowed None or 'rgb_array'")
        if tools_seen not in VIEWS:
            raise ConfigurationError(f"tools_seen is {tools_seen!r}; one of {', '.join(VIEWS)}")
        if drive not in DRIVES:
            raise ConfigurationError(f"drive is {drive!r}; one of {', '.join(DRIVES)}")
        self.render_mode = render_mode
        self.scene = load_scene(task)
        self.task = load_task(self.scene)
        self._joint_errors, self._tools_seen = joint_errors, tools_seen
        self.cell = TaskCell(self.scene, drive == "ideal")
        self.tools = self.task.tools
        self.layout = Layout(self.tools, self.task.observed)
        self._tool_at = self.task.tool_action_size
        self._camera_at = self._tool_at * len(self.tools)
        self._actions = self._camera_at + CAMERA_SIZE * self.task.moves_camera
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (self._actions,), np.float32)
        sizes = {
            "observation": self.layout.size + self.task.extra_size,
            "achieved_goal": self.task.goal_size,
            "desired_goal": self.task.goal_size,
        }
        self.observation_space = gymnasium.spaces.Dict(
            {
                key: gymnasium.spaces.Box(-_LARGE, _LARGE, (n,), np.float64)
                for key, n in sizes.items()
            }
        )
        self.goal = np.zeros(self.task.goal_size)
        self._steps, self._broken = 0, ""
        self._reach: dict[str, Reach] = {}
        self._renderer: Any = None
        self._cast: Any = None
        self._drawn: dict[str, int] = {}  # cuts of each soft body that the renderer shows

    # --- Gymnasium -------------------------------------------------------------------------
    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[dict[str, Array], dict[str, Any]]:
        """A new episode; the same seed gives the same one, to the bit."""
        super().reset(seed=seed)
        cell_seed = int(self.np_random.integers(2**31))
        start = self.task.start(self.np_random)
        self.cell.reset(start.poses, cell_seed, self._joint_errors)
        self.goal = start.goal
        self._steps, self._broken = 0, ""
        self._reach = {}
        self.task.began(self.cell)
        for name in self.tools:
            T_world_tip, jaw, _ = self.cell.arms[name].measured()
            self._reach[name] = Reach(T_world_tip, jaw, *self.task.box(name))
        problem = self.task.prepare(self.cell, self._apply)
        if problem and not self._joint_errors:  # with hidden errors a bad start is part of the task
            raise ConfigurationError(f"scene file {self.scene.name}.yaml: {problem}")
        return self._observe(), self._info()

    def step(self, action: Array) -> tuple[dict[str, Array], float, bool, bool, dict[str, Any]]:
        """0.2 s of the cell under an action."""
        wanted = np.asarray(action, dtype=float)
        if wanted.shape != self.action_space.shape or not np.all(np.isfinite(wanted)):
            raise ValueError(
                f"action is {wanted!r}; give {self._actions} finite numbers in [-1, 1]"
            )
        try:
            self._apply(np.clip(wanted, -1.0, 1.0))
        except TissueDivergedError as error:  # crushed: the episode ends here
            self._broken = str(error)
        self._steps += 1
        observation, info = self._observe(), self._info()
        reward = float(self.compute_reward(observation["achieved_goal"], self.goal, info))
        terminated = bool(info["fault"]) or self._is_lost()
        truncated = self._steps >= self.task.parameters.horizon
        return observation, reward, terminated, truncated, info

    def compute_reward(self, achieved_goal: Array, desired_goal: Array, info: Any) -> NDArray[Any]:
        """-1, and 0 where the goal is achieved; goals (..., g) give (...)."""
        return self.task.is_success(achieved_goal, desired_goal).astype(np.float64) - 1.0

    def render(self) -> NDArray[np.uint8] | None:
        """What the endoscope's left eye sees, (480, 640, 3) RGB; None without a render mode."""
        if self.render_mode is None:
            return None
        if self._renderer is None:
            from trocar.sim.render.cast import Cast
            from trocar.sim.render.renderer import EndoscopeRenderer

            self._renderer = EndoscopeRenderer.of(self.scene, 0)
            self._cast = Cast.of(self.scene, 0)
        self._renderer.set_bases(self.cell.truth.T_world_base)
        self._show_cuts()
        frame = self._renderer.render(self.cell.snapshot(), self.cell.ticks * 1_000_000)
        return np.asarray(frame.stereo.left_rgb)

    def close(self) -> None:
        """Free the physics world and the renderer; may be called twice."""
        self.cell.close()
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    def _show_cuts(self) -> None:
        """Let the renderer draw soft bodies as they are cut, or whole again after a reset."""
        for name, soft in self.cell.surroundings.soft.bodies.items():
            if soft.topology == self._drawn.get(name, 0):
                continue
            self._drawn[name] = soft.topology
            whole = self._cast.soft[name]
            cut = whole.after_cut(soft.body.surface, soft.body.parents)
            self._renderer.set_surface(name, cut if soft.topology else whole)

    # --- inside ----------------------------------------------------------------------------
    def _apply(self, action: Array) -> None:
        reaches = list(self._reach.values())
        arms = [self.cell.arms[name] for name in self.tools]
        if self.task.moves_camera:
            turn_camera(self.cell, action[self._camera_at :])
        for i, reach in enumerate(reaches):
            reach.begin(action[self._tool_at * i : self._tool_at * (i + 1)])
        pieces = _TICKS // LOOK_TICKS

        def command(piece: int) -> None:
            self.task.watch(self.cell)
            for arm, reach in zip(arms, reaches):
                T_measured, jaw, _ = arm.measured()
                velocity = reach.move(piece / pieces, T_measured[:3, 3], arm.force())
                reach.move_jaw(jaw, 1e-3 * LOOK_TICKS)
                arm.servo(reach.T_world_tip, velocity, reach.jaw)

        self.cell.advance(_TICKS, command)
        for arm, reach in zip(arms, reaches):
            reach.move(1.0, arm.measured()[0][:3, 3], arm.force())

    def _observe(self) -> dict[str, Array]:
        seen = {name: self.cell.arms[name].measured() for name in self.tools}
        if self._tools_seen == "true":
            for name in self.tools:
                arm = self.cell.arms[name]
                tool = arm.simulated.tool()
                seen[name] = (tool.T_world_tip, tool.jaw, seen[name][2])
        return {
            "observation": np.concatenate(
                [
                    self.layout.pack(seen, self.cell.handling.things.poses),
                    self.task.extra(self.cell),
                ]
            ),
            "achieved_goal": self.task.achieved(self.cell),
            "desired_goal": self.goal.copy(),
        }

    def _info(self) -> dict[str, Any]:
        handling = self.cell.handling
        faults = [f"{name}: {arm.fault}" for name, arm in self.cell.arms.items() if arm.fault]
        faults += [self._broken] if self._broken else []
        return {
            "is_success": bool(self.task.is_success(self.task.achieved(self.cell), self.goal)),
            "max_force": max(handling.max_force, self.cell.surroundings.soft.max_force),
            "grasps": handling.jaws.made,
            "drops": handling.jaws.dropped,
            "fault": "; ".join(faults),
            **self.task.measures(self.cell),
        }

    def _is_lost(self) -> bool:
        things = self.cell.handling.things
        return any(things.poses[name][2, 3] < -_LOST for name in things.moving)
