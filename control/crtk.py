# SPDX-License-Identifier: Apache-2.0
"""What a CRTK command must look like, before anything else sees it.

Pure checks: every function returns clean arrays or raises CommandRefusedError with the one
line that goes to the arm's `error` topic; a refused command changes nothing.  Rules
(design.md, section 2; dvrk_crtk.md, 1.1): each non-empty array has exactly the number of
joints; a quaternion within 1e-3 of unit norm is normalised; an empty frame_id is the
namespace's frame; stamp 0 is arrival; an unknown frame or an old stamp is refused.
"""

from collections.abc import Sequence

import numpy as np

from trocar import _core
from trocar.errors import CommandRefusedError
from trocar.geometry import Array, make_transform, matrix_from_quat_xyzw

NS = 1_000_000_000
CAMERA_FRAME = "endoscope_left"  # optical frame of the left eye
COMMAND_AGE_MAX = 0.5  # s; an older stamped command was made from a world that has moved
FUTURE_MAX = 0.1  # s; clocks of two machines disagree by less
REACH_MAX = 1.0  # m; farther from its frame's origin a pose is a unit mistake

STATE_COMMANDS = {
    "enable": _core.StateCommand.ENABLE,
    "disable": _core.StateCommand.DISABLE,
    "pause": _core.StateCommand.PAUSE,
    "resume": _core.StateCommand.RESUME,
    "home": _core.StateCommand.HOME,
    "unhome": _core.StateCommand.UNHOME,
}


def base_frame(arm: str) -> str:
    """Frame name of an arm's base, whose origin is the RCM."""
    return f"{arm}_base"


def state_command(word: str) -> _core.StateCommand:
    """The state command of a word; refuses an unknown one."""
    try:
        return STATE_COMMANDS[word.strip()]
    except KeyError:
        raise CommandRefusedError(
            f"state_command '{word}' is unknown; one of {', '.join(STATE_COMMANDS)}"
        ) from None


def check_stamp(what: str, stamp_ns: int, now_ns: int) -> int:
    """The stamp of a command (0 becomes arrival); refuses an old or a future one."""
    if stamp_ns == 0:
        return now_ns
    age = (now_ns - stamp_ns) / NS
    if age > COMMAND_AGE_MAX:
        raise CommandRefusedError(
            f"{what}: stamp is {age:.3f} s old, allowed {COMMAND_AGE_MAX:g} s;"
            " send stamp 0 for 'now'"
        )
    if age < -FUTURE_MAX:
        raise CommandRefusedError(
            f"{what}: stamp is {-age:.3f} s in the future, allowed {FUTURE_MAX:g} s;"
            " synchronise the clocks or send stamp 0"
        )
    return stamp_ns


def joint_array(
    what: str, field: str, values: Sequence[float], count: int, *, may_be_empty: bool = False
) -> Array | None:
    """Array (count,) of a JointState field; None where it is empty and may be."""
    if len(values) == 0 and may_be_empty:
        return None
    if len(values) != count:
        raise CommandRefusedError(f"{what}: {len(values)} values in {field}, allowed {count}")
    array = np.array(values, dtype=float)
    if not np.all(np.isfinite(array)):
        bad = [i for i in range(count) if not np.isfinite(array[i])]
        raise CommandRefusedError(f"{what}: {field} is not finite at index {bad}")
    return array


def joint_goal(
    what: str,
    names: Sequence[str],
    position: Sequence[float],
    velocity: Sequence[float],
    joint_names: Sequence[str],
) -> tuple[Array, Array | None]:
    """Positions (n,) and velocities (n,) or None of a joint command, in the order of the arm."""
    if len(names) and list(names) != list(joint_names):
        raise CommandRefusedError(
            f"{what}: joint names {list(names)} are not {list(joint_names)};"
            " leave them empty or match"
        )
    count = len(joint_names)
    q = joint_array(what, "position", position, count)
    assert q is not None  # for the type checker: an empty array was refused
    return q, joint_array(what, "velocity", velocity, count, may_be_empty=True)


def pose_goal(what: str, position: Sequence[float], quat_xyzw: Sequence[float]) -> Array:
    """Transform (4, 4) of a pose command in its own frame."""
    p = np.array(position, dtype=float)
    if not np.all(np.isfinite(p)) or not np.all(np.isfinite(quat_xyzw)):
        raise CommandRefusedError(f"{what}: pose is not finite")
    if float(np.linalg.norm(p)) > REACH_MAX:
        raise CommandRefusedError(
            f"{what}: position is {np.linalg.norm(p):.3g} m from its frame,"
            f" allowed {REACH_MAX:g} m;"
            " positions are in metres"
        )
    try:
        R = matrix_from_quat_xyzw(quat_xyzw)
    except ValueError as error:
        raise CommandRefusedError(f"{what}: {error}") from error
    return make_transform(R, p)


def resolve_frame(what: str, frame_id: str, default: str, known: Sequence[str]) -> str:
    """Frame of a pose: the namespace's own where `frame_id` is empty; refuses an unknown one."""
    if not frame_id:
        return default
    if frame_id not in known:
        raise CommandRefusedError(
            f"{what}: frame_id '{frame_id}' is unknown; one of {', '.join(known)},"
            f" or empty for '{default}'"
        )
    return frame_id
