# SPDX-License-Identifier: Apache-2.0
"""The instruction gates: what the hot functions may take, whatever else the machine does."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def gates(root: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(root / ".ci"))
    spec = importlib.util.spec_from_file_location("instructions", root / ".ci/instructions.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_table_of_callgrind_is_read(gates: ModuleType) -> None:
    table = "  1,229,000 (12.3%)  ???:count_ik [prog]\n 793,240 ( 7.9%)  ???:count_fk [prog]\n"
    assert gates.parse(table) == {"ik": 1229.0, "fk": 793.24}


def test_above_a_gate_or_not_counted_fails(
    gates: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    at_the_gates = {name: float(gate) for name, gate in gates.GATES.items()}
    assert gates.judge(at_the_gates) == 0
    assert gates.judge({**at_the_gates, "fk": 901.0}) == 1
    assert "fk" in capsys.readouterr().out
    del at_the_gates["ik"]
    assert gates.judge(at_the_gates) == 1


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_no_hot_function_takes_more_than_its_gate(root: Path) -> None:
    done = subprocess.run(
        [sys.executable, ".ci/instructions.py"], cwd=root, capture_output=True, text=True
    )
    if done.returncode == 3:
        pytest.skip(done.stdout.strip().splitlines()[-1])
    assert done.returncode == 0, done.stdout + done.stderr
