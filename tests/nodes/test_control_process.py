# SPDX-License-Identifier: Apache-2.0
"""The control process as the launcher starts it: its loop, its report, its end."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="no rclpy: make setup installs the ROS 2 wheels")
pytestmark = pytest.mark.ros

TIMEOUT = 30.0  # s


class Process:
    """control_node with parameters; `line(word)` waits for a line with that word."""

    def __init__(self, folder, root, **parameters):
        self.folder = folder
        parameters = {"site": root / "launch/config/site.yaml", **parameters}
        arguments = [x for k, v in parameters.items() for x in ("-p", f"{k}:={v}")]
        self.output = folder / "output.txt"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "trocar.control.nodes.control_node",
                    "--ros-args",
                    *arguments,
                ],
                env={**os.environ, "TROCAR_RUN_DIR": str(folder), "PYTHONUNBUFFERED": "1"},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def line(self, word):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            lines = [x for x in self.output.read_text().splitlines() if word in x]
            if lines:
                return lines[0]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(f"no '{word}' in: {self.output.read_text()}")

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)

    def report(self):
        return json.loads((self.folder / "control.json").read_text())


@pytest.fixture
def start(tmp_path, root):
    started = []

    def start_one(**parameters):
        started.append(Process(tmp_path, root, **parameters))
        return started[-1]

    yield start_one
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_runs_on_the_mock_and_ends_cleanly(start, client, number):
    from std_msgs.msg import String

    process = start(mock="true")
    process.line("loop joined")
    assert client.until(lambda: client.states[-1] == "DISABLED")
    client.say("/PSM1/std/state_command", String(data="enable"))
    assert client.until(lambda: client.states[-1] == "ENABLED")
    assert process.end(number) == 0
    report = process.report()
    assert report["operating_state"] == "DISABLED"  # powered off before the end
    assert report["fault"] == "NONE"
    assert report["rates"]["/PSM1/measured_js"] > 0
    assert report["loop"]["ticks"] > 10
    assert isinstance(report["loop"]["realtime_priority"], bool)
    assert report["latency"]["image_to_setpoint_ms"]["n"] == 0


class Cell:
    """A cell whose arm does not move, in a thread: enough for the seam and the emergency stop."""

    def __init__(self):
        from trocar import _core
        from trocar.process import segment_name

        self.name = segment_name()
        self.segment = _core.Segment(self.name)
        self.port = _core.PlantPort(self.name, 0)
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        q = np.array([0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0])
        while not self._end.wait(0.001):
            self.port.exchange(q, np.zeros(7), np.zeros(7), time.time_ns())

    def close(self):
        self._end.set()
        self._thread.join()
        self.segment.close()


class Client:
    """A node that says words and remembers the operating state."""

    def __init__(self):
        from diagnostic_msgs.msg import DiagnosticArray

        from trocar.control.nodes.topics import LATCHED

        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = rclpy.create_node("client", context=self.context)
        self.executor = rclpy.executors.SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.states = [""]
        self.is_powered = False
        self.node.create_subscription(
            DiagnosticArray,
            "/PSM1/std/operating_state",
            self._take,
            LATCHED,
        )

    def _take(self, message):
        values = {v.key: v.value for v in message.status[0].values}
        self.states.append(message.status[0].message)
        self.is_powered = values["powered"] == "true"

    def until(self, condition):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end and not condition():
            self.executor.spin_once(timeout_sec=0.05)
        return condition()

    def say(self, topic, message):
        publisher = self.node.create_publisher(type(message), topic, 10)
        assert self.until(lambda: publisher.get_subscription_count() > 0)
        publisher.publish(message)

    def close(self):
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@pytest.fixture
def client():
    running = Client()
    yield running
    running.close()


def test_it_joins_a_cell_that_comes_later_and_shares_its_emergency_stop(start, client):
    from std_msgs.msg import Empty, String

    from trocar import estop

    process = start()
    process.line("waiting for the cell")
    cell = Cell()
    try:
        process.line("loop joined")
        assert client.until(lambda: client.states[-1] == "DISABLED")
        client.say("/PSM1/std/state_command", String(data="enable"))
        assert client.until(lambda: client.states[-1] == "ENABLED")
        client.say("/estop", Empty())
        assert client.until(lambda: client.states[-1] == "FAULT" and not client.is_powered)
        assert estop.is_pressed(cell.name)
        estop.release(cell.name)  # as `trocar stop --release`: without ROS, and enough
        client.say("/PSM1/std/state_command", String(data="enable"))
        assert client.until(lambda: client.states[-1] == "ENABLED")
        estop.press(cell.name)
        assert client.until(lambda: client.states[-1] == "FAULT")
        client.say("/estop/release", Empty())
        assert client.until(lambda: not estop.is_pressed(cell.name))
        assert process.end() == 0
    finally:
        cell.close()
    assert process.report()["loop"]["ticks"] > 10


def test_the_death_of_the_launcher_stops_it(start, root, tmp_path):
    launcher = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    os.environ["TROCAR_LAUNCHER_PID"] = str(launcher.pid)
    try:
        process = start(mock="true")
    finally:
        del os.environ["TROCAR_LAUNCHER_PID"]
    process.line("loop joined")
    launcher.kill()
    launcher.wait()
    assert process.process.wait(TIMEOUT) == 0
    assert process.report()["operating_state"] == "DISABLED"


def test_without_a_cell_it_says_what_it_waits_for_and_still_ends(start):
    process = start()
    assert "waiting for the cell" in process.line("waiting")
    assert process.end() == 0


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"autostart": "dance"}, ["'dance'", "none, follow"]),
        ({"arm": "PSM9"}, ["'PSM9'", "PSM1"]),
        ({"site": "/nowhere.yaml"}, ["/nowhere.yaml"]),
        ({"fps": "0.0"}, ["fps", "1 .. 120"]),
        ({"dynamics_file": "/nowhere/d.yaml"}, ["dynamics file /nowhere/d.yaml", "existing file"]),
    ],
)
def test_bad_parameters_are_one_line_and_exit_2(start, parameters, words):
    process = start(**parameters)
    assert process.process.wait(TIMEOUT) == 2
    lines = [x for x in process.output.read_text().splitlines() if x.startswith("control:")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]
