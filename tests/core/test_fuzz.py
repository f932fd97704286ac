# SPDX-License-Identifier: Apache-2.0
"""Every public entry of `trocar._core` under nasty values: refused in one line, never a crash.

Runs in a process of its own (fuzz_core.py), so that a crash or a hang fails with the entry's name.
"""

import importlib
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from trocar import _core

HERE = Path(__file__).parent
PATIENCE_S = 200


@pytest.fixture
def fuzz(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("fuzz_core")


def run_fuzz(seed: int, count: int) -> dict[str, dict]:
    command = [sys.executable, str(HERE / "fuzz_core.py"), str(seed), str(count)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S)
    except subprocess.TimeoutExpired as error:
        lines = (error.stderr or b"").decode(errors="replace").splitlines()
        pytest.fail(f"hangs: {lines[-1:]}")
    assert done.returncode == 0, f"seed {seed}: " + done.stderr[-2000:]
    return json.loads(done.stdout)


def judge(report: dict[str, dict], fuzz: ModuleType) -> None:
    """No fault, every entry reached, and each accepted at least once: the fuzz gets inside."""
    assert report["faults"] == {}
    wanted = {entry.label for entry in fuzz.fuzz_stub.entries()}
    assert wanted - set(report["calls"]) - set(report["read_only"]) == set()
    refused = {name for name in report["calls"] if not report["accepted"].get(name)}
    assert refused == set(), "never accepted: add good values or a recipe to fuzz_values.py"


def test_every_public_entry_refuses_what_it_cannot_use(fuzz: ModuleType) -> None:
    judge(run_fuzz(1, 40), fuzz)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", [2, 3, 4])
def test_every_public_entry_at_length(fuzz: ModuleType, seed: int) -> None:
    judge(run_fuzz(seed, 400), fuzz)


@pytest.mark.parametrize(
    ("error", "is_fault"),
    [
        (ValueError("q has shape (3,), allowed (6,)"), False),
        (ValueError("first\nsecond"), True),
        (ValueError(""), True),
        (RuntimeError("std::bad_alloc"), True),
        (TypeError("incompatible\narguments"), False),
    ],
)
def test_the_fuzz_tells_a_fault_from_a_refusal(
    fuzz: ModuleType, monkeypatch: pytest.MonkeyPatch, error: Exception, is_fault: bool
) -> None:
    def raising(*_: object) -> None:
        raise error

    monkeypatch.setattr(_core, "psm_fk", raising)
    entry = next(e for e in fuzz.fuzz_stub.entries() if e.name == "psm_fk")
    accepted, fault = fuzz.outcome(entry, fuzz.Learner(np.random.default_rng(1)), {})
    assert not accepted and bool(fault) == is_fault


def test_a_class_that_nobody_can_make_is_named(fuzz: ModuleType) -> None:
    with pytest.raises(LookupError, match="add a recipe"):
        fuzz.Learner(np.random.default_rng(1)).instance("NoSuchClass")


@pytest.mark.parametrize("seed", range(4))
def test_set_points_stay_finite_and_in_range_whatever_comes(fuzz: ModuleType, seed: int) -> None:
    """Commands and measured states of any value: what leaves the arm is finite, or power off."""
    random = np.random.default_rng(seed)
    config = _core.ArmConfig()
    arm = _core.Arm(config)
    port = _core.LockstepPort(arm)
    learner = fuzz.Learner(random)
    entries = [e for e in fuzz.fuzz_stub.entries() if e.owner == "Arm" and e.kind == "method"]
    q = np.array(config.home_q)
    for tick in range(1500):
        if tick == 0:
            arm.state_command(_core.StateCommand.HOME)
        if random.random() < 0.2:
            entry = entries[int(random.integers(len(entries)))]
            given = {p.name: learner.nasty(entry.label, p) for p in entry.parameters}
            try:
                learner.call(entry, getattr(arm, entry.name), given)
            except fuzz.REFUSALS:
                pass
        measured = q.copy()
        if random.random() < 0.01:
            numbers = sys.modules["fuzz_values"].NUMBERS
            measured[int(random.integers(7))] = numbers[int(random.integers(len(numbers)))]
        output = port.exchange(measured, np.zeros(7), np.zeros(7), (tick + 1) * _core.TICK_NS)
        state = arm.state()
        assert np.all(np.isfinite(output.torque)), tick
        assert np.all(np.abs(output.torque) <= config.effort_max * (1 + 1e-12)), tick
        if state.powered:
            assert np.all(np.isfinite(state.setpoint_q)), tick
            q = np.array(state.setpoint_q)
        if state.fault != _core.Fault.NONE and random.random() < 0.05:
            arm.release_estop()
            arm.state_command(_core.StateCommand.ENABLE)
