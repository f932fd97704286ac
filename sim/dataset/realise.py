# SPDX-License-Identifier: Apache-2.0
"""What was drawn becomes a scene, the look of its pictures and the motions in it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from trocar.camera import Intrinsics, StereoRig
from trocar.geometry import Array, exp_so3, inverse, make_transform
from trocar.sim.dataset.motion import CameraSway, ToolMotion
from trocar.sim.render.projection import scaled_rig
from trocar.sim.scene import Scene
from trocar.sim.soft.spec import SoftParameters

Drawn = Mapping[str, float]
DEPTH = 0.005  # m


@dataclass(frozen=True)
class Setting:
    """One sequence's cell: `scene` with what was drawn, and what moves in it.

    second_at_s: when the second instrument's pass begins, None: never.  balance_ev (3,): stops by
    which red, green and blue are off.  task_begin_s: of an expert's episode.
    """

    scene: Scene
    seed: int
    tool: ToolMotion
    sway: CameraSway | None
    second_at_s: float | None
    balance_ev: tuple[float, float, float] = (0.0, 0.0, 0.0)
    task_begin_s: float = 0.0


def realise(
    scene: Scene, drawn: Drawn, seed: int, size: tuple[int, int] | None, duration_s: float
) -> Setting:
    """Apply the drawn values to a scene; `size` (width, height) of a picture, None the site's."""
    if scene.task is not None:  # what its physics does not know of would make labels untrue
        drawn = {key: value for key, value in drawn.items() if not key.startswith(_NOT_OF_TASKS)}
    effects = replace(scene.look.effects, **_effects(scene, drawn))
    look = replace(scene.look, **_section(drawn, "look", _NOT_OF_LOOK), effects=effects)
    # A patch that the scene holds still (a bed under a soft body) stays still.
    still = [n for n in _MOTIONS if getattr(scene.tissue, n) == 0.0]
    tissue: dict[str, Any] = _section(drawn, "tissue", tuple(still))
    if "lump_count" in tissue:
        tissue["lump_count"] = round(tissue["lump_count"])
    second = _section(drawn, "second")
    begin = second.pop("begin", None)
    if "duration" in second:
        second["duration_s"] = second.pop("duration")
    moved = replace(
        _camera_moved(scene, drawn),
        look=look,
        tissue=replace(scene.tissue, **tissue),
        errors=replace(scene.errors, **_section(drawn, "errors")),
        instrument=replace(scene.instrument, **second),
        soft={name: _soft(body, drawn) for name, body in scene.soft.items()},
    )
    moved = replace(moved, site=replace(moved.site, endoscope=_rig(scene.rig, drawn, size)))
    sway = CameraSway.of(_section(drawn, "camera"), seed)
    tool = ToolMotion.of(_pressing(scene, _section(drawn, "tool")), seed)
    second_at_s = None if begin is None else begin * duration_s
    balance_ev = (drawn.get("look.red_ev", 0.0), 0.0, drawn.get("look.blue_ev", 0.0))
    begin_s = drawn.get("task.begin", 0.0)
    return Setting(moved, seed, tool, sway, second_at_s, balance_ev, begin_s)


_MOTIONS = ("breathing_normal", "breathing_lateral", "drift")
_NOT_OF_TASKS = ("tissue.", "soft.", "errors.", "tool.", "second.")
_IN_EFFECTS = ("exposure_ev", "gain_db", "wetness")
_NOT_OF_LOOK = (*_IN_EFFECTS, "red_ev", "blue_ev")


def _section(drawn: Drawn, section: str, left_out: tuple[str, ...] = ()) -> dict[str, Any]:
    prefix = f"{section}."
    names = (key.removeprefix(prefix) for key in drawn if key.startswith(prefix))
    return {name: drawn[prefix + name] for name in names if name not in left_out}


def _effects(scene: Scene, drawn: Drawn) -> dict[str, Any]:
    look, found = _section(drawn, "look"), _section(drawn, "effects")
    found |= {name: look[name] for name in _IN_EFFECTS if name in look}
    u, v = (found.pop(f"blood_{c}", at) for c, at in zip("uv", scene.look.effects.blood_uv))
    age = _section(drawn, "effects").get("blood_age", -scene.look.effects.blood_start_s)
    found.pop("blood_age", None)
    if "shutter" in found:
        found["shutter_s"] = found.pop("shutter")
    return found | {"blood_uv": (u, v), "blood_start_s": -age}


def _pressing(scene: Scene, tool: dict[str, float]) -> dict[str, float]:
    """The tool's path lower over soft bodies, its deepest point as a rule DEPTH below their top."""
    press = tool.pop("press", 0.0)
    if not scene.soft or "height" not in tool:
        return tool
    lowest = max(tool["height"] - press, tool.get("reach", 0.0) - DEPTH)
    return tool | {"height": min(tool["height"], lowest)}


def _soft(body: SoftParameters, drawn: Drawn) -> SoftParameters:
    changed = _section(drawn, "soft")
    factor = changed.pop("stiffness", 1.0)
    return replace(body, young=body.solid.young * factor, **changed)


def _camera_moved(scene: Scene, drawn: Drawn) -> Scene:
    """The camera elsewhere, the arms' nominal bases where they were in the world."""
    c = _section(drawn, "camera")
    shift, turn = (
        np.array([c.get(f"{what}_{axis}", 0.0) for axis in "xyz"]) for what in ("shift", "turn")
    )
    T_old_new = make_transform(exp_so3(turn), shift)
    bases = {
        arm: inverse(T_old_new) @ T_camera_base
        for arm, T_camera_base in scene.site.T_camera_base.items()
    }
    gravity = T_old_new[:3, :3].T @ scene.site.gravity_camera
    site = replace(scene.site, T_camera_base=bases, gravity_camera=gravity)
    return replace(scene, T_world_camera=scene.T_world_camera @ T_old_new, site=site)


def _rig(rig: StereoRig, drawn: Drawn, size: tuple[int, int] | None) -> StereoRig:
    r = _section(drawn, "rig")

    def eye(e: Intrinsics) -> Intrinsics:
        k = list(e.distortion)
        for i, name in enumerate(("k1", "k2", "p1", "p2")):
            k[i] = r.get(name, k[i])
        return replace(
            e,
            fx=e.fx * r.get("focal", 1.0),
            fy=e.fy * r.get("focal", 1.0),
            cx=e.cx + r.get("centre_u", 0.0) * e.width,
            cy=e.cy + r.get("centre_v", 0.0) * e.height,
            distortion=tuple(k),
        )

    T: Array = rig.T_left_right.copy()
    T[:3, 3] *= r.get("baseline", 1.0)
    drawn_rig = StereoRig(eye(rig.left), eye(rig.right), T)
    return drawn_rig if size is None else scaled_rig(drawn_rig, *size)
