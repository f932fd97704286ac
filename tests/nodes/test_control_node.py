# SPDX-License-Identifier: Apache-2.0
"""The CRTK core set over real DDS: states, commands, refusals, ages, stops."""

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

from std_msgs.msg import Empty, String  # noqa: E402

from trocar import _core, kinematics  # noqa: E402
from trocar.control.nodes.messages import (  # noqa: E402
    from_pose,
    to_joint_state,
    to_pose,
    to_time,
)
from trocar.control.nodes.topics import PUBLISHED, SUBSCRIBED  # noqa: E402
from trocar.geometry import make_transform, matrix_from_quat_xyzw  # noqa: E402

NS = 1_000_000_000


def joints(position, velocity=()):
    return to_joint_state((), np.array(position, dtype=float), velocity, (), 0)


def values(status):
    return {v.key: v.value for v in status.values}


def transform(message):
    _, position, quat_xyzw, _ = from_pose(message)
    return make_transform(matrix_from_quat_xyzw(quat_xyzw), position)


STATES = [
    "measured_js", "setpoint_js", "measured_cp", "setpoint_cp", "measured_cv",
    "local/measured_cp", "local/setpoint_cp", "visual/measured_cp", "visual/setpoint_cp",
    "jaw/measured_js", "jaw/setpoint_js",
]  # fmt: skip


def test_every_state_of_the_core_set_is_published_and_they_agree(bench):
    heard = bench.listen(*STATES)
    bench.ready()
    assert bench.until(lambda: all(len(heard[name]) > 3 for name in STATES))
    js = heard["measured_js"][-1]
    assert js.name == list(kinematics.JOINT_NAMES)
    assert len(js.position) == len(js.velocity) == len(js.effort) == 6
    assert heard["jaw/measured_js"][-1].name == ["jaw"]
    by_stamp = {m.header.stamp.sec * NS + m.header.stamp.nanosec: m for m in heard["measured_js"]}
    local = [m for m in heard["local/measured_cp"] if from_pose(m)[3] in by_stamp][-1]
    fk = kinematics.forward_kinematics(by_stamp[from_pose(local)[3]].position)
    np.testing.assert_allclose(transform(local), fk, atol=1e-12)
    assert local.header.frame_id == "PSM1_base"
    T_camera_base = bench.control.supervisor.registration.T_camera_base_nominal
    camera = [m for m in heard["measured_cp"] if from_pose(m)[3] == from_pose(local)[3]]
    if camera:
        np.testing.assert_allclose(transform(camera[-1]), T_camera_base @ fk, atol=1e-12)
    assert heard["measured_cp"][-1].header.frame_id == "endoscope_left"


def test_states_come_at_100_hz(bench):
    heard = bench.listen("measured_js")
    bench.until(lambda: len(heard["measured_js"]) > 0)
    bench.until(lambda: len(heard["measured_js"]) > 120)
    stamps = [m.header.stamp.sec + 1e-9 * m.header.stamp.nanosec for m in heard["measured_js"]]
    assert np.median(np.diff(stamps)) == pytest.approx(0.010, abs=0.002)


def test_move_jp_moves_is_busy_and_is_answered(bench):
    bench.ready()
    heard = bench.listen("command_result", "std/operating_state")
    q = [0.05, 0.02, 0.125, 0.1, 0.05, -0.05]
    bench.say("move_jp", joints(q))
    assert bench.until(lambda: heard["command_result"])
    answer = values(heard["command_result"][0])
    assert (answer["command"], answer["verdict"]) == ("move_jp", "accepted")
    assert bench.until(
        lambda: np.allclose(bench.state.q[:6], q, atol=1e-6) and not bench.state.is_busy
    )
    assert bench.until(
        lambda: values(heard["std/operating_state"][-1].status[0])["is_busy"] == "false"
    )
    busy = [values(m.status[0])["is_busy"] for m in heard["std/operating_state"]]
    assert "true" in busy


@pytest.mark.parametrize("name", ["servo_cp", "local/servo_cp", "visual/servo_cp", "move_cp"])
def test_poses_go_back_in_as_they_come_out(bench, name):
    space = name.rpartition("/")[0]
    state_topic = f"{space}/measured_cp" if space else "measured_cp"
    bench.ready()
    heard = bench.listen(state_topic)
    assert bench.until(lambda: heard[state_topic])
    T = transform(heard[state_topic][-1])
    T[:3, 3] += [0.002, -0.001, 0.001]
    bench.say(name, to_pose(T, "", 0))
    assert bench.until(lambda: np.allclose(transform(heard[state_topic][-1]), T, atol=2e-6))


def test_jaw_is_commanded_by_itself(bench):
    bench.ready()
    bench.say("jaw/move_jp", joints([0.4]))
    assert bench.until(lambda: abs(bench.state.q[6] - 0.4) < 1e-6)
    bench.say("jaw/servo_jp", joints([0.3]))
    assert bench.until(lambda: abs(bench.state.q[6] - 0.3) < 1e-6)


