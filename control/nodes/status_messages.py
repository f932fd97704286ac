# SPDX-License-Identifier: Apache-2.0
"""Conversions of what the arm answers and of the state it is in."""

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue

from trocar import _core
from trocar.control.answer import Answer
from trocar.control.nodes.messages import to_time

_LEVELS = {
    "accepted": DiagnosticStatus.OK,
    "altered": DiagnosticStatus.WARN,
    "refused": DiagnosticStatus.ERROR,
}


def to_command_result(answer: Answer, arm: str) -> DiagnosticStatus:
    """DiagnosticStatus of an answer: level OK accepted, WARN altered, ERROR refused."""
    message = DiagnosticStatus(level=_LEVELS[answer.verdict], name=f"{arm}/{answer.what}")
    reason = f": {answer.reason}" if answer.reason else ""
    message.message = f"{answer.what} {answer.verdict}{reason}"
    message.values = key_values(
        {
            "command": answer.what,
            "source": answer.source,
            "verdict": answer.verdict,
            "reason": answer.reason,
            "stamp_ns": answer.stamp_ns,
        }
    )
    return message


def to_operating_state(state: _core.ArmState, arm: str, source: str) -> DiagnosticArray:
    """The standard twin of crtk_msgs/OperatingState: message = state, flags in the values."""
    level = DiagnosticStatus.OK
    if state.operating_state == _core.OperatingState.FAULT:
        level = DiagnosticStatus.ERROR
    elif state.operating_state == _core.OperatingState.PAUSED or state.stale:
        level = DiagnosticStatus.WARN
    has_fault = state.fault != _core.Fault.NONE
    status = DiagnosticStatus(level=level, name=arm, message=state.operating_state.name)
    status.values = key_values(
        {
            "is_homed": state.is_homed,
            "is_busy": state.is_busy,
            "stale": state.stale,
            "fault": state.fault.name.lower(),
            "reason": _core.describe(state.fault) if has_fault else "",
            "plant": state.plant_reason.name.lower(),
            "estop": state.estop,
            "powered": state.powered,
            "active_source": source,
        }
    )
    message = DiagnosticArray(status=[status])
    message.header.stamp = to_time(state.stamp_ns)
    return message


def key_values(values: dict[str, object]) -> list[KeyValue]:
    """Diagnostic key-value pairs; booleans as "true" and "false"."""
    return [
        KeyValue(key=k, value=str(v).lower() if isinstance(v, bool) else str(v))
        for k, v in values.items()
    ]
