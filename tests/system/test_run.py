# SPDX-License-Identifier: Apache-2.0
"""The whole system as a person starts it: `trocar run --headless`, five processes over real DDS."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from trocar import _core

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]
pytest.importorskip("rclpy", reason="rclpy is not installed: make setup")

STARVED = re.escape(_core.describe(_core.Fault.MISSED_DEADLINE))

PROCESSES = ("sim", "render", "perception", "control", "console")
RUN_S = 15.0
HEADLESS = ("run", "--headless", "--port", "18180")


def test_run_closes_the_loop_reports_and_ends_clean(
    start: Any, nothing_is_left: Callable[[], None], tmp_path: Path
) -> None:
    path = tmp_path / "run.json"
    run = start(*HEADLESS, "--duration", str(RUN_S), "--json", str(path))
    assert run.finish(RUN_S + 90.0) == 0, run.output
    assert "autostart:=follow" in run.output and "http://127.0.0.1:18180" in run.output
    report = json.loads(path.read_text())
    assert report["exit"] == "clean"
    assert sorted(report["processes"]) == sorted(PROCESSES)
    # Pixels reached the set-point: images, both estimates, the arm, and commands made of them.
    for topic in ("/endoscope/left/image_raw", "/tissue/target", "/PSM1/visual/correction"):
        assert report["rates"].get(topic, 0.0) > 0.0, f"{topic}\n{run.output}"
    assert report["rates"]["/PSM1/measured_js"] > 0.0
    assert report["latency"]["image_to_setpoint_ms"]["n"] > 0, run.output
    assert report["loop"]["ticks"] > 0 and report["realtime_factor"] > 0.0
    assert report["processes"]["control"]["fault"] == "NONE"
    assert {goal["id"].rpartition(".")[0] for goal in report["goals"]} == {"run.realtime"}
    nothing_is_left()


def test_interrupt_ends_all_with_zero_and_a_restart_works(
    start: Any, nothing_is_left: Callable[[], None]
) -> None:
    for _ in range(2):
        run = start(*HEADLESS)
        run.wait_for("the console is at")
        run.process.send_signal(signal.SIGINT)
        assert run.finish() == 0, run.output
        # Where the machine gave the loop no time, the plant had braked the arm before we asked.
        assert re.search(f"ended; arm (DISABLED|FAULT: {STARVED})\n", run.output), run.output
        assert "clean" in run.output
        nothing_is_left()


def test_second_cell_in_a_domain_is_refused_and_the_first_goes_on(
    start: Any, nothing_is_left: Callable[[], None]
) -> None:
    first = start(*HEADLESS)
    first.wait_for("the console is at")
    second = start("run", "--headless", "--port", "18190")
    assert second.finish() == 1
    assert "in use by process" in second.output and "ROS_DOMAIN_ID" in second.output
    assert first.process.poll() is None, first.output
    first.process.send_signal(signal.SIGINT)
    assert first.finish() == 0, first.output
    nothing_is_left()


def test_stop_from_another_terminal_reaches_the_arm_and_stays(start: Any) -> None:
    run = start("launch", "trocar.launch.xml", "port:=18180")
    run.wait_for("loop joined")
    for words, said in ((["stop"], "pressed"), (["stop", "--release"], "released")):
        command = start(*words)
        assert command.finish() == 0 and said in command.output
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 0, run.output
