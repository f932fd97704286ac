# SPDX-License-Identifier: Apache-2.0
"""Every public function and class of `_core` says what it does, and what shape its arrays have."""

import importlib
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from trocar import _core

SHAPE = re.compile(r"\((?:\w+, ?)*\w+,?\)")  # (7,), (N, 6), (4, 4)


@pytest.fixture
def stub(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    return importlib.import_module("fuzz_stub")


def text(thing: Any) -> str:
    """The docstring without the signatures that pybind11 writes above it."""
    lines = (thing.__doc__ or "").strip().splitlines()
    return " ".join(line for line in lines if not re.match(r"\s*(\d+\. )?\w+\(.*\) -> ", line))


def documented(stub: ModuleType) -> dict[str, Any]:
    """Functions and classes of the module, and the methods of the classes, by name."""
    found: dict[str, Any] = {}
    for entry in stub.entries():
        if entry.kind == "function":
            found[entry.name] = getattr(_core, entry.name)
        else:
            owner = getattr(_core, entry.owner)
            found[entry.owner] = owner
            if entry.kind in ("method", "static"):
                found[entry.label] = getattr(owner, entry.name)
    return found


def test_every_function_class_and_method_has_a_sentence(stub: ModuleType) -> None:
    bare = [n for n, thing in documented(stub).items() if not re.search(r"\w+ \w+", text(thing))]
    assert bare == []


def test_functions_of_arrays_name_the_shapes(stub: ModuleType) -> None:
    things = documented(stub)
    silent = []
    for entry in stub.entries():
        takes_arrays = any("Array" in p.annotation for p in entry.parameters)
        if entry.kind in ("function", "method", "static") and takes_arrays:
            if not SHAPE.search(text(things[entry.label])):
                silent.append(entry.label)
    assert silent == []
