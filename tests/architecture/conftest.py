# SPDX-License-Identifier: Apache-2.0
"""The package's modules as files, and what setup.py says, without installing anything."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("perception", "control", "sim", "console")


def collect_modules() -> dict[str, Path]:
    """Module name -> file, of the root package, app and every room."""
    found = {}
    for folder, name in [(ROOT / "cpp_ext/trocar", "trocar")] + [
        (ROOT / room, f"trocar.{room}") for room in ROOMS
    ]:
        for path in sorted(folder.rglob("*.py")):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join([name, *parts]).removesuffix(".__init__")] = path
    return found


@pytest.fixture(scope="session")
def modules() -> dict[str, Path]:
    return collect_modules()


@pytest.fixture(scope="session")
def setup_values() -> dict[str, object]:
    """The arguments that setup.py passes to setup(), taken from running it."""
    code = (
        "import setuptools, sys, json, runpy\n"
        "def capture(**kw):\n"
        "    kw.pop('ext_modules', None); kw.pop('cmdclass', None)\n"
        "    print('SETUP', repr(kw))\n"
        "setuptools.setup = capture\n"
        "runpy.run_path('setup.py')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    line = next(line for line in done.stdout.splitlines() if line.startswith("SETUP "))
    values: dict[str, object] = ast.literal_eval(line.removeprefix("SETUP "))
    return values
