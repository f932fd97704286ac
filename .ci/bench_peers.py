# SPDX-License-Identifier: Apache-2.0
"""Builds the benchmark's C++ programs, with every peer that is found: `python .ci/bench_peers.py`.

The first build takes about three minutes (Pinocchio's headers).  What is missing is a line with
the command that brings it; the program then simply has no rows of that peer.
"""

import sys

from cpp_tests import ROOT, configure_and_build

PROGRAMS = ["trocar_core_compare", "trocar_core_campaigns"]


def main() -> int:
    """Build into build/cpp-bench; 1 where that failed."""
    build = ROOT / "build/cpp-bench"
    options = ["-DTROCAR_BUILD_BENCH=ON", "-DTROCAR_BUILD_PYTHON=OFF"]
    if not configure_and_build(build, options, PROGRAMS):
        print("the benchmark's C++ programs did not build")
        return 1
    configured = (build / "configure.log").read_text().splitlines()
    for line in configured:
        if line.startswith("-- bench: "):
            print(line[3:])
    return 0


if __name__ == "__main__":
    sys.exit(main())
