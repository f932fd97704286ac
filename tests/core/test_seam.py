# SPDX-License-Identifier: Apache-2.0
"""The shared-memory seam across processes: kill -9 of either side, and its return."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from trocar import _core
from trocar.errors import ConfigurationError, SharedMemoryError

from .toy_plant import ToyPlant

PlantReason = _core.PlantReason

LOOP = """
import sys, time
from trocar import _core
arm = _core.Arm(_core.ArmConfig())
loop = _core.ArmLoop(arm, sys.argv[1], 0)
loop.start(0)
sign = 1
while True:
    state = arm.state()
    if state.fault == _core.Fault.MISSED_DEADLINE:  # a shared machine may stall for 30 ms
        arm.state_command(_core.StateCommand.ENABLE)
    if state.tick and not state.is_homed and not state.is_busy:
        arm.state_command(_core.StateCommand.HOME)
    if not state.is_homed:
        time.sleep(0.02)
        continue
    sign = -sign
    arm.move_jp([0.3 * sign, 0, 0.12, 0, 0, 0])
    print("moving", flush=True)
    time.sleep(0.3)
"""

SIM = """
import sys, time
from trocar import _core
import numpy as np
segment = _core.Segment(sys.argv[1])
port = _core.PlantPort(sys.argv[1], 0)
q, zero, tick = np.array([0, 0, 0.12, 0, 0, 0, 0.0]), np.zeros(7), 0
print("ready", flush=True)
while True:
    output = port.exchange(q, zero, zero, time.time_ns())
    tick += 1
    time.sleep(0.0007)
