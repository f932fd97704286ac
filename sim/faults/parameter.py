# SPDX-License-Identifier: Apache-2.0
"""One parameter of a fault: its unit, range and default, and how it is read from a file or word."""

import math
from dataclasses import dataclass
from typing import Any

from trocar.errors import ConfigurationError

Value = float | int | str

# suffix of a key: which units it may stand for, and the factor to SI
SUFFIXES: dict[str, tuple[tuple[str, ...], float]] = {
    "_s": (("s",), 1.0),
    "_ms": (("s",), 1e-3),
    "_mm": (("m", "rad or m"), 1e-3),
    "_deg": (("rad", "rad or m"), math.pi / 180.0),
}


@dataclass(frozen=True)
class Parameter:
    """A number in [low, high] `unit`, or one word of `choices`; default None: must be given."""

    name: str
    what: str
    unit: str = ""
    default: Value | None = None
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    is_whole: bool = False
    is_name: bool = False  # any word: an arm, a body; who uses it knows which there are

    @property
    def allowed(self) -> str:
        """What may be given, in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        if self.is_name:
            return "a name"
        whole = "a whole number from" if self.is_whole else "a number from"
        return f"{whole} {self.low:g} to {self.high:g} {self.unit}".rstrip()

    def read(self, value: Any, factor: float, where: str) -> Value:
        """The value in SI; ConfigurationError in one line."""
        if self.choices or self.is_name:
            if not isinstance(value, str) or (self.choices and value not in self.choices):
                raise ConfigurationError(f"{where} is {value!r}; give {self.allowed}")
            return value
        number = _number(value)
        if number is None or not self.low <= number * factor <= self.high:
            raise ConfigurationError(f"{where} is {value!r}; give {self.allowed}")
        if not self.is_whole:
            return number * factor
        if number != round(number):
            raise ConfigurationError(f"{where} is {value!r}; give {self.allowed}")
        return round(number)


def split_key(key: str, parameters: dict[str, Parameter]) -> tuple[str, float]:
    """Parameter's name and the factor to SI of a key such as `at_s`, `amount_mm` or `axis`."""
    if key in parameters:
        return key, 1.0
    for suffix, (units, factor) in SUFFIXES.items():
        name = key.removesuffix(suffix)
        if name != key and name in parameters and parameters[name].unit in units:
            return name, factor
    return "", 0.0


def _number(value: Any) -> float | None:
    """A finite number, also of a word; None where there is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
