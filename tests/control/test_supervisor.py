# SPDX-License-Identifier: Apache-2.0
"""The supervisor over the real core in lockstep: who moves the arm, and what everyone is told."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from trocar import _core, kinematics
from trocar.control.crtk_arm import CrtkArm
from trocar.control.operator_input import OperatorInput
from trocar.control.supervisor import ArmSupervisor
from trocar.estimates import Health, TargetEstimate, ToolEstimate
from trocar.geometry import exp_se3, exp_so3, inverse, make_transform, quat_xyzw_from_matrix

_spec = importlib.util.spec_from_file_location(
    "ideal_plant", Path(__file__).parent / "ideal_plant.py"
)
ideal_plant = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(ideal_plant)

MS = 1_000_000
HOME_CP = kinematics.forward_kinematics([0, 0, 0.12, 0, 0, 0])
# A camera 70 mm from where the tip is after homing, looking at it.
T_CAMERA_BASE = inverse(
    make_transform(exp_so3([np.pi - 0.4, 0.0, 0.0]), HOME_CP[:3, 3] + [0.0, -0.03, 0.06])
)


class Rig:
    """Supervisor at 200 Hz over an ideal arm; `answers` and `messages` as they came."""

    def __init__(self, autostart="none"):
        self.plant = ideal_plant.IdealPlant()
        self.arm = self.plant.arm
        self.supervisor = ArmSupervisor(self.arm, T_CAMERA_BASE, autostart)
        self.crtk = CrtkArm(self.supervisor, "PSM1")
        self.answers, self.messages = [], []
        self.on_tick = None

    @property
    def now_ns(self):
        return self.plant.now_ns

    @property
    def state(self):
        return self.supervisor.state

    def run(self, seconds, on_tick=None):
        for _ in range(int(seconds * 200)):
            if on_tick is not None:
                on_tick()
            self.plant.step(5)
            self.supervisor.tick(self.now_ns)
            self.answers.extend(self.supervisor.said.answers)
            self.messages.extend(self.supervisor.said.messages)
            self.supervisor.said.answers.clear()
            self.supervisor.said.messages.clear()

    def ready(self):
        self.run(0.1)
        self.supervisor.state_command("enable", self.now_ns)
        self.run(0.2)
        self.supervisor.state_command("home", self.now_ns)
        self.run(4.0)
        assert self.supervisor.is_ready
        assert not self.state.is_busy
        self.answers.clear()
        self.messages.clear()
        return self

    def cp(self):
        return kinematics.forward_kinematics(self.plant.q[:6])

    def press(self, **sample):
        sample = {"deadman": True, **sample}
        self.supervisor.add_operator(OperatorInput(self.now_ns, **sample), self.now_ns)

    def servo_jp(self, q):
        return self.crtk.joint_command("servo_jp", (), q, (), 0, self.now_ns)

    def last_answer(self, what):
        return [a for a in self.answers if a.what == what][-1]

    def texts(self, level):
        return [m.text for m in self.messages if m.level == level]


class Tissue:
    """A flat tissue below the homed tip, seen by the camera; `add` gives it to the supervisor."""

    def __init__(self, rig, xi=None, depth=0.020):
        self.rig = rig
        T_corrected = (np.eye(4) if xi is None else exp_se3(xi)) @ T_CAMERA_BASE
        self.T_correction = np.eye(4) if xi is None else exp_se3(xi)
        tip = (T_corrected @ HOME_CP @ kinematics.T_CONTROL_POINT_JAW_TIP)[:3, 3]
        n = T_corrected[:3, 2]  # the base's z points away from the tissue
        self.point = tip - depth * n
        x = np.cross([0.0, 1.0, 0.0], n)
        x /= np.linalg.norm(x)
        self.T = make_transform(np.stack([x, np.cross(n, x), n], axis=1), self.point)
        self.n = n
        self._frame = -1
        self.latency_ns = 60 * MS

    def add(self, health=Health.GOOD):
        frame = (self.rig.now_ns - self.latency_ns) // 66_666_667
        if frame == self._frame:
            return
        self._frame = frame
        now_ns, supervisor = self.rig.now_ns, self.rig.supervisor
        stamp_ns = frame * 66_666_667
        cov = np.eye(6) * 1e-8
        supervisor.add_target(
            TargetEstimate(stamp_ns, self.T, np.zeros(6), cov, cov, 20, health, "test")
        )
        T_tool = self.T_correction @ T_CAMERA_BASE @ self.rig.cp()
        tool = ToolEstimate(stamp_ns, "PSM1", self.T_correction, T_tool, cov, Health.GOOD)
        supervisor.add_tool(tool, now_ns)


def test_crtk_is_in_control_by_default_and_moves_the_arm():
    rig = Rig().ready()
    q = np.array([0.05, 0.02, 0.13, 0.1, 0.0, 0.0])
    rig.crtk.joint_command("move_jp", (), q, (), 0, rig.now_ns)
    rig.run(3.0)
    np.testing.assert_allclose(rig.plant.q[:6], q, atol=1e-6)
    assert rig.last_answer("move_jp").verdict == "accepted"
    assert rig.last_answer("move_jp").source == "crtk"


def test_a_command_before_enable_is_refused_with_the_remedy():
    rig = Rig()
    rig.run(0.1)
    q_before = rig.plant.q.copy()
    assert not rig.servo_jp(np.zeros(6))
    rig.run(0.1)
    assert "enable and home" in rig.last_answer("servo_jp").reason
    assert any("enable and home" in t for t in rig.texts("error"))
    np.testing.assert_allclose(rig.plant.q, q_before, rtol=0, atol=1e-12)


def test_nobody_inherits_a_move_that_is_under_way():
    rig = Rig().ready()
    rig.crtk.joint_command("move_jp", (), [0.5, 0.3, 0.14, 0.0, 0.0, 0.0], (), 0, rig.now_ns)
    rig.run(0.2)
    assert rig.state.is_busy
    rig.supervisor.request_source("none", rig.now_ns)
    rig.run(0.5)
    assert np.abs(rig.state.setpoint_qd).max() < 1e-3
    assert rig.plant.q[0] < 0.45


def test_the_others_are_refused_while_someone_is_in_control():
    rig = Rig().ready()
    rig.press()
    rig.run(0.05, rig.press)
    q_before = rig.plant.q.copy()
    assert not rig.servo_jp(q_before[:6] + 0.1)
    rig.run(0.05, rig.press)
    answer = rig.last_answer("servo_jp")
    assert answer.verdict == "refused"
    assert "not in control" in answer.reason
    np.testing.assert_allclose(rig.plant.q, q_before, atol=1e-9)


def test_deadman_takes_over_a_moving_arm_without_a_jump_and_letting_go_holds():
    rig = Rig().ready()
    rig.crtk.joint_command("move_jp", (), [0.3, 0.2, 0.14, 0.0, 0.0, 0.0], (), 0, rig.now_ns)
    rig.run(0.3)
    assert rig.state.is_busy
    velocities = []

    def hold_still():
        rig.press()
        velocities.append(np.abs(rig.state.setpoint_qd).max())

    p_before = rig.cp()[:3, 3]
    rig.run(0.5, hold_still)
    assert rig.supervisor.arbiter.source == "teleop"
    assert velocities[-1] < 1e-3
    assert max(velocities) < 1.1 * velocities[0]  # it brakes, nothing spurts
    assert np.linalg.norm(rig.cp()[:3, 3] - p_before) < 0.02
    rig.run(0.5, lambda: rig.press(twist=np.array([0.02, 0, 0, 0, 0, 0])))
    rig.press(deadman=False)
    rig.run(0.15)
    assert np.abs(rig.state.setpoint_qd).max() < 1e-3  # letting go: still within 150 ms
    p_held = rig.cp()[:3, 3]
    rig.run(1.0, lambda: rig.press(deadman=False))
    assert rig.supervisor.arbiter.source == "teleop"
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=1e-9)


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_letting_go_at_full_speed_stops_in_time(axis, sign):
    rig = Rig().ready()
    twist = np.zeros(6)
    twist[axis] = sign
    rig.run(0.3, lambda: rig.press(twist=twist, scale=1.0))
    assert np.abs(rig.state.setpoint_qd).max() > 0.1
    rig.press(deadman=False)
    rig.run(0.15)
    assert np.abs(rig.state.setpoint_qd).max() < 1e-3


def test_teleop_moves_the_tip_along_the_picture():
    rig = Rig().ready()
    rig.press()
    rig.run(0.05, rig.press)
    p0 = (T_CAMERA_BASE @ rig.cp())[:3, 3]
    rig.run(1.0, lambda: rig.press(twist=np.array([0.01, 0, 0, 0, 0, 0]), scale=0.5))
    rig.run(0.2, rig.press)
    moved = (T_CAMERA_BASE @ rig.cp())[:3, 3] - p0
    np.testing.assert_allclose(moved, [0.005, 0.0, 0.0], atol=2e-4)


def test_an_operator_who_falls_silent_is_held_and_then_released():
    rig = Rig().ready()
    twist = np.array([0.02, 0, 0, 0, 0, 0])
    rig.run(0.3, lambda: rig.press(twist=twist))
    rig.run(0.25)
    assert np.abs(rig.state.setpoint_qd).max() < 1e-3
    p_held = rig.cp()[:3, 3]
    rig.run(0.5, lambda: rig.press(twist=twist))  # back, still pressed: not by itself
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=1e-9)
    assert any("press it again" in t for t in rig.texts("warning"))
    rig.run(5.2)
    assert rig.supervisor.arbiter.source == "crtk"
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=1e-9)


def test_follow_is_asked_for_follows_and_is_given_up_and_released():
    xi = [0.003, -0.002, 0.001, 0.01, -0.02, 0.01]
    rig = Rig().ready()
    tissue = Tissue(rig, xi)
    rig.supervisor.request_source("follow", rig.now_ns)
    rig.run(6.0, tissue.add)
    tip = (exp_se3(xi) @ T_CAMERA_BASE @ rig.cp() @ kinematics.T_CONTROL_POINT_JAW_TIP)[:3, 3]
    np.testing.assert_allclose(tip, tissue.point + 0.010 * tissue.n, atol=2e-4)
    assert rig.supervisor.follower.state.value == "following"
    p_held = rig.cp()[:3, 3]
    rig.run(1.3)  # blind
    assert rig.supervisor.follower.state.value == "given up"
    assert rig.supervisor.arbiter.source == "follow"
    rig.run(1.0, tissue.add)  # sees again: not by itself
    assert rig.supervisor.follower.state.value == "given up"
    rig.run(4.0, tissue.add)
    assert rig.supervisor.arbiter.source == "crtk"
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=5e-4)


def test_autostart_powers_homes_and_follows_once():
    rig = Rig("follow")
    tissue = Tissue(rig)
    rig.run(3.0)
    assert rig.supervisor.is_ready
    assert rig.supervisor.arbiter.source == "none"  # homed, and waits for a good target
    rig.run(2.0, lambda: tissue.add(Health.DEGRADED))
    assert rig.supervisor.arbiter.source == "none"
    rig.run(4.0, tissue.add)
    assert rig.supervisor.arbiter.source == "follow"
    assert rig.supervisor.follower.state.value == "following"
    rig.supervisor.hold(rig.now_ns)
    rig.run(1.0, tissue.add)
    assert rig.supervisor.arbiter.source == "none"  # not by itself


def test_autostart_waits_for_a_fresh_target_however_long_that_takes():
    rig = Rig("follow")
    tissue = Tissue(rig)
    rig.run(0.2, tissue.add)
    rig.run(3.0)  # homed by now; the target it has is long out of date
    late = Tissue(rig)
    late.latency_ns = 400 * MS
    rig.run(8.0, late.add)
    assert rig.supervisor.arbiter.source == "none"
    rig.run(5.0, tissue.add)
    assert rig.supervisor.follower.state.value == "following"


def test_the_operator_takes_over_from_follow_and_gives_it_back_on_request():
    rig = Rig("follow")
    tissue = Tissue(rig)
    rig.run(8.0, tissue.add)
    assert rig.supervisor.arbiter.source == "follow"

    def drive():
        tissue.add()
        rig.press(twist=np.array([0.01, 0, 0, 0, 0, 0]))

    rig.run(0.5, drive)
    assert rig.supervisor.arbiter.source == "teleop"
    assert not rig.supervisor.request_source("follow", rig.now_ns)  # not while the hand is on it
    rig.press(deadman=False)
    rig.run(0.5, tissue.add)
    assert rig.supervisor.arbiter.source == "teleop"
    assert rig.supervisor.request_source("follow", rig.now_ns)
    rig.run(3.0, tissue.add)
    assert rig.supervisor.follower.state.value == "following"


def test_no_source_inherits_motion_after_a_disable():
    rig = Rig("follow")
    tissue = Tissue(rig)
    rig.run(8.0, tissue.add)
    assert rig.supervisor.arbiter.source == "follow"
    rig.supervisor.state_command("disable", rig.now_ns)
    rig.run(1.0, tissue.add)
    assert rig.supervisor.arbiter.source == "none"
    rig.supervisor.state_command("enable", rig.now_ns)
    rig.run(0.3, tissue.add)
    p_held = rig.cp()[:3, 3]
    rig.run(2.0, tissue.add)
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=1e-9)


def test_hold_from_anyone_ends_teleoperation_until_a_new_press():
    rig = Rig().ready()
    drive = lambda: rig.press(twist=np.array([0.02, 0, 0, 0, 0, 0]))  # noqa: E731
    rig.run(0.3, drive)
    rig.supervisor.hold(rig.now_ns)
    assert rig.supervisor.teleop.state.value == "locked"
    rig.run(0.2, drive)
    p_held = rig.cp()[:3, 3]
    rig.run(0.5, drive)
    np.testing.assert_allclose(rig.cp()[:3, 3], p_held, atol=1e-9)
    rig.press(deadman=False)
    rig.run(0.3, drive)
    assert np.linalg.norm(rig.cp()[:3, 3] - p_held) > 0.003


def test_estop_latches_and_release_clears_only_the_cause():
    rig = Rig().ready()
    rig.supervisor.press_estop(rig.now_ns)
    rig.run(0.6)
    assert rig.state.operating_state == _core.OperatingState.FAULT
    assert any("emergency stop" in t for t in rig.texts("error"))
    rig.supervisor.state_command("enable", rig.now_ns)
    rig.run(0.1)
    assert rig.state.operating_state == _core.OperatingState.FAULT
    assert rig.last_answer("state_command").verdict == "refused"
    assert "release" in rig.last_answer("state_command").reason
    rig.supervisor.release_estop(rig.now_ns)
    rig.run(0.1)
    assert rig.state.operating_state == _core.OperatingState.FAULT
    rig.supervisor.state_command("enable", rig.now_ns)
    rig.run(0.3)
    assert rig.state.operating_state == _core.OperatingState.ENABLED


@pytest.mark.parametrize("namespace", ["", "local/", "visual/"])
def test_each_namespace_commands_in_its_own_frame(namespace):
    rig = Rig().ready()
    tissue = Tissue(rig, [0.003, -0.002, 0.001, 0.01, -0.02, 0.01])
    rig.run(4.0, tissue.add)
    corrected = tissue.T_correction @ T_CAMERA_BASE
    T_frame_base = {"": T_CAMERA_BASE, "local/": np.eye(4), "visual/": corrected}[namespace]
    T_goal = HOME_CP.copy()
    T_goal[:3, 3] += [0.003, 0.002, -0.004]
    T = T_frame_base @ T_goal
    quat = quat_xyzw_from_matrix(T)
    given = rig.crtk.pose_command(f"{namespace}servo_cp", "", T[:3, 3], quat, 0, rig.now_ns)
    assert given
    rig.run(1.0)
    np.testing.assert_allclose(rig.cp(), T_goal, atol=2e-6)
    frame = rig.crtk.measured_cp(rig.cp(), namespace.rstrip("/"))
    np.testing.assert_allclose(frame, T, atol=2e-6)


@pytest.mark.parametrize(
    ("position", "quat", "frame", "age_ms", "word"),
    [
        ([np.nan, 0, 0.1], [0, 0, 0, 1], "", 0, "finite"),
        ([0, 0, 0.1], [0, 0, 0, np.inf], "", 0, "finite"),
        ([0, 0, 0.1], [0, 0, 0, 0.9], "", 0, "norm"),
        ([0, 0, 0.1], [0, 0, 0, 0], "", 0, "norm"),
        ([0, 0, 100.0], [0, 0, 0, 1], "", 0, "metres"),
        ([0, 0, 0.1], [0, 0, 0, 1], "tissue", 0, "unknown"),
        ([0, 0, 0.1], [0, 0, 0, 1], "", 900, "old"),
        ([0, 0, 0.1], [0, 0, 0, 1], "", -900, "future"),
    ],
)
def test_bad_poses_are_refused_with_a_reason_and_nothing_moves(position, quat, frame, age_ms, word):
    rig = Rig().ready()
    q_before = rig.plant.q.copy()
    stamp_ns = 0 if age_ms == 0 else rig.now_ns - age_ms * MS
    assert not rig.crtk.pose_command("servo_cp", frame, position, quat, stamp_ns, rig.now_ns)
    rig.run(0.2)
    assert word in rig.last_answer("servo_cp").reason
    assert any(word in t for t in rig.texts("error"))
    np.testing.assert_allclose(rig.plant.q, q_before, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("names", "position", "velocity", "word"),
    [
        ((), [0.0] * 5, (), "5 values"),
        ((), [], (), "0 values"),
        ((), [0.0] * 6, [0.0] * 7, "velocity"),
        ((), [0.0, np.nan, 0.1, 0, 0, 0], (), "index [1]"),
        (("a", "b", "c", "d", "e", "f"), [0.0] * 6, (), "joint names"),
    ],
)
def test_bad_joints_are_refused_with_a_reason_and_nothing_moves(names, position, velocity, word):
    rig = Rig().ready()
    q_before = rig.plant.q.copy()
    assert not rig.crtk.joint_command("servo_jp", names, position, velocity, 0, rig.now_ns)
    rig.run(0.2)
    assert word in rig.last_answer("servo_jp").reason
    np.testing.assert_allclose(rig.plant.q, q_before, rtol=0, atol=1e-12)


@pytest.mark.parametrize("age_ms", [600, -200])
def test_joint_and_jaw_commands_of_another_time_are_refused(age_ms):
    rig = Rig().ready()
    stamp_ns, q = rig.now_ns - age_ms * MS, np.array(rig.plant.q)
    assert not rig.crtk.joint_command("servo_jp", (), q[:6] + 0.1, (), stamp_ns, rig.now_ns)
    assert not rig.crtk.joint_command("move_jp", (), q[:6] + 0.1, (), stamp_ns, rig.now_ns)
    assert not rig.crtk.jaw_command("jaw/servo_jp", (), [0.3], stamp_ns, rig.now_ns)
    rig.run(0.1)
    assert ("old" if age_ms > 0 else "future") in rig.last_answer("jaw/servo_jp").reason
    np.testing.assert_allclose(rig.plant.q, q, rtol=0, atol=1e-12)


def test_jaw_moves_by_itself_and_is_checked():
    rig = Rig().ready()
    q_before = rig.plant.q[:6].copy()
    assert rig.crtk.jaw_command("jaw/move_jp", (), [0.5], 0, rig.now_ns)
    rig.run(2.0)
    assert rig.plant.q[6] == pytest.approx(0.5, abs=1e-6)
    np.testing.assert_allclose(rig.plant.q[:6], q_before, atol=1e-9)
    assert not rig.crtk.jaw_command("jaw/servo_jp", (), [0.1, 0.2], 0, rig.now_ns)


def test_an_altered_command_says_why():
    rig = Rig().ready()
    assert rig.crtk.joint_command("move_jp", (), [9.0, 0, 0.12, 0, 0, 0], (), 0, rig.now_ns)
    rig.run(0.1)
    assert rig.last_answer("move_jp").verdict == "altered"
    assert "joint range" in rig.last_answer("move_jp").reason
    assert any("joint range" in t for t in rig.texts("warning"))


def test_a_stream_of_complaints_reaches_people_once_a_second():
    rig = Rig()
    rig.run(0.1)
    rig.run(2.0, lambda: rig.servo_jp(np.zeros(6)))
    assert len([a for a in rig.answers if a.what == "servo_jp"]) == 400  # every command is answered
    assert 2 <= len([t for t in rig.texts("error") if "servo_jp" in t]) <= 3


def test_unknown_words_are_refused_with_the_valid_ones():
    rig = Rig()
    rig.run(0.1)
    rig.supervisor.state_command("reset", rig.now_ns)
    rig.supervisor.request_source("joystick", rig.now_ns)
    rig.run(0.1)
    assert "enable, disable" in rig.last_answer("state_command").reason
    assert "none, crtk, teleop, follow" in rig.last_answer("request_source").reason


def test_own_setpoint_moves_nothing_while_the_correction_changes():
    rig = Rig().ready()
    tissue = Tissue(rig, [0.006, -0.004, 0.003, 0.02, -0.03, 0.02])
    q_before = rig.plant.q.copy()
    seen = []

    def echo():
        tissue.add()
        setpoint = kinematics.forward_kinematics(rig.state.setpoint_q[:6])
        T = rig.crtk.setpoint_cp(setpoint, rig.now_ns, "visual")
        seen.append(T)
        quat = quat_xyzw_from_matrix(T)
        rig.crtk.pose_command("visual/servo_cp", "", T[:3, 3], quat, 0, rig.now_ns)

    rig.run(2.0, echo)
    assert np.linalg.norm(seen[-1][:3, 3] - seen[0][:3, 3]) > 0.003  # the correction did change
    np.testing.assert_allclose(rig.plant.q, q_before, atol=1e-7)
