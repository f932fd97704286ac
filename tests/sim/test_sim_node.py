# SPDX-License-Identifier: Apache-2.0
"""The cell's real process: real shared memory, real DDS, real signals."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from trocar import _core
from trocar.errors import SharedMemoryError
from trocar.geometry import inverse, matrix_from_quat_xyzw
from trocar.sim.cell import plant_gravity_base
from trocar.sim.scene import load_scene
from trocar.sim.truth import WORK_POINT, Truth

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

PATIENCE_S = 60.0  # until anything that must happen has happened; never a measure


@pytest.fixture
def domain():
    """A domain of this test's own, left without shared memory."""
    number = 1 + (os.getpid() * 7 + time.monotonic_ns() // 10**6) % 100
    yield str(number)
    for name in (f"trocar.{number}", f"trocar.{number}.cell"):
        (_core.Segment if name.count(".") == 1 else _core.Snapshot).remove(name)


@pytest.fixture
def start(domain, tmp_path):
    """A function that starts a sim process; all are ended at the end."""
    started = []

    def run(*parameters, **environment):
        arguments = [a for p in parameters for a in ("-p", p)]
        process = subprocess.Popen(
            [sys.executable, "-m", "trocar.sim.nodes.sim_node", "--ros-args", *arguments],
            env={**os.environ, "ROS_DOMAIN_ID": domain, "TROCAR_RUN_DIR": str(tmp_path)}
            | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE_S:g} s for {what}")


def snapshot_of(domain):
    """The running cell's snapshot memory, once it has been written."""

    def opened():
        try:
            snapshot = _core.Snapshot(f"trocar.{domain}.cell", load_scene().layout.size, False)
        except SharedMemoryError:
            return None
        return snapshot if snapshot.read()[2] else None

    return wait_for(opened, "the first snapshot")


def segments(domain):
    return sorted(p.name for p in Path("/dev/shm").glob(f"trocar.{domain}*"))


def end(process, number=signal.SIGINT):
    process.send_signal(number)
    out, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, out, error


def test_runs_for_its_duration_and_leaves_nothing_behind(start, domain, tmp_path):
    process = start("duration:=1.5", "seed:=3")
    _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, error
    report = json.loads((tmp_path / "sim.json").read_text())
    assert report["ticks"] == 1500  # late or not, no step is dropped
    assert 0.0 < report["realtime_factor"] <= 1.0 and report["cpu_s"] > 0.0
    assert report["ended"] == "duration" and report["overruns"] >= 0
    assert report["seam"]["ticks"] == 1500
    assert segments(domain) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_cleanly(start, domain, number):
    process = start()
    snapshot_of(domain).close()
    code, _, error = end(process, number)
    assert code == 0, error
    assert segments(domain) == []


def test_a_dead_launcher_ends_it(start, domain, tmp_path):
    launcher = subprocess.Popen(["sleep", "1000"])
    process = start(TROCAR_LAUNCHER_PID=str(launcher.pid))
    snapshot_of(domain).close()
    launcher.kill()
    launcher.wait()
    process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0
    assert json.loads((tmp_path / "sim.json").read_text())["ended"] == "launcher died"
    assert segments(domain) == []


def test_a_second_cell_in_the_domain_is_refused_in_one_line(start, domain):
    first = start()
    snapshot = snapshot_of(domain)
    second = start()
    _, error = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 2
    lines = [line for line in error.splitlines() if line]
    assert len(lines) == 1 and f"trocar.{domain}" in lines[0]
    before = snapshot.read()[2]
    wait_for(lambda: snapshot.read()[2] > before, "the first cell to go on")
    snapshot.close()
    assert end(first)[0] == 0


def test_a_killed_cell_is_replaced(start, domain):
    first = start()
    snapshot_of(domain).close()
    first.kill()
    first.communicate()
    assert segments(domain) != []  # nobody was there to tidy up
    second = start("duration:=0.5")
    _, error = second.communicate(timeout=PATIENCE_S)
    assert second.returncode == 0, error
    assert segments(domain) == []


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("scene:=folow", "unknown scene 'folow'; scenes: "),
        ("site:=/no/such/file.yaml", "site file /no/such/file.yaml: No such file"),
        ("seed:=many", "parameter seed is 'many'; give a int"),
    ],
)
def test_a_bad_parameter_is_one_line_and_exit_2(start, domain, parameter, said):
    process = start(parameter)
    _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    lines = [line for line in error.splitlines() if line]
    assert len(lines) == 1 and said in lines[0]
    assert segments(domain) == []


def test_snapshots_are_stamped_with_system_time(start, domain):
    process = start()
    snapshot = snapshot_of(domain)
    (first, first_ns, _), now_ns = snapshot.read(), time.time_ns()
    assert abs(now_ns - first_ns) < PATIENCE_S * 1e9  # the same clock, however late
    wait_for(lambda: snapshot.read()[1] > first_ns + 10**8, "0.1 s of simulation")
    later, later_ns, _ = snapshot.read()
    assert (later_ns - first_ns) * 1e-9 == pytest.approx(later[0] - first[0], abs=1e-9)
    assert (later_ns - first_ns) % (4 * _core.TICK_NS) == 0
    snapshot.close()
    end(process)


