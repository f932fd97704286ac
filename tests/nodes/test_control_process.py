# SPDX-License-Identifier: Apache-2.0
"""The control process as the launcher starts it: its loop, its report, its end."""

import json
import os
import signal
import subprocess
import sys
import time

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
def test_it_runs_on_the_mock_and_ends_cleanly(start, number):
    from std_msgs.msg import String

    process = start(mock="true")
    process.line("loop joined")
    context = rclpy.Context()
    rclpy.init(context=context)
    executor = rclpy.executors.SingleThreadedExecutor(context=context)
    node = rclpy.create_node("client", context=context)
    executor.add_node(node)
    seen = []
    from diagnostic_msgs.msg import DiagnosticArray

    from trocar.control.nodes.topics import LATCHED

    node.create_subscription(
        DiagnosticArray, "/PSM1/std/operating_state", lambda m: seen.append(m.status[0]), LATCHED
    )
    words = node.create_publisher(String, "/PSM1/std/state_command", 10)
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end and not (seen and seen[-1].message == "ENABLED"):
        if words.get_subscription_count() > 0 and seen and seen[-1].message == "DISABLED":
            words.publish(String(data="enable"))
        executor.spin_once(timeout_sec=0.05)
    assert seen[-1].message == "ENABLED"
    node.destroy_node()
    rclpy.shutdown(context=context)
    assert process.end(number) == 0
    report = process.report()
    assert report["operating_state"] == "DISABLED"  # powered off before the end
    assert report["fault"] == "NONE"
    assert report["rates"]["/PSM1/measured_js"] > 50
    assert report["loop"]["ticks"] > 100
    assert isinstance(report["loop"]["realtime_priority"], bool)
    assert report["latency"]["image_to_setpoint_ms"]["n"] == 0


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
    ],
)
def test_bad_parameters_are_one_line_and_exit_2(start, parameters, words):
    process = start(**parameters)
    assert process.process.wait(TIMEOUT) == 2
    lines = [x for x in process.output.read_text().splitlines() if x.startswith("control:")]
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]
