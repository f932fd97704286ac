# SPDX-License-Identifier: Apache-2.0
"""Who commands the arm, over real DDS: operator, tissue following, clients, the correction."""

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

from std_msgs.msg import Empty, String  # noqa: E402

from trocar import kinematics  # noqa: E402
from trocar.control.nodes.estimate_messages import (  # noqa: E402
    to_operator,
    to_pose_with_covariance,
    to_twist_with_covariance,
)
from trocar.control.nodes.messages import from_pose, to_joint_state, to_pose  # noqa: E402
from trocar.control.operator_input import OperatorInput  # noqa: E402
from trocar.geometry import exp_se3, make_transform, matrix_from_quat_xyzw  # noqa: E402

COVARIANCE = np.diag([1e-8] * 3 + [1e-6] * 3)
XI = np.array([0.004, -0.003, 0.002, 0.01, -0.02, 0.01])


class Sight:
    """What perception would publish, at 15 Hz and 60 ms late: a correction, a still target."""

    def __init__(self, bench, xi=XI):
        self.bench, self.T_correction = bench, exp_se3(xi)
        self.T_camera_base = bench.control.supervisor.registration.T_camera_base_nominal
        self.T_target = np.eye(4)
        self._frame = 0

    def place(self, depth=0.020):
        """Put the target below where the jaw tip is now, its normal up the shaft."""
        T_corrected = self.T_correction @ self.T_camera_base
        T_base_cp = kinematics.forward_kinematics(self.bench.state.q[:6])
        T_tip = T_corrected @ T_base_cp @ kinematics.T_CONTROL_POINT_JAW_TIP
        n = -T_tip[:3, 2]
        x = np.cross(T_tip[:3, 1], n)
        R = np.stack([x, np.cross(n, x), n], axis=1)
        self.T_target = make_transform(R, T_tip[:3, 3] - depth * n)
        return self

    def look(self, has_target=True):
        now_ns = self.bench.control.now_ns()
        frame = (now_ns - 60_000_000) // 66_666_667
        if frame == self._frame:
            return
        self._frame = frame
        stamp = frame * 66_666_667
        say, camera = self.bench.say, "endoscope_left"
        correction = to_pose_with_covariance(self.T_correction, COVARIANCE, camera, stamp)
        say("visual/correction", correction)
        if has_target:
            pose = to_pose_with_covariance(self.T_target, COVARIANCE, camera, stamp)
            twist = to_twist_with_covariance(np.zeros(6), COVARIANCE, camera, stamp)
            say("/tissue/target", pose)
            say("/tissue/target_twist", twist)

    def watch(self, condition, seconds=20.0, has_target=True):
        """Look and run until the condition holds."""

        def turn():
            self.look(has_target)
            return condition()

        return self.bench.until(turn, seconds)


def hand(bench, **sample):
    sample = {"deadman": True, **sample}
    bench.say("/operator/input", to_operator(OperatorInput(bench.control.now_ns(), **sample)))


def joints(position):
    return to_joint_state((), np.array(position, dtype=float), (), (), 0)


def values(status):
    return {v.key: v.value for v in status.values}


def test_own_setpoint_moves_nothing_while_the_correction_changes(bench, still):
    bench.ready()
    sight = Sight(bench)
    heard = bench.listen("visual/setpoint_cp", "command_result")
    bench.spin(0.5)
    q_before = np.array(bench.state.q)
    seen = []

    def echo():
        if heard["visual/setpoint_cp"]:
            message = heard["visual/setpoint_cp"].pop()
            heard["visual/setpoint_cp"].clear()
            _, position, quat_xyzw, _ = from_pose(message)
            seen.append(np.array(position))
            message.header.stamp.sec = message.header.stamp.nanosec = 0  # most clients stamp late
            T = make_transform(matrix_from_quat_xyzw(quat_xyzw), position)
            bench.say("visual/servo_cp", to_pose(T, "endoscope_left", 0))
        return len(seen) > 60

    assert sight.watch(echo, has_target=False)
    assert np.linalg.norm(seen[-1] - seen[0]) > 0.002  # the correction did change
    bench.spin(0.2)
    accepted = [values(m)["verdict"] for m in heard["command_result"]]
    assert accepted.count("accepted") > 30
    np.testing.assert_allclose(bench.state.q[:6], q_before[:6], rtol=0, atol=1e-6)


def test_clients_are_told_that_they_are_not_in_control(bench, still):
    bench.ready()
    heard = bench.listen("active_source", "command_result", "error")
    bench.say("request_source", String(data="none"))
    assert bench.until(lambda: [m.data for m in heard["active_source"]][-1:] == ["none"])
    bench.spin(0.5)
    q_before = np.array(bench.state.q)
    bench.say("servo_jp", joints([0.1] * 6))
    assert bench.until(lambda: any("not in control" in m.data for m in heard["error"]))
    assert values(heard["command_result"][-1])["verdict"] == "refused"
    bench.spin(0.1)
    still(bench.state.q, q_before)
    bench.say("request_source", String(data="crtk"))
    bench.until(lambda: heard["active_source"][-1].data == "crtk")
    bench.say("servo_jp", joints([0.01, 0, 0.12, 0, 0, 0]))
    assert bench.until(lambda: abs(bench.state.q[0] - 0.01) < 1e-6)


