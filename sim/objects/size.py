# SPDX-License-Identifier: Apache-2.0
"""Sizes of an object's kind: fields of a dataclass with the values they allow."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from trocar.errors import ConfigurationError

Kind = TypeVar("Kind")


def size(default: float, low: float, high: float) -> Any:
    """A dataclass field of a default in SI with the least and the greatest it may be."""
    return dataclasses.field(default=default, metadata={"low": low, "high": high})


def read_sizes(kind: type[Kind], values: Mapping[str, float], where: str) -> Kind:
    """The dataclass from SI values by key; ConfigurationError names place, key, allowed."""
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in fields:
            raise ConfigurationError(
                f"{where}: unknown key {key!r}; keys: {', '.join(fields)} "
                "(lengths also _mm, angles also _deg)"
            )
        low, high = fields[key].metadata["low"], fields[key].metadata["high"]
        if not (math.isfinite(value) and low <= value <= high):
            raise ConfigurationError(
                f"{where}: {key} is {value:g}, allowed {low:g} to {high:g} (SI)"
            )
        if isinstance(fields[key].default, int) and value != round(value):
            raise ConfigurationError(f"{where}: {key} is {value:g}; give a whole number")
    whole = {key: isinstance(fields[key].default, int) for key in values}
    return kind(**{key: round(v) if whole[key] else v for key, v in values.items()})
