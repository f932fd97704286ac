# SPDX-License-Identifier: Apache-2.0
"""Publishers of one arm: states at a steady rate, events when they happen."""

from typing import Any

from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus
from rclpy.node import Node
from std_msgs.msg import String

from trocar import _core, kinematics
from trocar.control.crtk_arm import CrtkArm
from trocar.control.nodes.messages import to_joint_state, to_pose, to_time, to_twist
from trocar.control.nodes.status_messages import key_values, to_command_result, to_operating_state
from trocar.control.nodes.topics import PUBLISHED, crtk_topics
from trocar.control.supervisor import ArmSupervisor
from trocar.geometry import Array

JOINTS, ARM = kinematics.JOINT_NAMES, slice(0, 6)
JAWS, JAW = (kinematics.JAW_NAME,), slice(6, 7)
ALWAYS = "measured_js"  # published also where nobody listens: its rate is the arm's heartbeat


class ArmStates:
    """Turns what the supervisor and the core say into topics; counts what went out."""

    def __init__(self, node: Node, crtk: CrtkArm) -> None:
        """Create the publishers of `topics.PUBLISHED`."""
        self._crtk = crtk
        self._supervisor: ArmSupervisor = crtk.supervisor
        rows = list(PUBLISHED)
        own = crtk_topics()
        self._operating_state_type = own[0].type if own else None
        if own:
            rows.append(own[0])
        self._publishers = {
            t.name: node.create_publisher(t.type, t.path(crtk.name), t.qos) for t in rows
        }
        self._paths = {t.name: t.path(crtk.name) for t in rows}
        self.counts: dict[str, int] = dict.fromkeys(self._paths.values(), 0)
        self._last_event: tuple[object, ...] = ()
        self._last_source = ""
        self._was_stale = False

    def publish_states(self, now_ns: int) -> None:
        """Everything that is measured or set, of the newest tick of the loop."""
        state = self._supervisor.state
        if state.tick == 0:
            return
        stamp = state.stamp_ns
        measured = (state.q, state.qd, state.tau)
        setpoint = (state.setpoint_q, state.setpoint_qd, state.setpoint_tau)
        for prefix, names, part in (("", JOINTS, ARM), ("jaw/", JAWS, JAW)):
            self._axes(f"{prefix}measured_js", names, part, measured, stamp)
            self._axes(f"{prefix}setpoint_js", names, part, setpoint, stamp)
        self._poses(state, stamp, now_ns)

    def _axes(
        self,
        name: str,
        names: tuple[str, ...],
        part: slice,
        values: tuple[Array, Array, Array],
        stamp: int,
    ) -> None:
        q, qd, tau = values
        self._state(name, lambda: to_joint_state(names, q[part], qd[part], tau[part], stamp))

    def _poses(self, state: _core.ArmState, stamp: int, now_ns: int) -> None:
        crtk = self._crtk
        measured = kinematics.forward_kinematics(state.q[:6])
        setpoint = kinematics.forward_kinematics(state.setpoint_q[:6])
        for space, prefix in (("", ""), ("local", "local/"), ("visual", "visual/")):
            frame = crtk.frame_id(space)
            self._state(
                f"{prefix}measured_cp",
                lambda s=space, f=frame: to_pose(crtk.measured_cp(measured, s), f, stamp),
            )
            self._state(
                f"{prefix}setpoint_cp",
                lambda s=space, f=frame: to_pose(crtk.setpoint_cp(setpoint, now_ns, s), f, stamp),
            )
        self._state(
            "measured_cv", lambda: to_twist(crtk.measured_cv(state), crtk.frame_id(""), stamp)
        )

    def _state(self, name: str, make: Any) -> None:
        publisher = self._publishers[name]
        if name == ALWAYS or publisher.get_subscription_count() > 0:
            self._publish(name, make())

    def publish_events(self) -> None:
        """Operating state and source where they changed, answers and lines for people."""
        supervisor, state = self._supervisor, self._supervisor.state
        source = supervisor.arbiter.source
        flags = (state.is_homed, state.is_busy, state.stale, state.estop, state.powered)
        event = (state.operating_state, state.fault, state.plant_reason, source, *flags)
        if event != self._last_event and state.tick > 0:
            self._last_event = event
            self._publish("std/operating_state", to_operating_state(state, self._crtk.name, source))
            if self._operating_state_type is not None:
                self._publish("operating_state", self._operating_state(state))
        if source != self._last_source:
            self._last_source = source
            self._publish("active_source", String(data=source))
        said = supervisor.said
        while said.answers:
            answer = said.answers.popleft()
            self._publish("command_result", to_command_result(answer, self._crtk.name))
        while said.messages:
            message = said.messages.popleft()
            self._publish(message.level, String(data=message.text))

    def _operating_state(self, state: _core.ArmState) -> Any:
        assert self._operating_state_type is not None
        message = self._operating_state_type()
        message.header.stamp = to_time(state.stamp_ns)
        message.state = state.operating_state.name
        message.is_homed, message.is_busy = bool(state.is_homed), bool(state.is_busy)
        return message

    def publish_diagnostics(self, now_ns: int, values: dict[str, object], level: bytes) -> None:
        """One status of this process, at 1 Hz."""
        supervisor = self._supervisor
        status = DiagnosticStatus(
            level=level,
            name=f"control: {self._crtk.name}",
            message=f"{supervisor.state.operating_state.name}, source {supervisor.arbiter.source}",
        )
        status.values = key_values(values)
        message = DiagnosticArray(status=[status])
        message.header.stamp = to_time(now_ns)
        self._publish("/diagnostics", message)

    def _publish(self, name: str, message: Any) -> None:
        self._publishers[name].publish(message)
        self.counts[self._paths[name]] += 1
