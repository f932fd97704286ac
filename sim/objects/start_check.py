# SPDX-License-Identifier: Apache-2.0
"""Refuses a start in which an instrument stands in another one, or in an object."""

from collections.abc import Mapping

from trocar.errors import ConfigurationError
from trocar.sim.objects.handling import Handling
from trocar.sim.objects.kinds import shape_of
from trocar.sim.objects.tool import ToolPose, tool_at
from trocar.sim.scene import Scene


def check_scene(scene: Scene) -> None:
    """Check a scene as its file has it; ConfigurationError names file, arm and remedy."""
    where = f"scene file {scene.name}.yaml: objects"
    shapes = {name: shape_of(spec, f"{where}: {name}") for name, spec in scene.objects.items()}
    poses = {name: spec.T_world_object for name, spec in scene.objects.items()}
    tools = {arm: tool_at(scene.T_world_base(arm), scene.initial_q[arm]) for arm in scene.psms}
    handling = Handling(shapes)
    try:
        handling.reset(poses, tools)
        check_start(scene, handling, tools)
    finally:
        handling.close()


def check_start(scene: Scene, handling: Handling, tools: Mapping[str, ToolPose]) -> None:
    """Check a cell that has just been reset; refuses as `check_scene` does."""
    for name, other, depth in handling.overlaps(tools):
        raise ConfigurationError(
            f"scene file {scene.name}.yaml: arms: {name}: initial_q: it stands "
            f"{depth * 1e3:.1f} mm deep in {other}; give joints, or a place of {other}, that keep "
            "them apart"
        )
