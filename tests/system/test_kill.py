# SPDX-License-Identifier: Apache-2.0
"""`kill -9` of any one process while the arm moves: a safe stop, a clear message, a clean end.

The arm follows a CRTK stream, so that the motion does not depend on how fast this machine draws.
How far the control point still went is measured by the simulator's truth and printed.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="rclpy is not installed: make setup")

from .client import Client

pytestmark = [pytest.mark.ros, pytest.mark.timeout(240)]
# A tip at 30 mm/s that is held, or braked within 30 ms, is still within a few mm; the rest is
# the time until the launcher has noticed and control has come to its controlled stop.
DISTANCE_MAX = 0.020  # m


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client()
    yield client
    client.close()


@pytest.mark.parametrize("name", ["control", "perception", "render", "console", "sim", "launcher"])
def test_kill_during_motion_stops_the_arm_and_ends_all(
    name: str,
    start: Any,
    nodes: Callable[[], dict[str, int]],
    nothing_is_left: Callable[[], None],
    client: Client,
    distances: dict[str, str],
) -> None:
    run = start("launch", "trocar.launch.xml", "port:=18180", "truth:=true")
    run.wait_for("loop joined")
    client.home_and_move()
    pid = run.process.pid if name == "launcher" else nodes()[f"{name}_node"]
    killed = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    code = run.finish()
    nothing_is_left()
    if name == "launcher":
        assert code == -signal.SIGKILL
    else:
        assert code == 128 + signal.SIGKILL
        line = next(line for line in run.output.splitlines() if "SIGKILL" in line)
        assert name in line and str(pid) in line, "the message must name the process"
    travelled = client.travelled_since(killed)
    if travelled is None:
        assert name == "sim", "no truth after the kill although the simulator lived"
        distances[name] = "the plant itself is gone"
        return
    distances[name] = f"{travelled * 1e3:.2f} mm"
    assert travelled <= DISTANCE_MAX
