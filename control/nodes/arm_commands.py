# SPDX-License-Identifier: Apache-2.0
"""Subscriptions of one arm: CRTK commands, words, estimates, the operator, the emergency stop."""

from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import (
    PoseStamped,
    PoseWithCovarianceStamped,
    TwistWithCovarianceStamped,
)
from rclpy.node import Node
from sensor_msgs.msg import JointState, Joy
from std_msgs.msg import Empty, String

from trocar import estop, kinematics
from trocar.control.crtk_arm import CrtkArm
from trocar.control.latency import SetpointLatency
from trocar.control.nodes.estimate_messages import from_correction, from_operator, from_target
from trocar.control.nodes.messages import from_pose, from_time
from trocar.control.nodes.topics import SUBSCRIBED, crtk_topics

Take = Callable[[Any], None]


class ArmCommands:
    """Hands every message to the arm's objects, with the time of its arrival."""

    def __init__(
        self,
        node: Node,
        crtk: CrtkArm,
        latency: SetpointLatency,
        now_ns: Callable[[], int],
        segment: str,
    ) -> None:
        """Create the subscriptions of `topics.SUBSCRIBED`; `segment` "" where there is no cell."""
        self._segment = segment
        self._crtk, self._supervisor = crtk, crtk.supervisor
        self._latency, self._now_ns = latency, now_ns
        self._target: PoseWithCovarianceStamped | None = None
        self._twist: TwistWithCovarianceStamped | None = None
        rows = list(SUBSCRIBED)
        own = crtk_topics()
        if own:
            rows.append(own[1])
        for row in rows:
            node.create_subscription(row.type, row.path(crtk.name), self._taker(row.name), row.qos)

    def _taker(self, name: str) -> Take:
        if name in ("servo_jp", "move_jp"):
            return lambda m: self._joints(name, m)
        if name in ("jaw/servo_jp", "jaw/move_jp"):
            return lambda m: self._jaw(name, m)
        if name.endswith("_cp"):
            return lambda m: self._pose(name, m)
        others: dict[str, Take] = {
            "hold": self._hold,
            "std/state_command": self._word,
            "state_command": self._stamped_word,
            "request_source": self._request,
            "visual/correction": self._correction,
            "/tissue/target": self._take_target,
            "/tissue/target_twist": self._take_twist,
            "/operator/input": self._operator,
            "/estop": self._estop,
            "/estop/release": self._release,
        }
        return others[name]

    # --- CRTK ----------------------------------------------------------------------
    def _joints(self, what: str, m: JointState) -> None:
        stamp = from_time(m.header.stamp)
        self._crtk.joint_command(what, m.name, m.position, m.velocity, stamp, self._now_ns())

    def _jaw(self, what: str, m: JointState) -> None:
        stamp = from_time(m.header.stamp)
        self._crtk.jaw_command(what, m.name, m.position, stamp, self._now_ns())

    def _pose(self, what: str, m: PoseStamped) -> None:
        frame_id, position, quat_xyzw, stamp = from_pose(m)
        self._crtk.pose_command(what, frame_id, position, quat_xyzw, stamp, self._now_ns())

    def _hold(self, _: Empty) -> None:
        self._supervisor.hold(self._now_ns())

    def _word(self, m: String) -> None:
        self._supervisor.state_command(m.data, self._now_ns())

    def _stamped_word(self, m: Any) -> None:
        self._supervisor.state_command(m.string, self._now_ns())

    def _request(self, m: String) -> None:
        self._supervisor.request_source(m.data, self._now_ns())

    # --- estimates and the operator --------------------------------------------------
    def _correction(self, m: PoseWithCovarianceStamped) -> None:
        supervisor, now_ns = self._supervisor, self._now_ns()
        T_base_cp = kinematics.forward_kinematics(supervisor.state.q[:6])
        T_camera_base = supervisor.registration.T_camera_base_nominal
        try:
            estimate = from_correction(m, self._crtk.name, T_camera_base, T_base_cp)
        except ValueError as error:
            supervisor.said.say("error", f"visual/correction: {error}", now_ns)
            return
        supervisor.add_tool(estimate, now_ns)

    def _take_target(self, m: PoseWithCovarianceStamped) -> None:
        self._target = m
        self._join()

    def _take_twist(self, m: TwistWithCovarianceStamped) -> None:
        self._twist = m
        self._join()

    def _join(self) -> None:
        """The two halves of a target travel apart; both of one stamp make one."""
        pose, twist = self._target, self._twist
        if pose is None or twist is None:
            return
        if from_time(pose.header.stamp) != from_time(twist.header.stamp):
            return
        self._target = self._twist = None
        now_ns = self._now_ns()
        try:
            target = from_target(pose, twist)
        except ValueError as error:
            self._supervisor.said.say("error", f"/tissue/target: {error}", now_ns)
            return
        self._latency.arrived(target.stamp_ns, now_ns)
        self._supervisor.add_target(target)

    def _operator(self, m: Joy) -> None:
        now_ns = self._now_ns()
        try:
            sample = from_operator(m, now_ns)
        except ValueError as error:
            self._supervisor.said.say("error", str(error), now_ns)
            return
        self._supervisor.add_operator(sample, now_ns)

    # --- emergency stop --------------------------------------------------------------
    def _estop(self, _: Empty) -> None:
        # The cell's flag is the one that everybody can release; the arm's own stands in for it.
        is_pressed = bool(self._segment) and estop.press(self._segment)
        self._supervisor.press_estop(self._now_ns(), is_elsewhere=is_pressed)

    def _release(self, _: Empty) -> None:
        if self._segment:
            estop.release(self._segment)
        self._supervisor.release_estop(self._now_ns())
