# SPDX-License-Identifier: Apache-2.0
"""Counts the instructions of the core's hot functions under callgrind: `make bench-instructions`.

Instruction counts do not depend on the machine's load, so they can be compared between
commits.  Writes runs/instructions.json beside the table on the screen.
"""

import json
import re
import shutil
import subprocess
import sys

from cpp_tests import ROOT, configure_and_build

CALLS = 1000  # of each function, as bench/instructions.cpp makes them


def main() -> int:
    """Build, count, print."""
    for name in ("valgrind", "callgrind_annotate"):
        if shutil.which(name) is None:
            print(f"{name} not found; type: sudo apt-get install -y valgrind")
            return 1
    build = ROOT / "build/cpp-instructions"
    if not configure_and_build(build, ["-DTROCAR_BUILD_BENCH=ON", "-DTROCAR_BUILD_PYTHON=OFF"]):
        return 1
    counts = build / "counts.out"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={counts}", "-q"]
    subprocess.run([*command, str(build / "trocar_core_instructions")], check=True)
    options = ["--inclusive=yes", "--threshold=100"]
    table = subprocess.run(
        ["callgrind_annotate", *options, str(counts)], capture_output=True, text=True, check=True
    ).stdout
    rows = parse(table)
    for name, count in rows.items():
        print(f"{name:30} {count:8.0f} instructions a call")
    report = ROOT / "runs/instructions.json"
    report.parent.mkdir(exist_ok=True)
    report.write_text(json.dumps({"instructions": rows}, indent=1) + "\n")
    return 0 if rows else 1


def parse(table: str) -> dict[str, float]:
    """Instructions a call of each `count_NAME` of callgrind_annotate's table."""
    rows = {}
    for line in table.splitlines():
        found = re.search(r"^\s*([\d,]+) .*\bcount_(\w+)", line)
        if found and found[2] not in rows:
            rows[found[2]] = int(found[1].replace(",", "")) / CALLS
    return rows


if __name__ == "__main__":
    sys.exit(main())
