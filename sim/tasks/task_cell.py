# SPDX-License-Identifier: Apache-2.0
"""The cell of a task: driven arms, rigid objects and soft bodies, stepped together at 1 kHz.

It is put together anew for every episode, out of the parts that `trocar.sim.cell` has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.arms import SimulatedEcm
from trocar.sim.objects.handling import LOOK_TICKS, Handling
from trocar.sim.objects.start_check import check_start
from trocar.sim.objects.tool import ToolPose
from trocar.sim.scene import ECM, CellTruth, ErrorParameters, Scene
from trocar.sim.snapshot import CellSnapshot
from trocar.sim.surroundings import Surroundings
from trocar.sim.tasks.driven_arm import DrivenArm
from trocar.sim.tasks.ideal_arm import IdealArm


class TaskCell:
    """`arms` by name, the `ecm` apart; `truth` what the seed decided.  Empty before `reset`."""

    def __init__(self, scene: Scene, ideal: bool = False) -> None:
        """Make the scene's shapes; refuses sizes that a kind does not allow.

        ideal: arms without dynamics, for perception work only.
        """
        self.scene = scene
        self._make_arm: type[DrivenArm] | type[IdealArm] = IdealArm if ideal else DrivenArm
        self._exact = replace(scene, errors=ErrorParameters())
        self.surroundings = Surroundings(scene)
        self.arms: dict[str, DrivenArm | IdealArm] = {}
        self.ecm: SimulatedEcm | None = None
        self.truth: CellTruth = self._exact.realise(0)
        self.ticks = 0
        self.on_look: Callable[[], None] | None = None  # called after every LOOK_TICKS: films
        self._is_near = False

    @property
    def handling(self) -> Handling:
        """The rigid objects and who holds them."""
        return self.surroundings.handling

    def reset(self, poses: Mapping[str, Array], seed: int, joint_errors: bool) -> None:
        """Put everything where a start has it; poses: `T_world_object` of every object.

        joint_errors: with the scene's hidden errors of bases and joints.  Refuses, by
        ConfigurationError, objects that do not come to rest, and arms that stand in something
        (which hidden errors may cause).
        """
        self.ticks = 0
        self.truth = (self.scene if joint_errors else self._exact).realise(seed)
        self.arms = {name: self._make_arm(self.scene, name, self.truth) for name in self.scene.psms}
        self.ecm = SimulatedEcm(self.scene) if ECM in self.scene.arms else None
        for arm in self.arms.values():
            arm.start()
        tools = self.tools()
        if not self.surroundings.reset(poses, tools):
            raise ConfigurationError(
                f"scene file {self.scene.name}.yaml: objects: they do not come to rest where the "
                "task puts them; let them lie on something"
            )
        if not joint_errors:
            check_start(self.scene, self.handling, tools)
        self._is_near = self.surroundings.look(0.0, tools)

    def advance(self, ticks: int, command: Callable[[int], None]) -> None:
        """Run `ticks` ms, a multiple of LOOK_TICKS; `command(i)` comes before every LOOK_TICKS."""
        for i in range(ticks // LOOK_TICKS):
            command(i)
            for step in [1] * LOOK_TICKS if self._is_near else [LOOK_TICKS]:
                self._run(step)
            self._is_near = self.surroundings.look(self.ticks * 1e-3, self.tools())
            self._feel()
            if self.on_look is not None:
                self.on_look()

    def tools(self) -> dict[str, ToolPose]:
        """Where the instruments truly are."""
        return {name: arm.simulated.tool() for name, arm in self.arms.items()}

    def snapshot(self) -> CellSnapshot:
        """The present state, as the renderer and the truth take it."""
        q = {name: arm.simulated.plant.q_true for name, arm in self.arms.items()}
        if self.ecm is not None:
            q[ECM] = self.ecm.plant.q_true
        soft = {name: body.nodes for name, body in self.surroundings.soft.bodies.items()}
        return CellSnapshot(self.ticks * 1e-3, q, None, dict(self.handling.things.poses), soft)

    def close(self) -> None:
        """Free the physics world; may be called twice."""
        self.surroundings.close()

    def _run(self, ticks: int) -> None:
        for arm in self.arms.values():
            arm.simulated.run(ticks, 0)  # in lockstep a controller counts its own stamps
        if self.ecm is not None:
            self.ecm.run(ticks)
        self.ticks += ticks
        if self._is_near:
            self.surroundings.step(self.tools())
            self._feel()

    def _feel(self) -> None:
        for name, load in self.surroundings.loads().items():
            self.arms[name].simulated.feel(load)
