# SPDX-License-Identifier: Apache-2.0
"""Builds and runs the core's C++ tests: `python .ci/cpp_tests.py [release|address|thread ...]`.

`address` is AddressSanitizer with UndefinedBehaviorSanitizer on every test; `thread` is
ThreadSanitizer on what threads share.  Exit code 1 where a build or a test fails.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Name: (build folder, CMake's TROCAR_SANITIZE, its TROCAR_TESTS).  The release tests share the
# objects of the module that `make setup` builds.
KINDS = {
    "release": ("core", "", ""),
    "address": ("cpp-address", "address,undefined", ""),
    "thread": ("cpp-thread", "thread", "exchange|loop|seam"),
}


def tool(name: str) -> str:
    """A build tool: beside the interpreter (wheels), else on PATH."""
    path = shutil.which(name, path=sysconfig.get_path("scripts")) or shutil.which(name)
    if path is None:
        raise SystemExit(f"{name} not found; type: make setup")
    return path


def has_doctest() -> bool:
    """Whether the header of Debian's doctest-dev is there."""
    return any(
        Path(p, "doctest/doctest.h").is_file() for p in ("/usr/include", "/usr/local/include")
    )


def configure_and_build(build: Path, options: list[str], targets: Sequence[str] = ()) -> bool:
    """Let CMake build cpp_ext into `build`; False, with the log's end, where it cannot."""
    build.mkdir(parents=True, exist_ok=True)
    options = [f"-DPython_EXECUTABLE={sys.executable}", *options]
    options += ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tool('ninja')}"]
    jobs = os.environ.get("CMAKE_BUILD_PARALLEL_LEVEL", str(os.cpu_count() or 1))
    compile_them = [tool("cmake"), "--build", str(build), "-j", jobs]
    if targets:
        compile_them += ["--target", *targets]
    for name, command in (
        ("configure.log", [tool("cmake"), "-S", str(ROOT / "cpp_ext"), "-B", str(build), *options]),
        ("build.log", compile_them),
    ):
        log = build / name
        with log.open("w") as file:
            done = subprocess.run(command, stdout=file, stderr=subprocess.STDOUT)
        if done.returncode:
            print("\n".join(log.read_text().splitlines()[-40:]))
            return False
    return True


def run(kind: str) -> bool:
    """Configure, build, run; True where all passed."""
    folder, sanitize, tests = KINDS[kind]
    build = ROOT / "build" / folder
    print(f"C++ tests ({kind}): building", flush=True)
    options = [
        "-DTROCAR_BUILD_TESTS=ON",
        f"-DTROCAR_TESTS={tests}",
        f"-DTROCAR_SANITIZE={sanitize}",
    ]
    if sanitize or not (build / "CMakeCache.txt").is_file():
        options.append("-DTROCAR_BUILD_PYTHON=OFF")
    if not configure_and_build(build, options, ["trocar_core_tests"]):
        return False
    return subprocess.run([str(build / "trocar_core_tests")]).returncode == 0


def main(kinds: list[str]) -> int:
    """Run the kinds named, release where none is."""
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        raise SystemExit(f"unknown kind {unknown[0]}; choose from {', '.join(KINDS)}")
    if not has_doctest():
        print("C++ tests skipped: doctest is not installed; type: sudo apt-get install doctest-dev")
        return 0
    failed = [kind for kind in kinds or ["release"] if not run(kind)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
