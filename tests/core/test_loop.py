# SPDX-License-Identifier: Apache-2.0
"""The loop thread through its Python door, on the perfect mock."""

import ctypes
import threading
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from trocar import _core

StateCommand = _core.StateCommand


def wait(event: Callable[[], bool], deadline_s: float = 30.0) -> None:
    """Poll for an event; the deadline is only there to end a broken test."""
    end = time.monotonic() + deadline_s
    while not event():
        assert time.monotonic() < end, "the event did not come"
        time.sleep(0.005)


@pytest.fixture
def looped() -> Iterator[tuple[_core.Arm, _core.ArmLoop]]:
    arm = _core.Arm(_core.ArmConfig())
    loop = _core.ArmLoop(arm, "", 0)
    loop.start(0)
    yield arm, loop
    loop.stop()


def test_the_mock_goes_where_it_is_told(looped) -> None:
    arm, loop = looped
    assert loop.running
    arm.state_command(StateCommand.HOME)
    wait(lambda: arm.state().is_homed)
    arm.move_jp([0.05, 0, 0.12, 0, 0, 0])
    wait(lambda: abs(arm.state().q[0] - 0.05) < 1e-5)
    loop.stop()
    state = arm.state()
    assert not loop.running and not state.powered
    assert state.operating_state == _core.OperatingState.DISABLED
    statistics = loop.statistics()
    assert statistics["ticks"] > 0 and statistics["missed"] >= 0
    assert 0 < statistics["tick_us"]["p50"] <= statistics["tick_us"]["p99"]
    loop.stop()  # twice is once
    assert loop.start(0) == ""  # and it can go on
    wait(lambda: arm.state().tick > state.tick)


def test_a_busy_python_thread_does_not_stall_the_loop(looped) -> None:
    """While pure Python holds the GIL without a pause, the loop goes on ticking.

    No clock is asserted: one long call that never lets go of the GIL is made, and the loop's own
    count must have gone on during it.
    """
    arm, loop = looped
    wait(lambda: arm.state().tick > 10)
    before = loop.statistics()["ticks"]
    sum(range(20_000_000))  # one bytecode: the GIL is never released in it
    during = loop.statistics()["ticks"] - before
    assert during > 20


def test_stopping_from_a_thread_lets_python_go_on(looped) -> None:
    arm, loop = looped
    arm.state_command(StateCommand.HOME)
    wait(lambda: arm.state().is_homed)
    arm.move_jp([0.8, 0, 0.12, 0, 0, 0])
    wait(lambda: abs(arm.state().setpoint_qd[0]) > 0.5)
    speeds: list[float] = []
    thread = threading.Thread(target=loop.stop)
    thread.start()
    while thread.is_alive():
        speeds.append(abs(arm.state().setpoint_qd[0]))
    thread.join()
    assert len(speeds) > 1  # the GIL was free while it stopped
    assert speeds[-1] == 0.0 and not arm.state().powered


def test_an_arm_that_goes_away_with_its_loop_running_is_stopped() -> None:
    loop = _core.ArmLoop(_core.Arm(_core.ArmConfig()), "", 0)
    loop.start(0)
    threads = threading.active_count()
    del loop
    assert threading.active_count() == threads  # it never was a Python thread


def test_realtime_priority_is_granted_or_refused_in_one_line() -> None:
    assert "allowed" in _core.set_realtime(0)
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(_core.set_realtime(10)))
    thread.start()
    thread.join()
    assert answers[0] == "" or ("refused" in answers[0] and "grant" in answers[0])
    assert "\n" not in answers[0]


def test_monotonic_ns_goes_forward() -> None:
    stamps = [_core.monotonic_ns() for _ in range(100)]
    assert np.all(np.diff(stamps) >= 0)
    assert abs(stamps[-1] - time.monotonic_ns()) < 10_000_000_000


def test_a_c_call_that_holds_the_gil_does_not_stall_the_loop(looped) -> None:
    """`PyDLL` keeps the GIL while it sleeps: no Python anywhere, and the loop goes on ticking."""
    arm, loop = looped
    wait(lambda: arm.state().tick > 10)
    usleep = ctypes.PyDLL(None).usleep
    most = 0
    for _ in range(20):  # a machine that stalls for all of one sleep says nothing about the GIL
        before = loop.statistics()["ticks"]
        usleep(50_000)
        most = max(most, loop.statistics()["ticks"] - before)
        if most >= 10:
            return
    raise AssertionError(f"at most {most} ticks while the GIL was held for 50 ms")


def test_a_loop_dies_with_its_object_while_python_is_busy() -> None:
    end = threading.Event()

    def spin() -> None:
        while not end.is_set():
            pass

    threads = [threading.Thread(target=spin) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        arm = _core.Arm(_core.ArmConfig())
        loop = _core.ArmLoop(arm, "", 0)
        loop.start(0)
        arm.state_command(StateCommand.ENABLE)
        wait(lambda arm=arm: arm.state().powered)
        del loop  # the destructor stops, powers off and joins without the GIL
        assert not arm.state().powered
    end.set()
    for thread in threads:
        thread.join()


def test_threads_may_share_a_loop_and_a_port() -> None:
    """Start, stop and statistics from four threads; exchange from four threads: whole each."""
    loop = _core.ArmLoop(_core.Arm(_core.ArmConfig()), "", 0)
    cell_arm = _core.Arm(_core.ArmConfig())
    port = _core.LockstepPort(cell_arm)
    q = np.array([0, 0, 0.12, 0, 0, 0, 0.0])
    errors: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(5):
                loop.start(0)
                loop.statistics()
                loop.stop()
            for _ in range(200):
                port.exchange(q, np.zeros(7), np.zeros(7), time.time_ns())
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert cell_arm.state().tick == 4 * 200
    assert not loop.running


def test_wake_up_is_measured_and_its_arguments_are_checked() -> None:
    result = _core.measure_wake_up(0.05, 0)
    assert result["ticks"] == 50 and result["refused"] == ""
    assert 0 <= result["wake_us"]["p50"] <= result["wake_us"]["p99"] <= result["wake_us"]["max"]
    with pytest.raises(ValueError, match=r"seconds is nan, allowed \(0, 3600\]"):
        _core.measure_wake_up(float("nan"))
    with pytest.raises(ValueError, match="priority is 100, allowed 0 to 99"):
        _core.measure_wake_up(0.1, 100)
