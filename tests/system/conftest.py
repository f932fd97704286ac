# SPDX-License-Identifier: Apache-2.0
"""Starting the real system from a test, and proof that nothing of it is left."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trocar.process import segment_name

START_PATIENCE = 60.0  # s until something must have been said
END_PATIENCE = 30.0
DISTANCES: dict[str, str] = {}


class Run:
    """One `trocar COMMAND` and what it says."""

    def __init__(self, *words: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "trocar.app.cli", *words],
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


def nodes_of_this_session() -> dict[str, int]:
    """Executable -> process id of the nodes that run in this session's ROS domain."""
    found = {}
    domain = f"ROS_DOMAIN_ID={os.environ['ROS_DOMAIN_ID']}".encode()
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode().split("\0")
            if domain not in (folder / "environ").read_bytes().split(b"\0"):
                continue
        except (OSError, UnicodeDecodeError):
            continue
        for word in words[:4]:
            if "--ros-args" in words and word.rpartition("/")[2].rpartition(".")[2].endswith(
                "_node"
            ):
                found[word.rpartition("/")[2].rpartition(".")[2]] = int(folder.name)
    return found


def check_nothing_is_left() -> None:
    deadline = time.monotonic() + END_PATIENCE
    while nodes_of_this_session() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert nodes_of_this_session() == {}
    name = segment_name()
    left = [p.name for p in Path("/dev/shm").glob("trocar.*")]
    assert [n for n in left if n == name or n.startswith(name + ".")] == []


@pytest.fixture
def start() -> Iterator[Callable[..., Run]]:
    """Starts `trocar` with the words given; what a failed test leaves is killed."""
    runs = []

    def begin(*words: str) -> Run:
        runs.append(Run(*words))
        return runs[-1]

    yield begin
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()
    for pid in nodes_of_this_session().values():
        os.kill(pid, signal.SIGKILL)


@pytest.fixture
def nodes() -> Callable[[], dict[str, int]]:
    return nodes_of_this_session


@pytest.fixture
def nothing_is_left() -> Callable[[], None]:
    return check_nothing_is_left


@pytest.fixture
def distances() -> dict[str, str]:
    """What is put here is printed at the end of the session."""
    return DISTANCES


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if DISTANCES:
        terminalreporter.section("distance travelled by the control point after kill -9")
        for name, text in DISTANCES.items():
            terminalreporter.write_line(f"{name:12} {text}")
