# SPDX-License-Identifier: Apache-2.0
"""Fuzzes the C++ core with libFuzzer: `python .ci/fuzz.py [seconds a target] [target ...]`.

Needs clang with libFuzzer (Debian: clang).  The corpus lies in runs/fuzz/<target>, what broke a
promise in runs/fuzz/<target>-crash-*.  Exit code 1 where something did.  The same targets run on
seeded random bytes in the C++ tests, without clang.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from cpp_tests import ROOT, configure_and_build

BUILD = ROOT / "build/cpp-fuzz"
CORPUS = ROOT / "runs/fuzz"
SANITIZERS = "fuzzer-no-link,address,undefined"
SECONDS = 20
LONGEST_INPUT = 8192
INSTALL = "sudo apt-get install clang-14"


def clang() -> str | None:
    """A clang++ that brings libFuzzer."""
    for name in ("clang++", "clang++-14", *(f"clang++-{n}" for n in range(22, 14, -1))):
        path = shutil.which(name)
        if path is None:
            continue
        where = subprocess.run([path, "-print-runtime-dir"], capture_output=True, text=True)
        if list(Path(where.stdout.strip()).glob("libclang_rt.fuzzer*")):
            return path
    return None


def targets() -> list[str]:
    """Names in fuzz/targets.hpp."""
    text = (ROOT / "cpp_ext/fuzz/targets.hpp").read_text()
    return re.findall(r'\{"(\w+)", fuzz_', text)


def run(target: str, seconds: int) -> bool:
    """Fuzz one target; True where nothing broke."""
    corpus = CORPUS / target
    corpus.mkdir(parents=True, exist_ok=True)
    log = CORPUS / f"{target}.log"
    command = [
        str(BUILD / "trocar_core_fuzz"),
        str(corpus),
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST_INPUT}",
        "-timeout=10",
        "-print_final_stats=1",
        f"-artifact_prefix={CORPUS / target}-",
    ]
    with log.open("w") as file:
        done = subprocess.run(
            command,
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TROCAR_FUZZ_TARGET": target},
        )
    text = log.read_text(errors="replace")
    runs = re.search(r"number_of_executed_units: (\d+)", text)
    covered = re.findall(r"cov: (\d+)", text)
    count = runs.group(1) if runs else "?"
    edges = covered[-1] if covered else "?"
    print(f"{target:20} {count:>9} inputs, {edges:>5} edges, corpus {len(list(corpus.iterdir()))}")
    if done.returncode:
        wanted = ("broken promise", "runtime error", "ERROR:")
        for line in [line for line in text.splitlines() if any(w in line for w in wanted)][:3]:
            print(f"  {line}")
        print(f"  see {log}")
    return done.returncode == 0


def main(words: list[str]) -> int:
    """Build, then every target in turn."""
    seconds = int(words.pop(0)) if words and words[0].isdigit() else SECONDS
    known = targets()
    unknown = [word for word in words if word not in known]
    if unknown:
        raise SystemExit(f"unknown target {unknown[0]}; choose from {', '.join(known)}")
    compiler = clang()
    if compiler is None:
        print(f"fuzzing skipped: no clang with libFuzzer was found; type: {INSTALL}")
        return 0
    print("building the fuzzer", flush=True)
    options = ["-DTROCAR_BUILD_PYTHON=OFF", "-DTROCAR_BUILD_FUZZ=ON"]
    options += [f"-DTROCAR_SANITIZE={SANITIZERS}", f"-DCMAKE_CXX_COMPILER={compiler}"]
    if not configure_and_build(BUILD, options, ["trocar_core_fuzz"]):
        return 1
    failed = [target for target in words or known if not run(target, seconds)]
    if failed:
        print(f"broken: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
