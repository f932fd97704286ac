# SPDX-License-Identifier: Apache-2.0
"""Substitutions of launch files, which may be nested.

`$(var NAME)`, `$(env NAME [DEFAULT])`, `$(find-pkg-share PKG)` and, of ROS 2's `$(eval ...)`, the
comparison of two quoted texts.  Anything else is an error that lists these four: a substitution
that is silently left in a parameter would be worse than none.
"""

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from trocar.app.share import PACKAGE, share_folder
from trocar.errors import ConfigurationError

KNOWN = ("var", "env", "find-pkg-share", "eval")
_COMPARISON = re.compile(r"'([^']*)'\s*(==|!=)\s*'([^']*)'")


@dataclass
class Scope:
    """What substitutions can see: launch variables, the environment, the pushed namespace."""

    variables: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    namespace: str = ""

    def nested(self) -> "Scope":
        """A copy: what a group sets does not leave it."""
        return Scope(dict(self.variables), dict(self.environment), self.namespace)


def expand(text: str, scope: Scope, where: str) -> str:
    """`text` with every substitution replaced; `where` names the place in messages."""
    result, position = "", 0
    while True:
        start = text.find("$(", position)
        if start < 0:
            return result + text[position:]
        end = _closing(text, start, where)
        inner = expand(text[start + 2 : end], scope, where)
        result += text[position:start] + _substitute(inner, scope, where)
        position = end + 1


def _closing(text: str, start: int, where: str) -> int:
    depth = 0
    for index in range(start, len(text)):
        if text[index] == "(":
            depth += 1
        elif text[index] == ")":
            depth -= 1
            if depth == 0:
                return index
    raise ConfigurationError(f"{where}: unclosed substitution in {text!r}; write $(name argument)")


def _substitute(inner: str, scope: Scope, where: str) -> str:
    kind, _, rest = inner.strip().partition(" ")
    words = rest.split(None, 1)
    if kind not in KNOWN:
        raise ConfigurationError(
            f"{where}: unknown substitution $({kind}); valid: {', '.join(KNOWN)}"
        )
    if not words:
        raise ConfigurationError(f"{where}: $({kind}) needs a name, as in $({kind} NAME)")
    if kind == "env":
        return _environment(words, scope.environment, where)
    if kind == "eval":
        return _compare(rest, where)
    if len(words) != 1:
        raise ConfigurationError(f"{where}: $({inner}) takes one name")
    if kind == "find-pkg-share":
        return str(find_share(words[0], scope.environment, where))
    if words[0] not in scope.variables:
        raise ConfigurationError(
            f"{where}: unknown variable {words[0]}; valid: {', '.join(scope.variables) or 'none'}"
        )
    return scope.variables[words[0]]


def _compare(expression: str, where: str) -> str:
    match = _COMPARISON.fullmatch(expression.strip().strip('"').strip())
    if match is None:
        raise ConfigurationError(
            f"{where}: $(eval {expression}) is not understood; valid: \"'A' == 'B'\" and !="
        )
    is_equal = match[1] == match[3]
    return "true" if is_equal == (match[2] == "==") else "false"


def _environment(words: list[str], environment: Mapping[str, str], where: str) -> str:
    name = words[0]
    if name in environment:
        return environment[name]
    if len(words) == 2:
        return words[1]
    raise ConfigurationError(
        f"{where}: environment variable {name} is not set; set it, or write $(env {name} DEFAULT)"
    )


def find_share(package: str, environment: Mapping[str, str], where: str) -> Path:
    """The share folder of a package: ours, or any below a prefix of AMENT_PREFIX_PATH."""
    if package == PACKAGE:
        return share_folder()
    prefixes = [p for p in environment.get("AMENT_PREFIX_PATH", "").split(":") if p] + [sys.prefix]
    for folder in prefixes:
        share = Path(folder) / "share" / package
        if share.is_dir():
            return share
    raise ConfigurationError(f"{where}: package {package} not found below {', '.join(prefixes)}")
