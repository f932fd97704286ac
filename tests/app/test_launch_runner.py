# SPDX-License-Identifier: Apache-2.0
"""The launcher against processes that behave, die, dawdle and refuse; real signals throughout."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from trocar.app import launch_runner
from trocar.app.libexec import MODULES
from trocar.errors import SharedMemoryError
from trocar.process import is_alive, segment_name
from trocar.sim.faults.port import ask

DRIVER = """
import sys
from pathlib import Path
import trocar.app.child
trocar.app.child.find_executable = lambda name: Path({folder!r}) / name
from trocar.app.cli import main
sys.exit(main(["launch", "trocar.launch.xml", "port:=18080"]))
"""
PATIENCE = 20.0  # s that a test waits for an event before it fails


def wait_until(condition: Callable[[], bool], what: str, log: Path | None = None) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        so_far = log.read_text() if log is not None and log.is_file() else ""
        assert time.monotonic() < deadline, f"still waiting for {what}\n{so_far}"
        time.sleep(0.02)


@dataclass
class Fakes:
    """A launcher over fake nodes."""

    folder: Path
    behaviours: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[str] | None = None

    def events(self) -> list[list[str]]:
        log = self.folder / "log"
        return [line.split() for line in log.read_text().splitlines()] if log.is_file() else []

    def count(self, event: str) -> int:
        return sum(words[2].startswith(event) for words in self.events())

    def pids(self) -> list[int]:
        return [int(words[3]) for words in self.events() if words[2] == "started"]

    def start(self, **behaviours: str) -> None:
        environment = {f"FAKE_{k.upper()}": v for k, v in behaviours.items()}
        self.process = subprocess.Popen(
            [sys.executable, "-c", DRIVER.format(folder=str(self.folder))],
            env={**os.environ, **environment, "FAKE_LOG": str(self.folder / "log")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        wait_until(lambda: self.count("started") == len(MODULES), "every node to start")

    def finish(self) -> tuple[int, str]:
        assert self.process is not None
        output, _ = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, output

    def interrupt(self, number: int = signal.SIGINT) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(number)
        return self.finish()

    def assert_nothing_is_left(self) -> None:
        wait_until(lambda: not any(is_alive(pid) for pid in self.pids()), "every node to end")
        assert not Path("/dev/shm", segment_name()).exists()


@pytest.fixture
def fakes(tmp_path: Path) -> Iterator[Fakes]:
    source = (Path(__file__).parent / "fake_node.py").read_text()
    for name in MODULES:
        path = tmp_path / name
        path.write_text(f"#!{sys.executable}\n{source}")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    fakes = Fakes(tmp_path)
    yield fakes
    if fakes.process is not None and fakes.process.poll() is None:
        fakes.process.kill()
        fakes.process.wait()
    for pid in fakes.pids():
        if is_alive(pid):
            os.kill(pid, signal.SIGKILL)
    Path("/dev/shm", segment_name()).unlink(missing_ok=True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupt_ends_all_control_first_and_exits_zero(fakes: Fakes, number: int) -> None:
    fakes.start(control_node="slow:0.4")
    code, output = fakes.interrupt(number)
    assert code == 0, output
    times = {(words[1], words[2].split("-")[0]): int(words[0]) for words in fakes.events()}
    for name in MODULES:
        assert f"[{name.removesuffix('_node')}] {name} says hello" in output
        if name != "control_node":
            assert times["control_node", "ended"] <= times[name, "stopping"], "not control first"
    assert fakes.count("stopping-SIGINT") == len(MODULES)
    fakes.assert_nothing_is_left()


def state_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def pid_of(fakes: Fakes, name: str) -> int:
    return next(int(w[3]) for w in fakes.events() if w[1] == name and w[2] == "started")


def test_a_pause_stops_one_process_for_its_time_and_no_other(fakes: Fakes) -> None:
    fakes.start()
    pid, other = pid_of(fakes, "perception_node"), pid_of(fakes, "control_node")
    taken, text = ask("launch", {"fault": "process_pause:process=perception,for=0.4"})
    assert taken, text
    wait_until(lambda: state_of(pid) == "T", "perception to be stopped")
    assert state_of(other) != "T"
    wait_until(lambda: state_of(pid) != "T", "perception to go on")
    assert ask("launch", {"fault": "process_pause:process=render,for=30"})[0]
    code, output = fakes.interrupt()  # render may still be stopped: it ends as well
    assert code == 0, output
    assert f"[launch] fault: perception (pid {pid}) stopped for 0.4 s" in output
    fakes.assert_nothing_is_left()


def test_a_stopped_process_ends_in_order_and_quickly(fakes: Fakes) -> None:
    fakes.start()
    pid = pid_of(fakes, "control_node")
    assert ask("launch", {"fault": "process_pause:process=control,for=60"})[0]
    wait_until(lambda: state_of(pid) == "T", "control to be stopped")
    code, output = fakes.interrupt()
    assert code == 0, output
    assert fakes.count("stopping-SIGINT") == len(MODULES)
    fakes.assert_nothing_is_left()


def test_a_stopped_process_goes_on_and_ends_where_its_launcher_is_killed(fakes: Fakes) -> None:
    fakes.start()
    pid = pid_of(fakes, "control_node")
    assert ask("launch", {"fault": "process_pause:process=control,for=1"})[0]
    wait_until(lambda: state_of(pid) == "T", "control to be stopped")
    fakes.interrupt(signal.SIGKILL)
    fakes.assert_nothing_is_left()


def test_only_running_children_can_be_paused(fakes: Fakes) -> None:
    fakes.start()
    taken, text = ask("launch", {"fault": "blackout"})
    assert not taken and "blackout is served by render, not launch" in text
    code, output = fakes.interrupt()
    assert code == 0, output
    with pytest.raises(SharedMemoryError, match="no launch process listens"):
        ask("launch", {"list": 1})


def test_second_interrupt_changes_nothing(fakes: Fakes) -> None:
    fakes.start(control_node="slow:1.0")
    assert fakes.process is not None
    fakes.process.send_signal(signal.SIGINT)
    wait_until(lambda: fakes.count("stopping") >= 1, "control to stop")
    code, output = fakes.interrupt()
    assert code == 0, output
    assert fakes.count("ended") == len(MODULES)
    fakes.assert_nothing_is_left()


def test_a_process_that_ignores_signals_is_killed_and_named(fakes: Fakes) -> None:
    fakes.start(perception_node="stubborn")
    code, output = fakes.interrupt()
    assert code == 1
    assert "perception was killed by SIGKILL" in output
    fakes.assert_nothing_is_left()


def test_a_process_that_hangs_at_its_end_says_where_and_is_killed(fakes: Fakes) -> None:
    fakes.start(perception_node="slow:60")
    code, output = fakes.interrupt()
    assert code == 1
    assert "perception was killed by SIGKILL" in output
    where = [line for line in output.splitlines() if line.startswith("[perception]")]
    assert any("most recent call first" in line for line in where), output
    assert any("perception_node" in line and "line" in line for line in where), output
    fakes.assert_nothing_is_left()


def test_the_time_to_end_is_bounded() -> None:
    steps = ("OTHERS_AT", "TERM_AT", "KILL_AT", "GIVE_UP_AT")
    times = [getattr(launch_runner, name) for name in steps]
    assert times == sorted(times) and times[-1] < 5.0


def test_children_of_a_process_end_with_it(fakes: Fakes) -> None:
    fakes.start(console_node="parent")
    child = next(int(w[2].split("=")[1]) for w in fakes.events() if w[2].startswith("child="))
    assert is_alive(child)
    fakes.interrupt()
    wait_until(lambda: not is_alive(child), "the grandchild to end")


@pytest.mark.parametrize("name", sorted(MODULES))
def test_kill_of_any_process_ends_all_with_a_clear_message(fakes: Fakes, name: str) -> None:
    fakes.start()
    pid = next(int(words[3]) for words in fakes.events() if words[1:3] == [name, "started"])
    os.kill(pid, signal.SIGKILL)
    code, output = fakes.finish()
    assert code == 128 + signal.SIGKILL
    line = next(line for line in output.splitlines() if "SIGKILL" in line)
    assert name.removesuffix("_node") in line and str(pid) in line and "ending everything" in line
    assert launch_runner.CONSEQUENCE[name] in line
    fakes.assert_nothing_is_left()


def test_a_process_that_ends_by_itself_ends_all_with_its_code(fakes: Fakes) -> None:
    fakes.start(render_node="die:0.5:3")
    code, output = fakes.finish()
    assert code == 3
    assert "ended with exit code 3" in output
    fakes.assert_nothing_is_left()


def test_children_end_by_themselves_when_the_launcher_is_killed(fakes: Fakes) -> None:
    fakes.start()
    fakes.interrupt(signal.SIGKILL)
    wait_until(
        lambda: fakes.count("ended") == len(MODULES), "the orphans to end", fakes.folder / "log"
    )
    assert fakes.count("stopping-launcher-died") == len(MODULES)
    fakes.assert_nothing_is_left()


def test_shared_memory_of_a_dead_cell_is_removed_and_said(fakes: Fakes) -> None:
    fakes.start(sim_node="leaves")
    code, output = fakes.interrupt()
    assert code == 0
    assert f"removed shared memory left behind: {segment_name()}" in output
    fakes.assert_nothing_is_left()


def test_shared_memory_of_another_launch_is_left_alone(fakes: Fakes) -> None:
    other = Path("/dev/shm", segment_name() + ".other")
    other.write_text("another's")
    try:
        fakes.start()
        fakes.interrupt()
        assert other.exists()
    finally:
        other.unlink(missing_ok=True)
