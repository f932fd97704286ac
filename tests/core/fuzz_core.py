# SPDX-License-Identifier: Apache-2.0
"""Fuzzes every public entry of `trocar._core` in a process of its own: `fuzz_core.py SEED COUNT`.

Prints one JSON object: calls, successes and faults of each entry.  A crash or a hang is seen by
the caller (tests/core/test_fuzz.py); the line "at ENTRY" on stderr says where it was.
"""

import contextlib
import faulthandler
import gc
import json
import sys
import time
from collections import Counter
from typing import Any

import fuzz_stub
import numpy as np
from fuzz_values import REFUSALS, Learner

from trocar import _core


def target(entry: fuzz_stub.Entry, learner: Learner) -> Any:
    """The callable of an entry, on a fresh object where it is a method."""
    if entry.kind == "function":
        return getattr(_core, entry.name)
    owner = getattr(_core, entry.owner)
    if entry.kind == "init":
        return owner
    if entry.kind == "static":
        return getattr(owner, entry.name)
    thing = learner.shared(entry.owner)
    if entry.kind == "set":
        return lambda value: setattr(thing, entry.name, value)
    return getattr(thing, entry.name)


def outcome(entry: fuzz_stub.Entry, learner: Learner, given: dict[str, Any]) -> tuple[bool, str]:
    """Whether the call was accepted, and what is wrong with it ("")."""
    try:
        learner.call(entry, target(entry, learner), given)
    except REFUSALS as error:
        # pybind11 lists the signatures in its TypeError; our own errors are one line
        lines = str(error).strip().splitlines()
        if not lines:
            return False, f"{type(error).__name__} without a message"
        if len(lines) > 1 and not isinstance(error, TypeError):
            return False, f"{type(error).__name__} in {len(lines)} lines: {lines[0]}"
        if isinstance(error, ValueError) and len(lines[0]) > 400:
            return False, f"a line of {len(lines[0])} characters: {lines[0][:80]}"
        return False, ""
    except Exception as error:  # what no caller should see
        return False, f"{type(error).__name__}: {error}"
    return True, ""


def shown(given: dict[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in given.items())[:300]


def writable(entry: fuzz_stub.Entry, learner: Learner) -> bool:
    """Whether an attribute can be written at all (snapshots are read-only)."""
    try:
        thing = learner.instance(entry.owner)
        setattr(thing, entry.name, getattr(thing, entry.name))
    except (AttributeError, LookupError):
        return False
    return True


def main(seed: int, count: int) -> int:
    faulthandler.enable()
    begun = time.monotonic()
    learner = Learner(np.random.default_rng(seed))
    calls: Counter[str] = Counter()
    accepted: Counter[str] = Counter()
    faults: dict[str, str] = {}
    skipped = []
    for entry in fuzz_stub.entries():
        sys.stderr.write(f"{time.monotonic() - begun:.1f} s: at {entry.label}\n")
        if entry.kind == "set" and not writable(entry, learner):
            skipped.append(entry.label)
            continue
        for n in range(count):
            given = {}
            if n > 2:  # the first calls are good ones
                given = {
                    p.name: learner.nasty(entry.label, p)
                    for p in entry.parameters
                    if learner.random.random() < 0.5
                }
            ok, fault = outcome(entry, learner, given)
            calls[entry.label] += 1
            accepted[entry.label] += ok
            if fault:
                faults.setdefault(entry.label, f"{shown(given)} -> {fault}")
            if not entry.parameters and n > 5:
                break
        learner.forget()
        gc.collect()  # loops and shared memory go with their objects
    print(
        json.dumps({"calls": calls, "accepted": accepted, "faults": faults, "read_only": skipped})
    )
    return 0


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
