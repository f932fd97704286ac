# SPDX-License-Identifier: Apache-2.0
"""The whole system as a person starts it: `trocar run --headless`, five processes over real DDS."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from trocar.process import segment_name

pytestmark = [pytest.mark.ros, pytest.mark.timeout(180)]
pytest.importorskip("rclpy", reason="rclpy is not installed: make setup")

PROCESSES = ("sim", "render", "perception", "control", "console")
START_PATIENCE = 60.0  # s until the console must have said its address
END_PATIENCE = 30.0
RUN_S = 15.0


class Run:
    """One `trocar run` and what it says."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "trocar.app.cli", "run", "--headless", "--port", "18180"]
        self.process = subprocess.Popen(
            [*command, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.output = ""

    def wait_for(self, text: str) -> None:
        assert self.process.stdout is not None
        deadline = time.monotonic() + START_PATIENCE
        while text not in self.output:
            line = self.process.stdout.readline()
            assert line, f"ended before it said {text!r}:\n{self.output}"
            assert time.monotonic() < deadline, f"never said {text!r}:\n{self.output}"
            self.output += line

    def finish(self, patience: float = END_PATIENCE) -> int:
        rest, _ = self.process.communicate(timeout=patience)
        self.output += rest
        return self.process.returncode


def nodes_alive() -> list[str]:
    """Command lines of node processes of this session's domain."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        domain = f"ROS_DOMAIN_ID={os.environ['ROS_DOMAIN_ID']}".encode()
        if "_node" in command and "--ros-args" in command and domain in environment:
            found.append(command)
    return found


def assert_nothing_is_left() -> None:
    deadline = time.monotonic() + END_PATIENCE
    while nodes_alive() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert nodes_alive() == []
    left = [p.name for p in Path("/dev/shm").glob("trocar.*")]
    assert [n for n in left if n == segment_name() or n.startswith(segment_name() + ".")] == []


@pytest.fixture(autouse=True)
def nothing_survives_a_failure() -> Iterator[None]:
    yield
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        domain = f"ROS_DOMAIN_ID={os.environ['ROS_DOMAIN_ID']}".encode()
        if domain in environment and b"_node" in command and b"--ros-args" in command:
            os.kill(int(folder.name), signal.SIGKILL)


def test_run_closes_the_loop_reports_and_ends_clean(tmp_path: Path) -> None:
    path = tmp_path / "run.json"
    run = Run("--duration", str(RUN_S), "--json", str(path))
    assert run.finish(RUN_S + START_PATIENCE + END_PATIENCE) == 0, run.output
    assert "autostart:=follow" in run.output and "http://127.0.0.1:18180" in run.output
    report = json.loads(path.read_text())
    assert report["exit"] == "clean"
    assert sorted(report["processes"]) == sorted(PROCESSES)
    # Pixels reached the set-point: images, both estimates, the arm, and commands made of them.
    for topic in ("/endoscope/left/image_raw", "/tissue/target", "/PSM1/visual/correction"):
        assert report["rates"][topic] > 0.0
    assert report["rates"]["/PSM1/measured_js"] > 0.0
    assert report["latency"]["image_to_setpoint_ms"]["n"] > 0, run.output
    assert report["loop"]["ticks"] > 0 and report["realtime_factor"] > 0.0
    assert report["processes"]["control"]["fault"] == "NONE"
    assert {goal["id"].rpartition(".")[0] for goal in report["goals"]} == {"run.realtime"}
    assert_nothing_is_left()


def test_interrupt_ends_all_with_zero_and_a_restart_works() -> None:
    for _ in range(2):
        run = Run()
        run.wait_for("the console is at")
        run.process.send_signal(signal.SIGINT)
        assert run.finish() == 0, run.output
        assert "clean" in run.output
        assert_nothing_is_left()


def test_second_cell_in_a_domain_is_refused_and_the_first_goes_on() -> None:
    first = Run()
    first.wait_for("the console is at")
    second = Run("--port", "18190")
    assert second.finish(START_PATIENCE) != 0
    assert first.process.poll() is None, first.output
    first.process.send_signal(signal.SIGINT)
    assert first.finish() == 0, first.output
    assert_nothing_is_left()
