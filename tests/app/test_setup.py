# SPDX-License-Identifier: Apache-2.0
"""The set-up script: what it says where it cannot go on, and its requirement lists."""

import os
import subprocess
import sys
from pathlib import Path

import pytest


def call(root: Path, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=root,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_scripts_are_posix_sh(root: Path) -> None:
    for name in (".ci/setup.sh", ".ci/run", "interfaces/build.sh"):
        assert (root / name).read_text().startswith("#!/bin/sh\n"), name
        done = call(root, "sh", "-n", name)
        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("python", ["/no/such/python", "/bin/false"])
def test_an_interpreter_that_cannot_be_used_is_one_line_with_the_remedy(
    root: Path, tmp_path: Path, python: str
) -> None:
    done = call(root, ".ci/setup.sh", "run", PYTHON=python, VENV=str(tmp_path / "venv"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert "3.10, 3.11 or 3.12" in done.stderr and "PYTHON=" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_requirements_come_from_setup(root: Path) -> None:
    script = ".ci/requirements.py"
    run = call(root, sys.executable, script).stdout
    test = call(root, sys.executable, script, "test").stdout
    assert "numpy" in run and "pytest" not in run and "torch" not in test
    assert set(run.split()) < set(test.split())
    unknown = call(root, sys.executable, script, "everything")
    assert unknown.returncode == 1 and "choose from ros, test, lint, bench, train" in unknown.stderr


def test_every_make_target_exists(root: Path) -> None:
    for target in ("run", "test", "lint", "test-slow", "bench", "crtk-msgs"):
        done = call(root, "make", "-n", target)
        assert done.returncode == 0, done.stderr
