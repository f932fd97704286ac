# SPDX-License-Identifier: Apache-2.0
"""The one table of the control node's topics: name, type, QoS, unit, frame.

Names are relative to the arm's namespace unless they begin with a slash.  QoS follows the dVRK
(dvrk_crtk.md, 1.7): states keep 5, events are latched and keep 100, a newer servo command
supersedes an older one, moves and words are queued; and design.md, section 4.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from geometry_msgs.msg import (
    PoseStamped,
    PoseWithCovarianceStamped,
    TwistStamped,
    TwistWithCovarianceStamped,
)
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Empty, String

_RELIABLE, _BEST = ReliabilityPolicy.RELIABLE, ReliabilityPolicy.BEST_EFFORT
STATE = QoSProfile(depth=5, reliability=_RELIABLE)
EVENT = QoSProfile(depth=100, reliability=_RELIABLE)
LATCHED = QoSProfile(depth=1, reliability=_RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL)
EVENT_LATCHED = QoSProfile(
    depth=100, reliability=_RELIABLE, durability=DurabilityPolicy.TRANSIENT_LOCAL
)
NEWEST = QoSProfile(depth=1, reliability=_RELIABLE)
QUEUED = QoSProfile(depth=10, reliability=_RELIABLE)
SENSOR = QoSProfile(depth=5, reliability=_BEST)

HAS_CRTK_MSGS = find_spec("crtk_msgs") is not None
HAS_TF2_MSGS = find_spec("tf2_msgs") is not None
CAMERA, BASE = "endoscope_left", "<arm>_base"


@dataclass(frozen=True)
class Topic:
    """One row.  `frame` is where its poses are; "<arm>" stands for the arm's name."""

    name: str
    type: Any
    qos: QoSProfile
    unit: str = ""
    frame: str = ""

    def path(self, arm: str) -> str:
        """The topic's absolute name for an arm."""
        return self.name if self.name.startswith("/") else f"/{arm}/{self.name}"


PUBLISHED = (
    Topic("measured_js", JointState, STATE, "rad, m; /s; N m, N"),
    Topic("setpoint_js", JointState, STATE, "rad, m; /s; N m, N"),
    Topic("measured_cp", PoseStamped, STATE, "m", CAMERA),
    Topic("setpoint_cp", PoseStamped, STATE, "m", CAMERA),
    Topic("measured_cv", TwistStamped, STATE, "m/s, rad/s", CAMERA),
    Topic("local/measured_cp", PoseStamped, STATE, "m", BASE),
    Topic("local/setpoint_cp", PoseStamped, STATE, "m", BASE),
    Topic("visual/measured_cp", PoseStamped, STATE, "m, corrected by sight", CAMERA),
    Topic("visual/setpoint_cp", PoseStamped, STATE, "m, corrected by sight", CAMERA),
    Topic("jaw/measured_js", JointState, STATE, "rad; rad/s; N m"),
    Topic("jaw/setpoint_js", JointState, STATE, "rad; rad/s; N m"),
    Topic("std/operating_state", DiagnosticArray, LATCHED),
    Topic("active_source", String, LATCHED, "none, crtk, teleop, follow"),
    Topic("command_result", DiagnosticStatus, EVENT, "accepted, altered, refused"),
    Topic("error", String, EVENT),
    Topic("warning", String, EVENT),
    Topic("status", String, EVENT),
    Topic("/diagnostics", DiagnosticArray, QUEUED),
)

SUBSCRIBED = (
    Topic("servo_jp", JointState, NEWEST, "rad, m; /s"),
    Topic("move_jp", JointState, QUEUED, "rad, m"),
    Topic("servo_cp", PoseStamped, NEWEST, "m", CAMERA),
    Topic("move_cp", PoseStamped, QUEUED, "m", CAMERA),
    Topic("local/servo_cp", PoseStamped, NEWEST, "m", BASE),
    Topic("local/move_cp", PoseStamped, QUEUED, "m", BASE),
    Topic("visual/servo_cp", PoseStamped, NEWEST, "m, corrected by sight", CAMERA),
    Topic("jaw/servo_jp", JointState, NEWEST, "rad"),
    Topic("jaw/move_jp", JointState, QUEUED, "rad"),
    Topic("hold", Empty, QUEUED),
    Topic("std/state_command", String, QUEUED, "enable disable pause resume home unhome"),
    Topic("request_source", String, QUEUED, "none, crtk, teleop, follow"),
    Topic("visual/correction", PoseWithCovarianceStamped, NEWEST, "m, rad", CAMERA),
    Topic("/tissue/target", PoseWithCovarianceStamped, SENSOR, "m, rad", CAMERA),
    Topic("/tissue/target_twist", TwistWithCovarianceStamped, SENSOR, "m/s, rad/s", CAMERA),
    Topic("/operator/input", Joy, QUEUED, "m/s, rad/s, rad/s, 1", CAMERA),
    Topic("/estop", Empty, QUEUED),
    Topic("/estop/release", Empty, QUEUED),
)


def crtk_topics() -> tuple[Topic, Topic] | None:
    """`operating_state` and `state_command` with their dVRK types, where crtk_msgs is there."""
    if not HAS_CRTK_MSGS:
        return None
    from crtk_msgs.msg import OperatingState, StringStamped

    return (
        Topic("operating_state", OperatingState, EVENT_LATCHED),
        Topic("state_command", StringStamped, QUEUED, "enable disable pause resume home unhome"),
    )
