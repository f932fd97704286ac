# SPDX-License-Identifier: Apache-2.0
"""One process of a launch: started in its own session, its output prefixed line by line."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping

from trocar.app.launch_file import NodeSpec
from trocar.app.libexec import MODULES, find_executable
from trocar.app.share import PACKAGE
from trocar.errors import ConfigurationError


class Child:
    """A running node and the thread that reads its output."""

    def __init__(self, spec: NodeSpec, process: subprocess.Popen[str]) -> None:
        """Wraps a process started in a session of its own."""
        self.spec = spec
        self.name = spec.name or spec.executable
        self._process = process
        self._reader: threading.Thread | None = None

    @property
    def pid(self) -> int:
        """Process id; also the id of its group."""
        return self._process.pid

    def poll(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def exit_code(self) -> int:
        """Code for the shell: what it returned, 128 + the signal that ended it, or -1: running."""
        code = self._process.poll()
        if code is None:
            return -1
        return code if code >= 0 else 128 - code

    def how_it_ended(self) -> str:
        """In words, for the person at the screen."""
        code = self._process.poll()
        if code is None:
            return "did not end"
        if code < 0:
            return f"was killed by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def send(self, number: int) -> None:
        """Send a signal to the process itself (SIGKILL: to its whole group)."""
        if number == signal.SIGKILL:
            self.kill_group()
        elif self._process.poll() is None:
            self._process.send_signal(number)

    def kill_group(self) -> None:
        """SIGKILL what is left of its session."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # nobody left

    def forward_output(self, say: Callable[[str], None]) -> None:
        """Say every line with the node's name before it, until the output ends."""
        stream = self._process.stdout
        assert stream is not None

        def forward() -> None:
            for line in stream:
                say(f"[{self.name}] {line.rstrip()}")

        self._reader = threading.Thread(target=forward, name=f"{self.name} output", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """Wait for the last lines."""
        if self._reader is not None:
            self._reader.join(timeout=0.5)


def command(spec: NodeSpec) -> list[str]:
    """The command line of a node; ours run as modules where no executable is installed."""
    if spec.package != PACKAGE:
        raise ConfigurationError(
            f"node {spec.executable}: package {spec.package} can only be run by ros2 launch"
        )
    path = find_executable(spec.executable)
    if path is not None:
        return [str(path), *spec.ros_arguments()]
    if spec.executable in MODULES:
        return [sys.executable, "-m", MODULES[spec.executable], *spec.ros_arguments()]
    raise ConfigurationError(
        f"executable {spec.executable} not found in {PACKAGE}; valid: {', '.join(MODULES)}"
    )


def start_child(
    spec: NodeSpec, environment: Mapping[str, str], say: Callable[[str], None]
) -> Child:
    """Start a node; raises ConfigurationError or OSError where that is impossible."""
    process = subprocess.Popen(
        command(spec),
        env={**spec.environment, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    child = Child(spec, process)
    child.forward_output(say)
    return child
