# SPDX-License-Identifier: Apache-2.0
"""The C++ programs of cpp_ext/bench: built by .ci/bench_peers.py, one JSON object a line out."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trocar.app.share import source_root
from trocar.errors import TrocarError

BUILD = "build/cpp-bench"
COMPARE, CAMPAIGNS = "trocar_core_compare", "trocar_core_campaigns"


def build() -> str:
    """Build what is out of date; "" or, in one line, why there is nothing to run."""
    root = source_root()
    if root is None:
        return "the C++ programs need a checkout; clone the repository and type: make bench"
    done = subprocess.run(
        [sys.executable, str(root / ".ci/bench_peers.py")], capture_output=True, text=True
    )
    if done.returncode:
        last = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        return f"{last[-1]}; see {BUILD}/build.log"
    return ""


def path(program: str) -> Path | None:
    """Where a program is; None where it was not built."""
    root = source_root()
    found = root / BUILD / program if root is not None else None
    return found if found is not None and found.is_file() else None


def lines(program: str, *arguments: object) -> Iterator[dict[str, Any]]:
    """What a program prints, as it prints it; raises TrocarError where it fails."""
    executable = path(program)
    if executable is None:
        raise TrocarError(f"{program} is not built; type: make bench")
    command = [str(executable), *map(str, arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as p:
        assert p.stdout is not None and p.stderr is not None
        try:
            for line in p.stdout:
                yield json.loads(line)
        except BaseException:
            p.kill()
            raise
        message = p.stderr.read().strip()
    if p.returncode:
        raise TrocarError(f"{' '.join(command)} ended with {p.returncode}: {message}")


def instructions() -> tuple[dict[str, float], str]:
    """Instructions of one call of each counted function, and "" or why there are none."""
    root = source_root()
    if root is None:
        return {}, "instruction counts need a checkout"
    script = root / ".ci/instructions.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True)
    report = root / "runs/instructions.json"
    if done.returncode not in (0, 1) or not report.is_file() or "not found" in done.stdout:
        return {}, (done.stdout.strip().splitlines() or ["callgrind failed"])[-1]
    return dict(json.loads(report.read_text())["instructions"]), ""
