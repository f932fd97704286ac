# SPDX-License-Identifier: Apache-2.0
"""What a task is: how it starts, what counts as achieved, when it has succeeded."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.kinematics import T_CONTROL_POINT_JAW_TIP, forward_kinematics
from trocar.sim.objects.kinds import KINDS, kind_of
from trocar.sim.objects.size import read_sizes, size
from trocar.sim.scene import Scene
from trocar.sim.tasks.action import SIZE
from trocar.sim.tasks.task_cell import TaskCell

Sized = TypeVar("Sized")


@dataclass(frozen=True)
class TaskParameters:
    """What every task's section has: steps of 0.2 s, m, and the box of the tips' goals in m."""

    horizon: int = size(50, 1, 1000)
    tolerance: float = size(0.005, 0.0002, 0.05)
    low_x: float = size(-0.030, -0.2, 0.2)
    high_x: float = size(0.030, -0.2, 0.2)
    low_y: float = size(-0.025, -0.2, 0.2)
    high_y: float = size(0.025, -0.2, 0.2)
    low_z: float = size(0.0, -0.2, 0.2)
    high_z: float = size(0.045, -0.2, 0.2)


@dataclass(frozen=True)
class Start:
    """`poses`: `T_world_object` (4, 4) of every object; `goal` (g,): what is to be achieved."""

    poses: dict[str, Array]
    goal: Array


class Task(ABC):
    """One task in one scene.  Draws come from the generator that is passed in, from nothing else.

    `observed`: objects whose poses the observation holds; `goal_size` g; `parameters` its section.
    """

    Parameters: ClassVar[type[TaskParameters]] = TaskParameters
    objects: ClassVar[dict[str, str]] = {}  # names that the scene must have, with their kinds
    observed: ClassVar[tuple[str, ...]] = ()
    tools: ClassVar[tuple[str, ...]] = ("PSM1",)
    goal_size: ClassVar[int] = 3
    extra_size: ClassVar[int] = 0  # numbers that the observation has beyond tools and objects
    moves_camera: ClassVar[bool] = False  # whether the action has the ECM's joints
    tool_action_size: ClassVar[int] = SIZE  # numbers of an action that an instrument takes
    units: ClassVar[dict[str, str]] = {}  # of what it measures

    def __init__(self, scene: Scene) -> None:
        """Read the scene's section; ConfigurationError names file, key, allowed and remedy."""
        self.scene = scene
        where = f"scene file {scene.name}.yaml"
        if scene.task is None:
            raise ConfigurationError(f"{where}: no task; give a section `task:` with its name")
        self.parameters: Any = read_sizes(self.Parameters, scene.task.values, f"{where}: task")
        missing = [tool for tool in self.tools if tool not in scene.psms]
        if missing:
            raise ConfigurationError(
                f"{where}: arms: task {scene.task.name} needs {', '.join(self.tools)}; "
                f"add {', '.join(missing)} with its initial_q"
            )
        for name, kind in self.objects.items():
            spec = scene.objects.get(name)
            if spec is None or spec.kind != kind:
                raise ConfigurationError(
                    f"{where}: objects: task {scene.task.name} needs {name} of kind {kind}; "
                    f"kinds: {', '.join(KINDS)}"
                )

    def box(self, tool: str) -> tuple[Array, Array]:
        """Lowest and highest corner (3,) in m of where an instrument's tip may be sent."""
        p = self.parameters
        return (
            np.array([p.low_x, p.low_y, p.low_z]),
            np.array([p.high_x, p.high_y, p.high_z]),
        )

    def kind(self, name: str, cls: type[Sized]) -> Sized:
        """The sizes of an object of the scene."""
        found = kind_of(self.scene.objects[name], f"scene file {self.scene.name}.yaml: {name}")
        assert isinstance(found, cls)
        return found

    def poses(self, **placed: Array) -> dict[str, Array]:
        """`T_world_object` of every object: as the scene has it, or as placed."""
        return {name: self.place(name) for name in self.scene.objects} | placed

    def tip_at_start(self, tool: str) -> Array:
        """`T_world_tip` (4, 4) of an instrument at the scene's joints, without any error."""
        T_base_cp = np.asarray(forward_kinematics(self.scene.initial_q[tool][:6]))
        return self.scene.T_world_base(tool) @ T_base_cp @ T_CONTROL_POINT_JAW_TIP

    def place(self, name: str) -> Array:
        """`T_world_object` (4, 4) that the scene gives an object."""
        return self.scene.objects[name].T_world_object

    def began(self, cell: TaskCell) -> None:
        """The cell stands as the start has it; nothing by default."""
        return

    def watch(self, cell: TaskCell) -> None:
        """Called every 10 ms; nothing by default."""
        return

    def extra(self, cell: TaskCell) -> Array:
        """(extra_size,): what else is seen."""
        return np.zeros(0)

    def measures(self, cell: TaskCell) -> dict[str, float]:
        """What an episode is judged by beyond its success, by the names in `units`."""
        return {}

    @abstractmethod
    def start(self, rng: np.random.Generator) -> Start:
        """Draw where things lie and what is to be achieved."""

    @abstractmethod
    def achieved(self, cell: TaskCell) -> Array:
        """What has been achieved, (g,): truth."""

    def is_success(self, achieved: Array, desired: Array) -> NDArray[np.bool_]:
        """Whether goals (..., g) are achieved: (...)."""
        gap = np.linalg.norm(np.asarray(achieved) - np.asarray(desired), axis=-1)
        return np.asarray(gap < self.parameters.tolerance)

    def prepare(self, cell: TaskCell, command: Callable[[Array], None]) -> str:
        """Bring the cell from its start to where an episode begins, by actions; default: none.

        Returns what in the scene's file kept it from that, "" where nothing did.
        """
        return ""

    def holders(self, cell: TaskCell, name: str) -> Sequence[str]:
        """Instruments that hold an object."""
        return cell.handling.jaws.holders(name)
