# SPDX-License-Identifier: Apache-2.0
"""Ranges of what is drawn for each sequence: YAML in, validated, numbers out.

In a file: `name: 3` (fixed), `name: [2, 4]` (uniform) or `name: {low: 2, high: 4, log: true,
share: 0.3}`.  `share`: in so many of the sequences, otherwise the scene's own value.  A key may
end in _mm, _ms or _deg.
"""

import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from trocar.errors import ConfigurationError
from trocar.sim.dataset.quantities import QUANTITIES, SECTIONS, Quantity

DEFAULT_FILE = Path(__file__).resolve().parent / "randomise.yaml"
_UNITS = {"_mm": ("m", 1e-3), "_ms": ("s", 1e-3), "_deg": ("rad", math.pi / 180.0)}
_KEYS = ("low", "high", "log", "share")


@dataclass(frozen=True)
class Range:
    """Uniform in [low, high], or in their logarithm; drawn in a `share` of the sequences."""

    low: float
    high: float
    is_log: bool = False
    share: float = 1.0

    def draw(self, rng: np.random.Generator, is_whole: bool = False) -> float | None:
        """A number, or None where the scene's own value stays."""
        dice, x = rng.random(2)
        if dice >= self.share:
            return None
        if is_whole:
            return float(min(math.floor(self.low + x * (self.high - self.low + 1.0)), self.high))
        if self.is_log:
            return float(self.low * (self.high / self.low) ** x)
        return float(self.low + x * (self.high - self.low))

    def __str__(self) -> str:
        """In words, for the data card."""
        text = f"{self.low:g}" if self.low == self.high else f"{self.low:g} to {self.high:g}"
        text += " (log)" if self.is_log else ""
        return text if self.share == 1.0 else f"{text}, in {100 * self.share:g} % of the sequences"


Ranges = Mapping[str, Range]


def load_ranges(source: str = "default") -> dict[str, Range]:
    """By quantity's key: the default ranges, none, or a file's over the default ones.

    A file with `base: none` at its top starts from none.
    """
    if source == "none":
        return {}
    default = _read(DEFAULT_FILE)
    if source == "default":
        return default
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        raise ConfigurationError(f"--randomise {source!r}: give default, none or a YAML file")
    return _read(path, default)


def draw(ranges: Ranges, seed: int, index: int) -> dict[str, float]:
    """Numbers of one sequence by quantity's key, in SI.

    Every quantity has its own stream of random numbers: changing one range changes no other value.
    """
    drawn = {}
    for key in sorted(ranges):
        rng = np.random.default_rng([seed, index, zlib.crc32(key.encode())])
        value = ranges[key].draw(rng, QUANTITIES[key].is_whole)
        if value is not None:
            drawn[key] = value
    return drawn


def as_data(ranges: Ranges) -> dict[str, dict[str, Any]]:
    """As JSON can hold them."""
    return {
        key: {"low": r.low, "high": r.high, "log": r.is_log, "share": r.share}
        for key, r in sorted(ranges.items())
    }


def _read(path: Path, base: Ranges | None = None) -> dict[str, Range]:
    where = f"ranges file {path.name}"
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            f"ranges file {path}: {error.strerror}; name an existing file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = " ".join(str(error).split())
        raise ConfigurationError(f"{where}: no YAML: {line}") from error
    if not isinstance(data, dict):
        raise ConfigurationError(f"{where}: give a mapping with sections {', '.join(SECTIONS)}")
    start = data.pop("base", "default")
    if start not in ("default", "none"):
        raise ConfigurationError(f"{where}: base is {start!r}; one of default, none")
    ranges = dict(base or {}) if start == "default" else {}
    for section, values in data.items():
        if section not in SECTIONS:
            raise ConfigurationError(
                f"{where}: unknown section {section!r}; sections: {', '.join(SECTIONS)}"
            )
        names = {q.name: q for q in QUANTITIES.values() if q.section == section}
        if not isinstance(values, dict):
            raise ConfigurationError(f"{where}: {section}: give a mapping of {', '.join(names)}")
        for key, value in values.items():
            quantity, factor = _quantity(str(key), names, f"{where}: {section}")
            ranges[quantity.key] = _range(value, quantity, factor, f"{where}: {section}: {key}")
    return ranges


def _quantity(key: str, names: dict[str, Quantity], where: str) -> tuple[Quantity, float]:
    if key in names:
        return names[key], 1.0
    for suffix, (unit, factor) in _UNITS.items():
        quantity = names.get(key.removesuffix(suffix))
        if key.endswith(suffix) and quantity is not None and quantity.unit == unit:
            return quantity, factor
    raise ConfigurationError(
        f"{where}: unknown key {key!r}; keys: {', '.join(names)} "
        "(lengths also _mm, times also _ms, angles also _deg)"
    )


def _range(value: Any, quantity: Quantity, factor: float, where: str) -> Range:
    if not isinstance(value, dict):
        pair = value if isinstance(value, list) else [value, value]
        if len(pair) != 2:
            raise ConfigurationError(
                f"{where} is {value!r}; give a number, [low, high] or a mapping"
            )
        value = {"low": pair[0], "high": pair[1]}
    for key in value:
        if key not in _KEYS:
            raise ConfigurationError(f"{where}: unknown key {key!r}; keys: {', '.join(_KEYS)}")
    low, high = (_number(value.get(end), factor, quantity, f"{where}: {end}") for end in _KEYS[:2])
    is_log, share = value.get("log", False), value.get("share", 1.0)
    if low > high:
        raise ConfigurationError(f"{where}: low {low:g} is above high {high:g}; swap them")
    if not isinstance(is_log, bool) or (is_log and (low <= 0.0 or quantity.is_whole)):
        raise ConfigurationError(f"{where}: log needs true or false, and low above 0")
    if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
        raise ConfigurationError(f"{where}: share is {share!r}; give a number from 0 to 1")
    return Range(low, high, is_log, float(share))


def _number(value: Any, factor: float, quantity: Quantity, where: str) -> float:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if is_number and math.isfinite(value) and quantity.low <= value * factor <= quantity.high:
        if not quantity.is_whole or value == round(value):
            return float(value * factor)
    whole = "a whole number" if quantity.is_whole else "a number"
    raise ConfigurationError(
        f"{where} is {value!r}; give {whole} from {quantity.low:g} to {quantity.high:g} "
        f"{quantity.unit}".rstrip()
    )
