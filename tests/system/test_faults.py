# SPDX-License-Identifier: Apache-2.0
"""Faults of a running system, by command and by schedule: what the others do while one is stopped.

The catalogue's sentence on `process_pause` is held to account with real processes and real DDS.
"""

import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: make setup")

from trocar.app.cli import main

from .client import Client

pytestmark = [pytest.mark.ros, pytest.mark.timeout(300)]
PAUSE_S = 0.6
# A tip at 30 mm/s whose torque is held for 2 ms, damped, and braked after 30 ms; the launcher looks
# for requests every 50 ms, and the truth is sampled at 15 Hz: 0.15 s of its speed.
DISTANCE_MAX = 0.010  # m


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


def test_a_paused_controller_is_braked_by_the_plant_and_says_so_when_it_wakes(
    start: Any, nothing_is_left: Callable[[], None], client: Client
) -> None:
    run = start("launch", "trocar.launch.xml", "port:=18180", "truth:=true")
    run.wait_for("loop joined")
    client.home_and_move()
    paused = time.monotonic()
    assert main(["fault", "process_pause", "process=control", f"for={PAUSE_S}"]) == 0
    client.wait(lambda: time.monotonic() > paused + PAUSE_S, "the end of the pause")
    client.wait(lambda: client.state == "FAULT", "the arm to say that it was stopped")
    travelled = client.travelled_since(paused)
    assert travelled is not None and travelled <= DISTANCE_MAX
    client.be_still()
    client.enable()  # its cause is gone: it is acknowledged
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 0, run.output
    assert "[launch] fault: control" in run.output
    nothing_is_left()


def test_paused_perception_falls_silent_and_goes_on_by_itself(
    start: Any, nothing_is_left: Callable[[], None], client: Client
) -> None:
    """What control makes of the silence is tested in lockstep (tests/app/test_fault_follow.py)."""
    run = start("launch", "trocar.launch.xml", "port:=18180", "truth:=true")
    client.wait(lambda: len(client.targets) >= 3, "a target")
    paused = time.monotonic()
    assert main(["fault", "process_pause", "process=perception", "for=2"]) == 0
    client.wait(lambda: client.targets[-1] > paused + 2.0, "perception to go on")
    gaps = np.diff([t for t in client.targets if t > paused - 2.0])
    assert gaps.max() > 1.5  # stopped for 2 s, from the launcher's next look on
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 0, run.output
    assert "[launch] fault: perception" in run.output
    nothing_is_left()


def test_a_schedule_reaches_every_process_in_time(
    start: Any, nothing_is_left: Callable[[], None], client: Client
) -> None:
    faults = "blackout:at=2,for=1; process_pause:at=3,process=console,for=0.2; cable_slip:at=3"
    run = start("launch", "trocar.launch.xml", "port:=18180", "truth:=true", f"faults:={faults}")
    run.wait_for("[launch] fault: console")
    assert main(["fault", "--active"]) == 0
    assert main(["fault", "--clear"]) == 0
    run.process.send_signal(signal.SIGINT)
    assert run.finish() == 0, run.output
    nothing_is_left()
