# SPDX-License-Identifier: Apache-2.0
"""What arms meet in a cell: rigid objects and soft bodies, and what they do to the instruments.

Every LOOK_TICKS the soft bodies go one frame on, and it is looked whether an instrument can meet an
object before the next time; only then is every millisecond a step of the objects' physics.
"""

from __future__ import annotations

from collections.abc import Mapping

from trocar.geometry import Array
from trocar.sim.objects.handling import LOOK_TICKS, Handling
from trocar.sim.objects.kinds import shape_of
from trocar.sim.objects.load import Load
from trocar.sim.objects.tool import ToolPose
from trocar.sim.render.instrument import Instrument
from trocar.sim.scene import Scene
from trocar.sim.soft.soft_cell import SoftCell
from trocar.sim.soft.spec import FRAME_TICKS

assert FRAME_TICKS == LOOK_TICKS  # one look, one frame


class Surroundings:
    """`handling` has the rigid objects, `soft` the soft bodies; nothing stands before `reset`."""

    def __init__(self, scene: Scene, beside: bool = False) -> None:
        """Make the shapes; `beside`: soft bodies in a thread, for a cell that keeps its pace."""
        self._scene = scene
        self._beside = beside
        self.handling = Handling(
            {
                name: shape_of(spec, f"scene file {scene.name}.yaml: objects: {name}")
                for name, spec in scene.objects.items()
            }
        )
        self.soft = SoftCell({}, ())
        self._is_near = False
        self._loads: dict[str, Load] = {}

    def reset(self, poses: Mapping[str, Array], tools: Mapping[str, ToolPose]) -> bool:
        """Start anew; False where the objects do not come to rest by themselves."""
        self.soft.close()
        self.soft = SoftCell(self._scene.soft, tuple(tools), self._beside)
        self._is_near, self._loads = False, {}
        return self.handling.reset(poses, tools)

    def look(self, time_s: float, tools: Mapping[str, ToolPose]) -> bool:
        """A frame of the soft bodies; True where each of the next LOOK_TICKS needs a `step`."""
        if self.soft.bodies:
            self.soft.frame(time_s, {name: _instrument(tool) for name, tool in tools.items()})
        self._is_near = bool(self._scene.objects) and not self.handling.is_idle(tools)
        if not self._is_near:
            self._loads = {}
        return self._is_near

    def step(self, tools: Mapping[str, ToolPose]) -> None:
        """One millisecond of the objects, at whose end the instruments are there."""
        self._loads = self.handling.step(tools)

    def loads(self) -> dict[str, Load | None]:
        """What each instrument feels now; None: nothing."""
        felt: dict[str, Load | None] = {}
        for name, wrench in self.soft.wrenches.items():
            rigid, grip = self._loads.get(name), self.soft.grips[name]
            if rigid is None and grip == 0.0 and not wrench.any():
                felt[name] = None
                continue
            load = rigid or Load()
            felt[name] = Load(load.force + wrench[:3], load.torque + wrench[3:], load.grip + grip)
        return felt

    def close(self) -> None:
        """Free the physics world and end the thread."""
        self.soft.close()
        self.handling.close()


def _instrument(tool: ToolPose) -> Instrument:
    parts = tool.parts
    return Instrument(parts["shaft"], parts["wrist"], tool.T_world_cp, tool.jaw)
