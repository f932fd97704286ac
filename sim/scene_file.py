# SPDX-License-Identifier: Apache-2.0
"""Reading and checking of a scene's YAML file: every refusal is one line with the valid choices."""

import dataclasses
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trocar.errors import ConfigurationError
from trocar.geometry import Array, exp_so3, look_at, make_transform
from trocar.sim.faults.schedule import read_faults
from trocar.sim.marks import Mark
from trocar.sim.objects.spec import ObjectSpec
from trocar.sim.render.effects import Effects
from trocar.sim.render.options import RenderOptions
from trocar.sim.soft.spec import SoftParameters
from trocar.sim.tasks.spec import TaskSpec

_UNITS = {"_mm": 1e-3, "_deg": math.pi / 180.0}
_TOP = ("fps", "camera", "arms")
_PLACE = ("kind", "position", "position_mm", "turn_deg")


def read_scene(path: Path, sections: dict[str, type], arms: Mapping[str, int]) -> dict[str, Any]:
    """Fields of `Scene` from a file.

    `sections` are dataclasses by key; `arms` maps the arms there may be to their joints.
    """
    try:
        data = yaml.safe_load(path.read_text())
    except (OSError, yaml.YAMLError) as error:
        raise ConfigurationError(f"scene file {path.name}: not readable: {error}") from error
    where = f"scene file {path.name}"
    others = ("objects", "soft", "marks", "look", "faults", "task")
    _check_keys(data, (*_TOP, *sections, *others), where)
    missing = [key for key in _TOP if key not in data]
    if missing:
        raise ConfigurationError(
            f"{where}: missing {', '.join(missing)}; needed: {', '.join(_TOP)}"
        )
    fps = _number(data["fps"], f"{where}: fps")
    if not 1.0 <= fps <= 60.0:
        raise ConfigurationError(f"{where}: fps is {fps:g}, allowed 1 to 60")
    values = {
        key: _section(data.get(key, {}), kind, f"{where}: {key}") for key, kind in sections.items()
    }
    soft = _soft(data.get("soft", {}), f"{where}: soft")
    return {
        "fps": fps,
        "T_world_camera": _camera(data["camera"], f"{where}: camera"),
        "initial_q": _arms(data["arms"], arms, f"{where}: arms"),
        "objects": _objects(data.get("objects", {}), f"{where}: objects"),
        "soft": soft,
        "marks": _marks(data.get("marks", {}), tuple(soft), f"{where}: marks"),
        "task": _task(data.get("task"), f"{where}: task"),
        "look": _look(data.get("look", {}), f"{where}: look"),
        "faults": read_faults(data.get("faults"), f"{where}: faults"),
        **values,
    }


def _check_keys(data: Any, allowed: tuple[str, ...], where: str) -> None:
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping with keys {', '.join(allowed)}")
    for key in data:
        if key not in allowed:
            raise ConfigurationError(f"{where}: unknown key {key!r}; keys: {', '.join(allowed)}")


def _camera(data: Any, where: str) -> Array:
    keys = ("eye", "look_at", "right")
    _check_keys(data, keys, where)
    vectors = [_vector(data.get(key), 3, f"{where}: {key}") for key in keys]
    if np.linalg.norm(np.cross(vectors[1] - vectors[0], vectors[2])) < 1e-9:
        raise ConfigurationError(f"{where}: 'right' must not point along the view")
    return look_at(*vectors)


def _arms(data: Any, joints: Mapping[str, int], where: str) -> dict[str, Array]:
    allowed = tuple(joints)
    _check_keys(data, allowed, where)
    if not data:
        raise ConfigurationError(f"{where}: name at least one of {', '.join(allowed)}")
    initial = {}
    for arm, values in data.items():
        _check_keys(values, ("initial_q",), f"{where}: {arm}")
        initial[arm] = _vector(values.get("initial_q"), joints[arm], f"{where}: {arm}: initial_q")
    return initial


def _task(data: Any, where: str) -> TaskSpec | None:
    """The task's name, and numbers that the task will judge; None where there is none."""
    if data is None:
        return None
    if not isinstance(data, dict) or not isinstance(data.get("name"), str):
        raise ConfigurationError(f"{where}: give a mapping with at least name")
    values = {key: value for key, value in data.items() if key != "name"}
    return TaskSpec(data["name"], _numbers(values, where))


def _numbers(data: dict[str, Any], where: str) -> dict[str, float]:
    """Numbers by key, in SI: `_mm` and `_deg` are taken off the keys."""
    numbers = {}
    for key, value in data.items():
        unit = next((u for u in _UNITS if str(key).endswith(u)), "")
        number = _number(value, f"{where}: {key}") * _UNITS.get(unit, 1.0)
        numbers[str(key).removesuffix(unit)] = number
    return numbers


def _objects(data: Any, where: str) -> dict[str, ObjectSpec]:
    """Objects by name: kind, place, and sizes that their kind will judge."""
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping from names to objects")
    found = {}
    for name, values in data.items():
        here = f"{where}: {name}"
        if not isinstance(values, dict) or not isinstance(values.get("kind"), str):
            raise ConfigurationError(f"{here}: give a mapping with at least kind")
        key = "position_mm" if "position_mm" in values else "position"
        scale = _UNITS["_mm"] if key == "position_mm" else 1.0
        position = scale * _vector(values.get(key, [0.0, 0.0, 0.0]), 3, f"{here}: {key}")
        turn = _UNITS["_deg"] * _vector(
            values.get("turn_deg", [0.0, 0.0, 0.0]), 3, f"{here}: turn_deg"
        )
        sizes = _numbers({k: v for k, v in values.items() if k not in _PLACE}, here)
        T_world_object = make_transform(exp_so3(turn), position)
        found[str(name)] = ObjectSpec(values["kind"], T_world_object, sizes)
    return found


