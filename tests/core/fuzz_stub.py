# SPDX-License-Identifier: Apache-2.0
"""Every public entry of `trocar._core`, read from its stub: what the fuzz must reach."""

import ast
from dataclasses import dataclass
from pathlib import Path

from trocar import _core


@dataclass(frozen=True)
class Parameter:
    name: str
    annotation: str  # as written in the stub, "ArrayLike | None"
    keyword_only: bool
    has_default: bool


@dataclass(frozen=True)
class Entry:
    owner: str  # class, "" for a function
    name: str  # "__init__" for the constructor; an attribute's name for "set"
    kind: str  # "function", "init", "method", "static", "set"
    parameters: tuple[Parameter, ...]

    @property
    def label(self) -> str:
        return f"{self.owner}.{self.name}" if self.owner else self.name


def stub_tree() -> ast.Module:
    return ast.parse((Path(_core.__file__).parent / "_core.pyi").read_text())


def is_enum(node: ast.ClassDef) -> bool:
    return any(isinstance(base, ast.Name) and base.id == "IntEnum" for base in node.bases)


def parameters_of(node: ast.FunctionDef, skip_self: bool) -> tuple[Parameter, ...]:
    positional = node.args.args[1:] if skip_self else node.args.args
    with_default = len(node.args.defaults)
    found = [
        Parameter(a.arg, ast.unparse(a.annotation or ast.Name("Any")), False, i >= 0)
        for i, a in enumerate(positional, with_default - len(positional))
    ]
    found += [
        Parameter(a.arg, ast.unparse(a.annotation or ast.Name("Any")), True, default is not None)
        for a, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
    ]
    return tuple(found)


def decorators(node: ast.FunctionDef) -> set[str]:
    return {ast.unparse(d) for d in node.decorator_list}


def class_entries(node: ast.ClassDef) -> list[Entry]:
    found = []
    for item in node.body:
        if isinstance(item, ast.FunctionDef):
            marks = decorators(item)
            if "property" in marks or any(m.endswith(".setter") for m in marks):
                continue
            static = "staticmethod" in marks or "classmethod" in marks
            kind = "static" if static else "init" if item.name == "__init__" else "method"
            skip = "staticmethod" not in marks
            found.append(Entry(node.name, item.name, kind, parameters_of(item, skip)))
        elif isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
            value = Parameter("value", ast.unparse(item.annotation), False, False)
            found.append(Entry(node.name, item.target.id, "set", (value,)))
    return found


def entries() -> list[Entry]:
    """Functions, constructors, methods and attributes of the stub, in its order."""
    found: list[Entry] = []
    for node in stub_tree().body:
        if isinstance(node, ast.FunctionDef):
            found.append(Entry("", node.name, "function", parameters_of(node, False)))
        elif isinstance(node, ast.ClassDef) and not is_enum(node):
            found += class_entries(node)
    return found


def enums() -> list[str]:
    return [n.name for n in stub_tree().body if isinstance(n, ast.ClassDef) and is_enum(n)]