def test_a_servo_stream_that_ends_leaves_the_arm_enabled_still_and_reported_stale(bench):
    """crtk.servo of the issue: 200 Hz servo_jp over DDS, then silence."""
    bench.ready()
    heard = bench.listen("std/operating_state", "measured_js", "error")
    q = np.array(bench.state.q[:6])
    for i in range(200):
        q[0] = 0.1 * i / 200
        bench.say("servo_jp", joints(q))
        bench.spin(0.005)
    assert bench.until(lambda: bench.state.stale)
    assert bench.until(
        lambda: values(heard["std/operating_state"][-1].status[0])["stale"] == "true"
    )
    bench.spin(0.3)
    positions = [np.array(m.position) for m in heard["measured_js"][-20:]]
    bench.spin(0.5)
    status = heard["std/operating_state"][-1].status[0]
    assert status.message == "ENABLED"
    assert values(status)["stale"] == "true"
    last = np.array(heard["measured_js"][-1].position)
    np.testing.assert_allclose(last, positions[0], rtol=0, atol=1e-6)
    assert last[0] == pytest.approx(0.1 * 199 / 200, abs=1e-3)
    assert heard["error"] == []
    bench.say("servo_jp", joints(q))  # and it may simply begin again
    assert bench.until(
        lambda: values(heard["std/operating_state"][-1].status[0])["stale"] == "false"
    )


NOWHERE = make_transform(translation=[np.nan, 0.0, 0.1])
BAD = {
    "NaN joint": ("servo_jp", lambda: joints([0.0, np.nan, 0.1, 0, 0, 0]), "finite"),
    "joint count": ("servo_jp", lambda: joints([0.0] * 7), "7 values"),
    "velocity count": ("servo_jp", lambda: joints([0.0] * 6, [0.0]), "velocity"),
    "move count": ("move_jp", lambda: joints([0.0] * 5), "5 values"),
    "jaw count": ("jaw/servo_jp", lambda: joints([0.0, 0.0]), "2 values"),
    "NaN pose": ("servo_cp", lambda: to_pose(NOWHERE, "", 0), "finite"),
    "frame": ("servo_cp", lambda: to_pose(np.eye(4), "mars", 0), "'mars' is unknown"),
    "local frame": ("local/servo_cp", lambda: to_pose(np.eye(4), "map", 0), "'map' is unknown"),
    "old": ("servo_cp", lambda: to_pose(np.eye(4), "", 5 * NS), "old"),
    "word": ("std/state_command", lambda: String(data="reset"), "enable, disable"),
    "source": ("request_source", lambda: String(data="robot"), "none, crtk, teleop, follow"),
}  # fmt: skip


def _bad_quaternion():
    message = to_pose(np.eye(4), "", 0)
    message.pose.orientation.w = 0.9
    return message


BAD["quaternion"] = ("move_cp", _bad_quaternion, "norm")


def test_bad_input_is_refused_with_a_reason_on_error_and_changes_nothing(bench, still):
    bench.ready()
    heard = bench.listen("error", "command_result", "std/operating_state")
    bench.spin(0.5)  # the last micrometres of homing
    q_before = np.array(bench.state.q)
    for kind, (topic, make, word) in BAD.items():
        heard["error"].clear()
        heard["command_result"].clear()
        bench.say(topic, make())
        assert bench.until(lambda w=word: any(w in m.data for m in heard["error"])), kind
        assert values(heard["command_result"][-1])["verdict"] == "refused", kind
        assert word in values(heard["command_result"][-1])["reason"], kind
        bench.spin(0.05)
        assert bench.state.operating_state == _core.OperatingState.ENABLED, kind
        assert bench.state.is_homed, kind
        still(bench.state.q, q_before)


# state, command, state after (dvrk_crtk.md, 1.2); FAULT has its own test.
TABLE = [
    ("DISABLED", "disable", "DISABLED"), ("DISABLED", "pause", "DISABLED"),
    ("DISABLED", "resume", "DISABLED"), ("DISABLED", "enable", "ENABLED"),
    ("ENABLED", "enable", "ENABLED"), ("ENABLED", "resume", "ENABLED"),
    ("ENABLED", "pause", "PAUSED"), ("PAUSED", "pause", "PAUSED"),
    ("PAUSED", "enable", "PAUSED"), ("PAUSED", "resume", "ENABLED"),
    ("ENABLED", "pause", "PAUSED"), ("PAUSED", "disable", "DISABLED"),
    ("DISABLED", "enable", "ENABLED"), ("ENABLED", "disable", "DISABLED"),
]  # fmt: skip


def test_the_operating_state_table_row_by_row(bench):
    heard = bench.listen("command_result", "std/operating_state")
    assert bench.until(lambda: heard["std/operating_state"])
    for before, word, after in TABLE:
        assert bench.state.operating_state.name == before
        heard["command_result"].clear()
        bench.say("std/state_command", String(data=word))
        assert bench.until(lambda: heard["command_result"]), (before, word)
        assert bench.until(lambda a=after: bench.state.operating_state.name == a), (before, word)
        bench.spin(0.05)
        assert bench.state.operating_state.name == after, (before, word)
    assert bench.until(lambda: heard["std/operating_state"][-1].status[0].message == "DISABLED")