def _soft(data: Any, where: str) -> dict[str, SoftParameters]:
    """Soft bodies by name."""
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping from names to soft bodies")
    return {str(n): _told(SoftParameters, values, f"{where}: {n}") for n, values in data.items()}


def _marks(data: Any, soft: tuple[str, ...], where: str) -> dict[str, Mark]:
    """Ink on the patch, or on a soft body, by name."""
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping from names to marks")
    found = {}
    for name, values in data.items():
        here = f"{where}: {name}"
        _check_keys(values, ("on", "points", "points_mm", "width", "width_mm"), here)
        on = values.get("on", "")
        if on not in ("", *soft):
            known = ", ".join(soft) or "none in this scene"
            raise ConfigurationError(f"{here}: on is {on!r}; soft bodies: {known}")
        key = "points_mm" if "points_mm" in values else "points"
        rows = values.get(key)
        if not isinstance(rows, list):
            raise ConfigurationError(f"{here}: {key}: give a list of [x, y]")
        scale = _UNITS["_mm"] if key == "points_mm" else 1.0
        points = np.array([scale * _vector(row, 2, f"{here}: {key}") for row in rows])
        sizes = {k.removesuffix("_mm"): v for k, v in values.items() if k.startswith("width")}
        width = {
            k: _number(v, f"{here}: {k}") * (_UNITS["_mm"] if "width_mm" in values else 1.0)
            for k, v in sizes.items()
        }
        try:
            found[str(name)] = Mark(points.reshape(-1, 2), str(on), **width)
        except ConfigurationError as error:
            raise ConfigurationError(f"{here}: {error}") from error
    return found


def _told(kind: type, data: Any, where: str, key: str = "", skip: tuple[str, ...] = ()) -> Any:
    """A section whose class checks itself: what it says gets the place in front."""
    try:
        return _section(data, kind, f"{where}: {key}" if key else where, skip)
    except ConfigurationError as error:
        told = str(error)
        raise ConfigurationError(told if told.startswith(where) else f"{where}: {told}") from error


def _look(data: Any, where: str) -> RenderOptions:
    """Light, sensor and `effects` of the picture; what is left out keeps its default."""
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: expected a mapping, as RenderOptions has them")
    light = {key: value for key, value in data.items() if key != "effects"}
    effects = _told(Effects, data.get("effects", {}), where, "effects")
    options: RenderOptions = _told(RenderOptions, light, where, skip=("effects",))
    return dataclasses.replace(options, effects=effects)


def _section(data: Any, kind: type, where: str, skip: tuple[str, ...] = ()) -> Any:
    """A parameter dataclass from a mapping; `x_mm` and `x_deg` fill field x in SI."""
    fields = {field.name: field for field in dataclasses.fields(kind) if field.name not in skip}
    _check_keys_with_units(data, tuple(fields), where)
    values: dict[str, Any] = {}
    for key, value in data.items():
        name, factor = _split_unit(key, tuple(fields))
        default = fields[name].default
        if isinstance(default, tuple):
            vector = factor * _vector(value, len(default), f"{where}: {key}")
            values[name] = tuple(vector.tolist())
        elif isinstance(default, str):
            choices = fields[name].metadata.get("choices")
            values[name] = _choice(value, choices, f"{where}: {key}")
        elif isinstance(default, bool):
            values[name] = _truth(value, f"{where}: {key}")
        elif isinstance(default, int):
            values[name] = round(_number(value, f"{where}: {key}"))
        else:
            values[name] = _number(value, f"{where}: {key}") * factor
    return kind(**values)


def _check_keys_with_units(data: Any, fields: tuple[str, ...], where: str) -> None:
    units = [f"{name}{suffix}" for name in fields for suffix in _UNITS]
    if not isinstance(data, dict) or any(key not in (*fields, *units) for key in data):
        bad = next((k for k in data if k not in (*fields, *units)), "") if data else ""
        raise ConfigurationError(
            f"{where}: unknown key {bad!r}; keys: {', '.join(fields)} "
            "(lengths also _mm, angles also _deg)"
        )


def _split_unit(key: str, fields: tuple[str, ...]) -> tuple[str, float]:
    for suffix, factor in _UNITS.items():
        if key not in fields and key.endswith(suffix):
            return key.removesuffix(suffix), factor
    return key, 1.0


def _choice(value: Any, choices: tuple[str, ...] | None, where: str) -> str:
    if choices is None and isinstance(value, str) and value:
        return value
    if choices is None:
        raise ConfigurationError(f"{where} is {value!r}; give a word")
    if value not in choices:
        raise ConfigurationError(f"{where} is {value!r}; one of {', '.join(choices)}")
    return str(value)


def _truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise ConfigurationError(f"{where} is {value!r}; true or false")
    return value


def _number(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ConfigurationError(f"{where} is {value!r}; give a finite number")
    return float(value)


def _vector(value: Any, size: int, where: str) -> Array:
    if not isinstance(value, list) or len(value) != size:
        raise ConfigurationError(f"{where}: give a list of {size} numbers")
    return np.array([_number(v, where) for v in value])