"""


@pytest.fixture
def name() -> Iterator[str]:
    name = f"trocar_test_{os.getpid()}_{time.monotonic_ns()}"
    yield name
    _core.Segment.remove(name)


@pytest.fixture
def spawn() -> Iterator[Callable[[str, str], "subprocess.Popen[str]"]]:
    children: list[subprocess.Popen[str]] = []

    def start(code: str, argument: str) -> "subprocess.Popen[str]":
        command = [sys.executable, "-c", code, argument]
        children.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return children[-1]

    yield start
    for child in children:
        child.kill()
        child.wait()
        if child.stdout:
            child.stdout.close()


class Cell:
    """Plant in this process, paced to the wall; the loop lives elsewhere."""

    def __init__(self, name: str) -> None:
        self.port = _core.PlantPort(name, 0)
        self.plant = ToyPlant(np.array([0, 0, 0.12, 0, 0, 0, 0.0]))
        self.next_s = time.monotonic()
        self.output: _core.PlantOutput | None = None

    def tick(self) -> _core.PlantOutput:
        self.output = self.port.exchange(self.plant.q, self.plant.qd, np.zeros(7), time.time_ns())
        self.plant.step(self.output)
        self.next_s = max(self.next_s + 1e-3, time.monotonic() - 0.005)
        time.sleep(max(0.0, self.next_s - time.monotonic()))
        return self.output

    def until(self, event: Callable[[], bool], what: str, deadline_s: float = 30.0) -> None:
        """Tick until `event`; the deadline is only there to end a broken test."""
        end = time.monotonic() + deadline_s
        while not event():
            assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
            self.tick()


def is_moving(cell: Cell) -> bool:
    assert cell.output is not None or cell.tick()
    return not cell.output.brake and abs(cell.plant.qd[0]) > 0.05


def test_kill_of_the_loop_brakes_the_plant_and_a_new_loop_takes_over(name, spawn) -> None:
    segment = _core.Segment(name)
    cell = Cell(name)
    first = spawn(LOOP, name)
    cell.until(lambda: is_moving(cell), "motion")
    first.send_signal(signal.SIGKILL)
    first.wait()
    at = cell.plant.q.copy()
    cell.until(lambda: cell.output.brake, "brakes", 5.0)
    assert cell.output.reason == PlantReason.NO_COMMAND_30MS
    assert abs(cell.plant.q[0] - at[0]) < 0.1  # rad: at most 50 ms of its speed, and damped
    assert cell.port.statistics()["missed"] >= 2
    for _ in range(50):
        assert cell.tick().brake  # and it stays so
    spawn(LOOP, name)
    cell.until(lambda: is_moving(cell), "motion again")
    segment.close()


def test_kill_of_the_plant_is_a_fault_and_its_return_is_noticed(name, spawn) -> None:
    first = spawn(SIM, name)
    assert first.stdout.readline() == "ready\n"
    arm = _core.Arm(_core.ArmConfig())
    loop = _core.ArmLoop(arm, name, 0)
    loop.start(0)
    wait(lambda: arm.state().tick > 0)

    def enabled() -> bool:
        arm.state_command(_core.StateCommand.ENABLE)
        return arm.state().operating_state == _core.OperatingState.ENABLED

    wait(enabled)
    first.kill()
    first.wait()
    wait(lambda: arm.state().fault == _core.Fault.PLANT_LOST)
    assert not arm.state().powered
    with pytest.raises(SharedMemoryError, match="has ended"):
        _core.PlantPort(name, 0)
    second = spawn(SIM, name)  # replaces what the dead one left
    assert second.stdout.readline() == "ready\n"
    wait(enabled)
    loop.stop()
    assert not arm.state().powered
    assert loop.statistics()["plant_lost"] >= 1


def test_the_estop_flag_needs_neither_loop_nor_console(name, spawn) -> None:
    assert not _core.Segment.press_estop(name)
    segment = _core.Segment(name)
    cell = Cell(name)
    spawn(LOOP, name)
    cell.until(lambda: is_moving(cell), "motion")
    assert _core.Segment.press_estop(name)
    assert _core.Segment.estop_pressed(name)
    cell.until(lambda: cell.output.brake, "brakes", 5.0)
    assert cell.output.reason == PlantReason.ESTOP
    assert abs(cell.plant.qd[0]) < 0.2
    assert _core.Segment.release_estop(name)
    for _ in range(50):
        assert cell.tick().brake
    segment.close()
    assert not _core.Segment.remove(name)


def test_errors_are_one_clear_line(name) -> None:
    arm = _core.Arm(_core.ArmConfig())
    with pytest.raises(SharedMemoryError, match="does not exist; start the cell"):
        _core.ArmLoop(arm, name, 0)
    segment = _core.Segment(name)
    with pytest.raises(SharedMemoryError, match=f"in use by process {os.getpid()}"):
        _core.Segment(name)
    with pytest.raises(SharedMemoryError, match="no arm 2: allowed 0 to 1"):
        _core.ArmLoop(arm, name, 2)
    with pytest.raises(SharedMemoryError, match="without slash, newline or NUL"):
        _core.Segment("a/b")
    loop = _core.ArmLoop(arm, name, 0)
    with pytest.raises(SharedMemoryError, match="already driven by process"):
        _core.ArmLoop(_core.Arm(_core.ArmConfig()), name, 0)
    del loop
    segment.close()


def test_a_foreign_file_and_another_layout_are_refused(name) -> None:
    path = f"/dev/shm/{name}"
    with open(path, "wb") as file:
        file.write(b"x" * 8192)
    with pytest.raises(SharedMemoryError, match="not Trocar's"):
        _core.PlantPort(name, 0)
    segment = _core.Segment(name)  # nobody's: replaced
    with open(path, "r+b") as file:
        file.seek(8)
        file.write((99).to_bytes(4, "little"))
    with pytest.raises(SharedMemoryError, match="layout version 99, this build wants 2"):
        _core.PlantPort(name, 0)
    segment.close()


def test_snapshot_round_trip_and_errors(name) -> None:
    writer = _core.Snapshot(name, 5, True)
    reader = _core.Snapshot(name, 5, False)
    values, stamp_ns, sequence = reader.read()
    assert sequence == 0 and stamp_ns == 0
    writer.write([1, 2, 3, 4, np.nan], 77)
    values, stamp_ns, sequence = reader.read()
    np.testing.assert_array_equal(values, [1, 2, 3, 4, np.nan])
    assert (stamp_ns, sequence) == (77, 1)
    with pytest.raises(ValueError, match=r"allowed \(5,\)"):
        writer.write(np.zeros(4), 0)
    with pytest.raises(SharedMemoryError, match="holds 5 values, not 6"):
        _core.Snapshot(name, 6, False)
    writer.close()
    with pytest.raises(SharedMemoryError, match="closed"):
        writer.write(np.zeros(5), 0)
    with pytest.raises(SharedMemoryError, match="does not exist"):
        _core.Snapshot(name, 5, False)


def wait(event: Callable[[], bool], deadline_s: float = 30.0) -> None:
    """Poll for an event; the deadline is only there to end a broken test."""
    end = time.monotonic() + deadline_s
    while not event():
        assert time.monotonic() < end, "the event did not come"
        time.sleep(0.005)


def test_a_lossy_port_misses_in_proportion_and_a_deaf_one_brakes(name, spawn) -> None:
    segment = _core.Segment(name)
    cell = Cell(name)
    assert cell.port.packet_loss == 0.0
    spawn(LOOP, name)
    cell.until(lambda: is_moving(cell), "motion")
    before = cell.port.statistics()["missed"]
    cell.port.packet_loss = 0.1
    for _ in range(400):
        cell.tick()
    lost = cell.port.statistics()["missed"] - before
    # of a state or its answer: 1 - 0.9^2 = 19 %, less five sigma; a busy machine misses more
    assert lost > 400 * 0.19 - 5.0 * (400 * 0.19 * 0.81) ** 0.5
    cell.port.packet_loss = 1.0
    cell.until(lambda: cell.output.brake, "brakes", 5.0)
    cell.port.packet_loss = 0.0
    cell.until(lambda: is_moving(cell), "motion again")  # enabled anew by the loop's process
    for bad in (-0.1, 1.1, float("nan")):
        with pytest.raises(ConfigurationError, match="allowed 0 to 1"):
            cell.port.packet_loss = bad
    segment.close()
