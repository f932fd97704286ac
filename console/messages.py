# SPDX-License-Identifier: Apache-2.0
"""What a page may say on the control socket, validated.

The layout is the table in console/README.md.  Anything else is refused with one line
that names the field, and nothing of it reaches an arm.
"""

import json
import math
from dataclasses import dataclass, field
from typing import Any

LINEAR_MAX = 0.1  # m/s of a jog at scale 1: a hand's speed, well under the arm's own limit
ANGULAR_MAX = 3.0  # rad/s
JAW_RATE_MAX = 6.0  # rad/s
SCALE_MIN, SCALE_MAX = 0.05, 1.0  # dVRK's range starts at 0.1; finer is for tissue
SOURCES = ("none", "crtk", "teleop", "follow")
STATE_COMMANDS = ("enable", "disable", "home", "unhome", "pause", "resume")
MESSAGE_BYTES_MAX = 4096


class MessageError(ValueError):
    """A message that is not in the table; the text is shown to the operator."""


@dataclass(frozen=True)
class OperatorInput:
    """Velocity command of one hand: twist (6,) in camera axes (linear m/s, angular rad/s)."""

    seq: int = 0
    twist: tuple[float, ...] = (0.0,) * 6
    jaw_rate: float = 0.0
    deadman: bool = False
    clutch: bool = False
    scale: float = 0.2


@dataclass(frozen=True)
class Request:
    """Everything that is not an input: kind and its value."""

    kind: str
    value: Any = field(default=None)


def _number(value: object, name: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise MessageError(f"{name} is {value!r}; allowed: a finite number in {low:g}..{high:g}")
    return min(max(float(value), low), high)


def _boolean(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise MessageError(f"{name} is {value!r}; allowed: true, false")
    return value


def _choice(value: object, name: str, allowed: tuple[str, ...]) -> str:
    if not isinstance(value, str) or value not in allowed:
        raise MessageError(f"{name} is {value!r}; allowed: {', '.join(allowed)}")
    return value


def _input(message: dict[str, Any]) -> OperatorInput:
    twist = message.get("twist")
    if not isinstance(twist, list) or len(twist) != 6:
        raise MessageError("twist must be a list of 6 numbers")
    limits = [LINEAR_MAX] * 3 + [ANGULAR_MAX] * 3
    seq = message.get("seq")
    if isinstance(seq, bool) or not isinstance(seq, int) or seq < 0:
        raise MessageError(f"seq is {seq!r}; allowed: a whole number from 0 on")
    return OperatorInput(
        seq=seq,
        twist=tuple(_number(v, "twist", -m, m) for v, m in zip(twist, limits, strict=True)),
        jaw_rate=_number(message.get("jaw", 0.0), "jaw", -JAW_RATE_MAX, JAW_RATE_MAX),
        deadman=_boolean(message.get("deadman"), "deadman"),
        clutch=_boolean(message.get("clutch", False), "clutch"),
        scale=_number(message.get("scale", 0.2), "scale", SCALE_MIN, SCALE_MAX),
    )


def parse(text: str) -> OperatorInput | Request:
    """The message in `text`; raises MessageError where it is not in the table."""
    if len(text) > MESSAGE_BYTES_MAX:
        raise MessageError(f"message of {len(text)} characters; at most {MESSAGE_BYTES_MAX}")
    try:
        message = json.loads(text)
    except ValueError as error:
        raise MessageError(f"not JSON: {error}") from error
    if not isinstance(message, dict):
        raise MessageError("a message is a JSON object")
    kind = message.get("type")
    if kind == "input":
        return _input(message)
    if kind == "request_source":
        return Request(kind, _choice(message.get("source"), "source", SOURCES))
    if kind == "state_command":
        return Request(kind, _choice(message.get("command"), "command", STATE_COMMANDS))
    if kind == "select":
        u = _number(message.get("u"), "u", 0.0, 8192.0)
        return Request(kind, (u, _number(message.get("v"), "v", 0.0, 8192.0)))
    if kind in ("estop", "estop_release"):
        return Request(kind)
    if kind == "ping":
        return Request(kind, _number(message.get("t"), "t", 0.0, 1e15))
    raise MessageError(
        f"type is {kind!r}; allowed: input, request_source, state_command, select, estop, "
        "estop_release, ping"
    )
