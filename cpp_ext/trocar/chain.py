# SPDX-License-Identifier: Apache-2.0
"""Chains of other arms from a file: a DH table in YAML, or a URDF.

    convention: modified          # or standard
    joints:
      - {name: yaw, type: revolute, alpha: 1.5708, a: 0, d: 0, theta: 1.5708,
         limits: [-1.6, 1.6], velocity: 1.57, effort: 3.3}
    tool: {position: [0, 0, 0.01], quat_xyzw: [0, 0, 0, 1]}

rad, m, rad/s or m/s, N m or N.  `theta` and `d` are those at q = 0.  `limits`, `velocity`,
`effort` and `tool` may be left out: no stops, not known, the last row's frame.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array, make_transform, matrix_from_quat_xyzw
from trocar.urdf import read_urdf

MAX_JOINTS = 8


@dataclass(frozen=True)
class NamedChain:
    """`chain` with the names of its joints; `base` and `tip` are link names of a URDF."""

    chain: _core.Chain
    joint_names: tuple[str, ...]
    base: str = "base"
    tip: str = "tip"


def load(path: str | Path, *, base: str | None = None, tip: str | None = None) -> NamedChain:
    """Read a chain of 1 to 8 moving joints from a .yaml, .yml or .urdf file.

    `base` and `tip` choose links of a URDF; without them the URDF must not branch.
    Raises ConfigurationError, one line: file, place, what is allowed.
    """
    path = Path(path)
    readers: dict[str, Callable[[str], NamedChain]] = {
        ".yaml": _from_yaml,
        ".yml": _from_yaml,
        ".urdf": lambda text: _from_urdf(text, base, tip),
    }
    reader = readers.get(path.suffix.lower())
    try:
        if reader is None:
            raise ValueError(f"unknown kind {path.suffix!r}; allowed: {', '.join(readers)}")
        if reader is _from_yaml and (base is not None or tip is not None):
            raise ValueError("base and tip choose links of a URDF; a DH table has none")
        return reader(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            f"chain file {path}: {error.strerror}; name an existing file"
        ) from error
    except (ValueError, RecursionError) as error:
        line = " ".join(str(error).split())
        raise ConfigurationError(f"chain file {path}: {line}") from error


def _from_yaml(text: str) -> NamedChain:
    try:
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(f"not YAML: {error}") from error
    _known_keys(data, "the file", ("convention", "joints", "tool"), ("convention", "joints"))
    conventions = {c.name.lower(): c for c in _core.DhConvention}
    name = data["convention"]
    if not isinstance(name, str) or name not in conventions:
        raise ValueError(f"convention is {name!r}; allowed: {', '.join(conventions)}")
    joints = data["joints"]
    if not isinstance(joints, list) or not 1 <= len(joints) <= MAX_JOINTS:
        count = len(joints) if isinstance(joints, list) else repr(joints)
        raise ValueError(f"joints: {count}; allowed: a list of 1 to {MAX_JOINTS}")
    rows = [_dh_joint(joint, i) for i, joint in enumerate(joints)]
    names = tuple(row["name"] for row in rows)
    if len(set(names)) < len(names):
        raise ValueError(f"joint names {', '.join(names)} repeat; each must be its own")
    chain = _core.Chain.from_dh(
        conventions[name],
        [row["type"] for row in rows],
        [row["dh"] for row in rows],
        T_last_tip=_tool(data.get("tool", {})),
        **{
            key: [row[key] for row in rows]
            for key in ("q_min", "q_max", "velocity_max", "effort_max")
        },
    )
    return NamedChain(chain, names)


def _dh_joint(joint: Any, i: int) -> dict[str, Any]:
    where = f"joints[{i}]"
    needed = ("type", "alpha", "a", "d", "theta")
    _known_keys(joint, where, (*needed, "name", "limits", "velocity", "effort"), needed)
    types = {t.name.lower(): t for t in _core.JointType}
    kind = joint["type"]
    if not isinstance(kind, str) or kind not in types:
        raise ValueError(f"{where}.type is {kind!r}; allowed: {', '.join(types)}")
    name = joint.get("name", f"joint{i + 1}")
    if not isinstance(name, str):
        raise ValueError(f"{where}.name is {name!r}; allowed: text")
    limits = joint.get("limits", [-np.inf, np.inf])
    if not isinstance(limits, list) or len(limits) != 2:
        raise ValueError(f"{where}.limits is {limits!r}; allowed: [lowest, highest]")
    q_min, q_max = (_number(v, f"{where}.limits", infinite=True) for v in limits)
    if q_min > q_max:
        raise ValueError(f"{where}.limits are reversed: {q_min:g} > {q_max:g}")
    dh = [_number(joint[key], f"{where}.{key}") for key in needed[1:]]
    maxima = [_number(joint.get(key, 0.0), f"{where}.{key}") for key in ("velocity", "effort")]
    if min(maxima) < 0.0:
        raise ValueError(f"{where}: velocity and effort must be >= 0 (0: not known)")
    return {
        "name": name,
        "type": types[kind],
        "dh": dh,
        "q_min": q_min,
        "q_max": q_max,
        "velocity_max": maxima[0],
        "effort_max": maxima[1],
    }


def _tool(tool: Any) -> Array:
    _known_keys(tool, "tool", ("position", "quat_xyzw"), ())
    position = _numbers(tool.get("position", [0.0, 0.0, 0.0]), 3, "tool.position")
    quat_xyzw = _numbers(tool.get("quat_xyzw", [0.0, 0.0, 0.0, 1.0]), 4, "tool.quat_xyzw")
    return make_transform(matrix_from_quat_xyzw(quat_xyzw), position)


def _known_keys(data: Any, where: str, known: tuple[str, ...], needed: tuple[str, ...]) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"{where} is no mapping; allowed keys: {', '.join(known)}")
    for key in needed:
        if key not in data:
            raise ValueError(f"{where} lacks the key {key!r}; needed: {', '.join(needed)}")
    for key in data:
        if key not in known:
            raise ValueError(f"{where} has the unknown key {key!r}; allowed: {', '.join(known)}")


def _number(value: Any, where: str, *, infinite: bool = False) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{where} is {value!r}; allowed: a number")
    try:
        number = float(value)
    except OverflowError as error:
        raise ValueError(f"{where} is beyond any float; allowed: a number") from error
    if np.isnan(number) or (np.isinf(number) and not infinite):
        raise ValueError(f"{where} is {number}; allowed: a finite number")
    return number


def _numbers(values: Any, count: int, where: str) -> Array:
    if not isinstance(values, list) or len(values) != count:
        raise ValueError(f"{where} is {values!r}; allowed: {count} numbers")
    return np.array([_number(value, where) for value in values])


def _from_urdf(text: str, base: str | None, tip: str | None) -> NamedChain:
    links = read_urdf(text, base, tip)
    if not 1 <= len(links.joints) <= MAX_JOINTS:
        raise ValueError(
            f"{len(links.joints)} moving joints from {links.base} to {links.tip}; "
            f"allowed: 1 to {MAX_JOINTS}"
        )
    chain = _core.Chain(
        [joint.type for joint in links.joints],
        np.array([joint.T_parent_joint for joint in links.joints]),
        T_last_tip=links.T_last_tip,
        q_min=[joint.q_min for joint in links.joints],
        q_max=[joint.q_max for joint in links.joints],
        velocity_max=[joint.velocity_max for joint in links.joints],
        effort_max=[joint.effort_max for joint in links.joints],
    )
    return NamedChain(chain, tuple(j.name for j in links.joints), links.base, links.tip)