def test_estop_latches_and_its_release_clears_only_the_cause(bench):
    bench.ready()
    heard = bench.listen("std/operating_state", "error", "command_result")

    def shown():
        return heard["std/operating_state"][-1].status[0]

    bench.say("/estop", Empty())
    assert bench.until(lambda: heard["std/operating_state"] and shown().message == "FAULT")
    assert values(shown())["fault"] == "estop"
    assert "emergency stop" in values(shown())["reason"]
    bench.say("std/state_command", String(data="enable"))
    assert bench.until(lambda: any("release" in m.message for m in heard["command_result"]))
    bench.say("std/state_command", String(data="disable"))
    bench.spin(0.2)
    bench.say("std/state_command", String(data="enable"))
    bench.spin(0.2)
    assert bench.state.operating_state.name in ("FAULT", "DISABLED")
    assert not bench.state.powered
    bench.say("/estop/release", Empty())
    bench.spin(0.2)
    assert bench.state.operating_state.name in ("FAULT", "DISABLED")  # the cause only
    bench.say("std/state_command", String(data="enable"))
    assert bench.until(lambda: bench.state.operating_state.name == "ENABLED")


def test_hold_stops_a_move(bench):
    bench.ready()
    bench.say("move_jp", joints([0.5, 0.3, 0.14, 0.0, 0.0, 0.0]))
    assert bench.until(lambda: bench.state.is_busy)
    bench.spin(0.2)
    bench.say("hold", Empty())
    assert bench.until(lambda: np.abs(bench.state.setpoint_qd).max() < 1e-4)
    assert bench.state.q[0] < 0.45
    assert bench.state.operating_state == _core.OperatingState.ENABLED


def test_active_source_is_latched_for_late_joiners(bench):
    bench.until(lambda: bench.state.tick > 10)
    heard = bench.listen("active_source", "std/operating_state")
    assert bench.until(lambda: heard["active_source"] and heard["std/operating_state"])
    assert heard["active_source"][-1].data == "crtk"


def test_nothing_under_truth_is_heard_and_the_table_is_what_there_is(bench):
    bench.spin(0.1)
    names = dict(bench.control_node.get_subscriber_names_and_types_by_node("control", "/"))
    assert not [n for n in names if n.startswith("/truth")]
    for row in SUBSCRIBED:
        assert row.path("PSM1") in names
    published = dict(bench.control_node.get_publisher_names_and_types_by_node("control", "/"))
    for row in PUBLISHED:
        assert row.path("PSM1") in published
        assert len(published[row.path("PSM1")]) == 1  # never two types on one name


def test_stamps_of_states_are_of_the_capture(bench):
    heard = bench.listen("measured_js")
    assert bench.until(lambda: len(heard["measured_js"]) > 20)
    stamp = heard["measured_js"][-1].header.stamp
    assert stamp != to_time(0)
    now_ns = bench.control.now_ns()
    assert abs(now_ns - stamp.sec * NS - stamp.nanosec) < 2 * NS


def test_operating_state_and_state_command_in_dvrk_types(bench):
    crtk_msgs = pytest.importorskip(
        "crtk_msgs.msg", reason="no crtk_msgs: make crtk-msgs builds it"
    )
    from trocar.control.nodes.topics import crtk_topics

    state_row, command_row = crtk_topics()
    heard = []
    publisher = bench.client.create_publisher(command_row.type, command_row.path("PSM1"), 10)
    bench.client.create_subscription(
        state_row.type, state_row.path("PSM1"), heard.append, state_row.qos
    )
    assert bench.until(lambda: heard and publisher.get_subscription_count() > 0)
    assert heard[-1].state == "DISABLED"
    for word, flag in (("enable", "ENABLED"), ("pause", "PAUSED"), ("disable", "DISABLED")):
        publisher.publish(crtk_msgs.StringStamped(string=word))
        assert bench.until(lambda f=flag: heard[-1].state == f)
    assert [m.is_homed for m in heard][-1] is False


def test_the_arm_stands_in_the_transform_tree(bench):
    tf2_msgs = pytest.importorskip("tf2_msgs.msg", reason="no tf2_msgs: make crtk-msgs builds it")
    from trocar.control.nodes.topics import EVENT, LATCHED

    moving, static = [], []
    bench.client.create_subscription(tf2_msgs.TFMessage, "/tf", moving.append, EVENT)
    bench.client.create_subscription(tf2_msgs.TFMessage, "/tf_static", static.append, LATCHED)
    assert bench.until(lambda: len(moving) > 3 and static)
    frames = [(t.header.frame_id, t.child_frame_id) for t in moving[-1].transforms]
    assert frames == [("endoscope_left", "PSM1"), ("endoscope_left", "PSM1_setpoint")]
    assert static[-1].transforms[0].child_frame_id == "PSM1_base"
