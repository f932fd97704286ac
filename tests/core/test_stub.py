# SPDX-License-Identifier: Apache-2.0
"""The stub says what the module is: every name in `_core.pyi` is there, every enum value agrees."""

import ast
from pathlib import Path

import pytest

from trocar import _core

STUB = ast.parse((Path(_core.__file__).parent / "_core.pyi").read_text())
CLASSES = [node for node in STUB.body if isinstance(node, ast.ClassDef)]


def names_of(body: list[ast.stmt]) -> set[str]:
    """Names that a class or module body declares, `__init__` left out."""
    names = {n.name for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
        if isinstance(node, ast.Assign):
            names.update(t.id for t in node.targets if isinstance(t, ast.Name))
    return names - {"__init__", "Array"}


def test_the_module_has_every_name_of_the_stub() -> None:
    assert {n for n in names_of(STUB.body) if not hasattr(_core, n)} == set()


def test_the_stub_has_every_public_name_of_the_module() -> None:
    public = {n for n in dir(_core) if not n.startswith("_")}
    assert public - names_of(STUB.body) == set()


@pytest.mark.parametrize("node", CLASSES, ids=lambda n: n.name)
def test_members_agree(node: ast.ClassDef) -> None:
    members = {n for n in dir(getattr(_core, node.name)) if not n.startswith("_")}
    if any(isinstance(b, ast.Name) and b.id == "IntEnum" for b in node.bases):
        wanted = {
            n.targets[0].id: n.value.value  # type: ignore[attr-defined]
            for n in node.body
            if isinstance(n, ast.Assign)
        }
        assert {m.name: m.value for m in getattr(_core, node.name)} == wanted
    else:
        assert members == names_of(node.body)