def test_the_operator_takes_over_drives_and_holds(bench):
    bench.ready()
    heard = bench.listen("active_source", "error")
    T_camera_base = bench.control.supervisor.registration.T_camera_base_nominal

    def tip():
        return (T_camera_base @ kinematics.forward_kinematics(bench.state.q[:6]))[:3, 3]

    hand(bench)
    assert bench.until(
        lambda: heard["active_source"] and heard["active_source"][-1].data == "teleop"
    )
    p0 = tip()
    for _ in range(50):
        hand(bench, twist=np.array([0.02, 0, 0, 0, 0, 0]), scale=0.5)
        bench.spin(0.01)
    hand(bench, deadman=False)
    bench.spin(0.15)
    moved = tip() - p0
    assert 0.002 < moved[0] < 0.010
    assert np.abs(moved[1:]).max() < 0.1 * moved[0]
    assert np.abs(bench.state.setpoint_qd).max() < 1e-3  # let go: still within 150 ms
    p_held = tip()
    bench.spin(0.3)
    np.testing.assert_allclose(tip(), p_held, atol=1e-5)
    assert heard["active_source"][-1].data == "teleop"
    assert heard["error"] == []


def test_a_silent_operator_is_held(bench):
    bench.ready()
    for _ in range(20):
        hand(bench, twist=np.array([0.02, 0, 0, 0, 0, 0]))
        bench.spin(0.01)
    assert bench.until(lambda: bench.control.supervisor.teleop.state.value == "locked")
    assert bench.until(lambda: np.abs(bench.state.setpoint_qd).max() < 1e-3)
    q = np.array(bench.state.q)
    for _ in range(20):  # back and still pressed
        hand(bench, twist=np.array([0.02, 0, 0, 0, 0, 0]))
        bench.spin(0.01)
    np.testing.assert_allclose(bench.state.q, q, rtol=0, atol=1e-5)


def test_autostart_follows_by_sight_and_the_latency_is_measured(following_bench):
    bench = following_bench
    heard = bench.listen("active_source")
    assert bench.until(lambda: bench.state.is_homed and not bench.state.is_busy)
    assert [m.data for m in heard["active_source"]] in (["none"], [])
    sight = Sight(bench).place()
    supervisor = bench.control.supervisor
    assert sight.watch(lambda: supervisor.follower.state.value == "following", 30.0)
    assert heard["active_source"][-1].data == "follow"
    assert sight.watch(lambda: bench.control.latency.report()["image_to_setpoint_ms"]["n"] > 20)
    T = sight.T_correction @ sight.T_camera_base @ kinematics.forward_kinematics(bench.state.q[:6])
    tip = (T @ kinematics.T_CONTROL_POINT_JAW_TIP)[:3, 3]
    goal = sight.T_target[:3, 3] + 0.010 * sight.T_target[:3, 2]
    assert np.linalg.norm(tip - goal) < 3e-4
    latency = bench.control.latency.report()
    assert 55 < latency["image_to_setpoint_ms"]["p50"] < 1000
    assert latency["topic_to_setpoint_ms"]["n"] > 10
    bench.say("hold", Empty())
    assert sight.watch(lambda: heard["active_source"][-1].data == "none")
    held = np.array(bench.state.q)
    assert not sight.watch(lambda: supervisor.arbiter.source == "follow", 0.5)  # not by itself
    np.testing.assert_allclose(bench.state.q, held, rtol=0, atol=2e-4)
    bench.say("request_source", String(data="follow"))
    assert sight.watch(lambda: supervisor.follower.state.value == "following")


def test_follow_is_refused_before_the_arm_is_ready(bench):
    heard = bench.listen("command_result")
    bench.until(lambda: bench.state.tick > 5)
    bench.say("request_source", String(data="follow"))
    assert bench.until(lambda: heard["command_result"])
    answer = values(heard["command_result"][-1])
    assert (answer["command"], answer["verdict"]) == ("request_source", "refused")
    assert "enable and home" in answer["reason"]


def test_a_malformed_operator_input_is_reported(bench):
    from sensor_msgs.msg import Joy

    heard = bench.listen("error")
    bench.say("/operator/input", Joy(axes=[0.0] * 3, buttons=[1]))
    assert bench.until(lambda: any("3 axes" in m.data for m in heard["error"]))
    assert bench.control.supervisor.arbiter.source == "crtk"


def test_diagnostics_say_what_holds_it_back(bench):
    heard = bench.listen("/diagnostics")
    assert bench.until(lambda: heard["/diagnostics"])
    status = heard["/diagnostics"][-1].status[0]
    assert status.name == "control: PSM1"
    assert "not registered" in values(status)["registration"]