def test_a_loop_in_another_process_drives_the_arm(start, domain):
    process = start("seed:=1")
    snapshot = snapshot_of(domain)
    config = _core.ArmConfig()
    dynamics = _core.DynamicParameters()
    dynamics.gravity_base = plant_gravity_base(load_scene())
    config.dynamics = dynamics
    arm = _core.Arm(config)
    loop = _core.ArmLoop(arm, f"trocar.{domain}", 0)
    loop.start()
    try:
        wait_for(lambda: arm.state().tick > 10, "the first ticks")
        arm.state_command(_core.StateCommand.ENABLE)
        enabled = _core.OperatingState.ENABLED
        wait_for(lambda: arm.state().operating_state == enabled, "ENABLED")
        arm.state_command(_core.StateCommand.HOME)
        wait_for(lambda: arm.state().is_homed and not arm.state().is_busy, "homed")
        true_q = load_scene().layout.from_vector(snapshot.read()[0]).q["PSM1"]
        bias = load_scene().realise(1).joint_bias["PSM1"]
        np.testing.assert_allclose(true_q + bias, config.home_q, atol=0.01)
    finally:
        loop.stop()
    snapshot.close()
    assert end(process)[0] == 0


@pytest.fixture
def listener(domain):
    from rclpy.executors import SingleThreadedExecutor

    context = rclpy.Context()
    rclpy.init(context=context, domain_id=int(domain))
    executor = SingleThreadedExecutor(context=context)
    node = rclpy.create_node("listener", context=context)
    executor.add_node(node)
    node.wait_for = lambda condition, what: wait_for(
        lambda: executor.spin_once(timeout_sec=0.02) or condition(), what
    )
    yield node
    node.destroy_node()
    executor.shutdown()
    rclpy.shutdown(context=context)


def test_the_second_instrument_comes_when_called(start, domain, listener):
    from std_msgs.msg import Empty

    process = start()
    snapshot = snapshot_of(domain)
    assert load_scene().layout.from_vector(snapshot.read()[0]).passing is None
    publisher = listener.create_publisher(Empty, "/sim/second_instrument", 1)
    listener.wait_for(lambda: publisher.get_subscription_count() > 0, "the subscription")
    publisher.publish(Empty())
    shown = lambda: load_scene().layout.from_vector(snapshot.read()[0]).passing  # noqa: E731
    listener.wait_for(shown, "the second instrument")
    assert not any(name.startswith("/truth") for name, _ in listener.get_topic_names_and_types())
    snapshot.close()
    assert end(process)[0] == 0


def test_truth_and_diagnostics_are_published(start, domain, listener):
    from diagnostic_msgs.msg import DiagnosticArray
    from geometry_msgs.msg import PoseStamped
    from rclpy.qos import qos_profile_sensor_data

    got = {}
    for topic in ("/truth/PSM1/measured_cp", "/truth/target"):
        listener.create_subscription(
            PoseStamped, topic, lambda m, t=topic: got.update({t: m}), qos_profile_sensor_data
        )
    listener.create_subscription(
        DiagnosticArray, "/diagnostics", lambda m: got.update(diagnostics=m), 10
    )
    process = start("truth:=true", "seed:=2")
    snapshot = snapshot_of(domain)
    listener.wait_for(lambda: len(got) == 3, "truth and diagnostics")
    values, stamp_ns, _ = snapshot.read()
    here = load_scene().layout.from_vector(values)
    truth = Truth(load_scene(), 2)
    tool = got["/truth/PSM1/measured_cp"]
    expected = truth.T_camera_control_point(here)  # no controller: the arm stands on its brakes
    assert tool.header.frame_id == "endoscope_left"
    np.testing.assert_allclose(_position(tool), expected[:3, 3], atol=1e-6)
    q = tool.pose.orientation
    np.testing.assert_allclose(
        matrix_from_quat_xyzw([q.x, q.y, q.z, q.w]), expected[:3, :3], atol=1e-6
    )
    target = got["/truth/target"]
    target_ns = target.header.stamp.sec * 10**9 + target.header.stamp.nanosec
    t = here.time_s - (stamp_ns - target_ns) * 1e-9
    p_world = truth.tissue.point(WORK_POINT, t)
    p_camera = (inverse(load_scene().T_world_camera) @ np.append(p_world, 1.0))[:3]
    np.testing.assert_allclose(_position(target), p_camera, atol=1e-9)
    (status,) = got["diagnostics"].status
    assert status.name == "sim: cell" and {v.key for v in status.values} >= {"overruns", "missed"}
    snapshot.close()
    assert end(process)[0] == 0


def _position(message):
    p = message.pose.position
    return [p.x, p.y, p.z]
