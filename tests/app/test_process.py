# SPDX-License-Identifier: Apache-2.0
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trocar import process

WAITER = """
import sys, time
from trocar.process import StopFlag
stop = StopFlag()
print("ready", flush=True)
while not stop:
    time.sleep(0.01)
print(stop.reason, flush=True)
"""


def start(code: str = WAITER, **environment: str) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    return child


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_a_request_with_its_name(number: signal.Signals) -> None:
    child = start()
    child.send_signal(number)
    output, _ = child.communicate(timeout=20)
    assert output.strip() == number.name and child.returncode == 0


def test_death_of_a_launcher_that_is_not_the_parent() -> None:
    launcher = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child = start(TROCAR_LAUNCHER_PID=str(launcher.pid))
    launcher.kill()
    launcher.wait()
    output, _ = child.communicate(timeout=20)
    assert output.strip() == "launcher died"


@pytest.mark.parametrize("variable", ["TROCAR_WATCH_PARENT", "TROCAR_LAUNCHER_PID"])
def test_death_of_the_parent(variable: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    value = "1" if variable == "TROCAR_WATCH_PARENT" else "str(os.getpid())"
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import os, subprocess, sys, time\n"
            f"os.environ[{variable!r}] = str({value})\n"
            f"log = open({str(log)!r}, 'w')\n"
            f"subprocess.Popen([sys.executable, '-c', {WAITER!r}], stdout=log)\n"
            f"time.sleep(60)",
        ]
    )
    deadline = time.monotonic() + 20
    while not (log.is_file() and "ready" in log.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    parent.kill()
    parent.wait()
    while "launcher died" not in log.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize(
    ("environment", "lingers"),
    [({}, False), ({"TROCAR_LINGER": "0.6"}, True), ({"TROCAR_LAUNCHER_PID": "self"}, False)],
)
def test_a_plant_lingers_where_nobody_orders_the_ends(
    environment: dict[str, str], lingers: bool
) -> None:
    if environment.get("TROCAR_LAUNCHER_PID") == "self":
        environment = {"TROCAR_LAUNCHER_PID": str(os.getpid()), "TROCAR_LINGER": "0.6"}
    child = start(**environment)
    child.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    output, _ = child.communicate(timeout=20)
    assert output.strip() == "SIGTERM"
    if lingers:  # an upper limit would depend on the machine's load, the lower one does not
        assert time.monotonic() - begun >= 0.5


def test_a_plant_lingers_after_its_launchers_death() -> None:
    launcher = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child = start(TROCAR_LAUNCHER_PID=str(launcher.pid), TROCAR_LINGER="0.6")
    launcher.kill()
    begun = time.monotonic()
    launcher.wait()
    output, _ = child.communicate(timeout=20)
    assert output.strip() == "launcher died" and time.monotonic() - begun >= 0.5


HANGER = """
import time
from trocar import process
process.ORPHAN_LIMIT = 0.5
stop = process.StopFlag()
print("ready", flush=True)
while True:  # a library that never returns
    time.sleep(1.0)
"""


def test_an_orphan_that_hangs_ends_all_the_same() -> None:
    launcher = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    child = start(HANGER, TROCAR_LAUNCHER_PID=str(launcher.pid))
    launcher.kill()
    launcher.wait()
    assert child.wait(timeout=20) == process.ORPHAN_CODE


TALKER = """
import sys, time
from pathlib import Path
from trocar.process import StopFlag
stop = StopFlag()
print("ready", flush=True)
while not stop:
    print("still here", flush=True)
    sys.stderr.write("and here\\n")
    time.sleep(0.001)
print("the last words", flush=True)
Path(sys.argv[1]).write_text(stop.reason)
"""


def test_printing_after_the_launchers_death_does_not_keep_the_arm_from_stopping(
    tmp_path: Path,
) -> None:
    done = tmp_path / "done"
    launcher = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess, sys\n"
            "os.environ['TROCAR_LAUNCHER_PID'] = str(os.getpid())\n"
            f"command = [sys.executable, '-c', {TALKER!r}, {str(done)!r}]\n"
            "both = dict(stdout=subprocess.PIPE, stderr=subprocess.STDOUT)\n"
            "child = subprocess.Popen(command, **both)\n"
            "for line in child.stdout:\n"
            "    print('heard', flush=True)\n",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert launcher.stdout is not None and launcher.stdout.readline() == "heard\n"
    launcher.kill()
    launcher.wait()
    deadline = time.monotonic() + 20
    while not done.is_file():
        assert time.monotonic() < deadline, "the child died of its own output"
        time.sleep(0.02)
    assert done.read_text() == "launcher died"


def test_zombies_are_not_alive() -> None:
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    deadline = time.monotonic() + 20
    while process.is_alive(child.pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    child.wait()
    assert not process.is_alive(child.pid)
    assert process.is_alive(os.getpid())


def test_report_is_written_whole_where_a_run_asks_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(process.RUN_DIR, raising=False)
    process.write_report("sim", {"a": 1})
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setenv(process.RUN_DIR, str(tmp_path))
    process.write_report("sim", {"a": 1})
    assert [p.name for p in tmp_path.iterdir()] == ["sim.json"]
    report = json.loads((tmp_path / "sim.json").read_text())
    assert report["a"] == 1 and report["cpu_s"] > 0.0


def test_segment_is_of_the_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    assert process.segment_name() == "trocar.7"
    monkeypatch.delenv("ROS_DOMAIN_ID")
    assert process.segment_name() == "trocar.0"
