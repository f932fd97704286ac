# SPDX-License-Identifier: Apache-2.0
"""When faults happen: read from YAML or from words such as `camera_freeze:at=5,for=0.5`.

Times are the cell's, in s.  The same schedule on the same seed gives the same cell, to the bit.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trocar.errors import ConfigurationError
from trocar.sim.faults.catalogue import FaultKind, Lasting, Place, kind_of
from trocar.sim.faults.parameter import Value, split_key


@dataclass(frozen=True)
class ScheduledFault:
    """One fault from `at` (s) on, for `duration` s (inf: until cleared); `values` in SI."""

    kind: FaultKind
    at: float
    duration: float
    values: Mapping[str, Value]

    def is_active(self, time_s: float) -> bool:
        """Whether it acts at a time; one that happens ONCE acts from `at` on."""
        return self.at <= time_s < self.at + self.duration

    def is_over(self, time_s: float) -> bool:
        """Whether clearing it would change nothing."""
        if self.kind.lasting is Lasting.ONCE:
            return self.at <= time_s
        return time_s >= self.at + self.duration

    def number(self, name: str) -> float:
        """A parameter that is a number."""
        return float(self.values[name])

    def word(self, name: str) -> str:
        """A parameter that is a word."""
        return str(self.values[name])

    def __str__(self) -> str:
        """As a word that `parse_fault` takes."""
        words = [f"at={self.at!r}"]
        if self.kind.lasting is not Lasting.ONCE and math.isfinite(self.duration):
            words.append(f"for={self.duration!r}")
        words += [f"{name}={value}" for name, value in self.values.items() if value != ""]
        return f"{self.kind.name}:{','.join(words)}"


def parse_fault(text: str) -> ScheduledFault:
    """A fault from `name:key=value,key=value`; ConfigurationError in one line."""
    name, _, rest = text.partition(":")
    where = f"fault {text!r}"
    given: dict[str, Any] = {}
    for word in filter(None, (w.strip() for w in rest.split(","))):
        key, sign, value = word.partition("=")
        if not sign or not value:
            raise ConfigurationError(f"{where}: {word!r} is no key=value")
        given[key.strip()] = value.strip()
    return _fault(kind_of(name.strip(), where), given, where)


def read_faults(data: Any, where: str) -> tuple[ScheduledFault, ...]:
    """Faults from a list in a YAML file: mappings with `fault`, or words for `parse_fault`."""
    if data is None:
        return ()
    if not isinstance(data, list):
        raise ConfigurationError(f"{where}: give a list of faults, each with at least fault:")
    found = []
    for i, entry in enumerate(data, 1):
        here = f"{where}: entry {i}"
        if isinstance(entry, str):
            found.append(parse_fault(entry))
            continue
        if not isinstance(entry, dict) or not isinstance(entry.get("fault"), str):
            raise ConfigurationError(f"{here}: name the fault, as in {{fault: blackout, at_s: 5}}")
        kind = kind_of(entry["fault"], here)
        given = {str(k): v for k, v in entry.items() if k != "fault"}
        found.append(_fault(kind, given, f"{here} ({kind.name})"))
    return in_order(found)


def load_faults(source: str) -> tuple[ScheduledFault, ...]:
    """Faults from a YAML file (a list, or a mapping with `faults`) or from words parted by `;`."""
    if not source.strip():
        return ()
    path = Path(source)
    if path.suffix not in (".yaml", ".yml"):
        return in_order(parse_fault(word) for word in source.split(";") if word.strip())
    try:
        data = yaml.safe_load(path.read_text())
    except OSError as error:
        raise ConfigurationError(
            f"faults file {source}: {error.strerror}; name an existing file"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        line = " ".join(str(error).split())
        raise ConfigurationError(f"faults file {source}: no YAML: {line}") from error
    if isinstance(data, dict) and set(data) == {"faults"}:
        data = data["faults"]
    return read_faults(data, f"faults file {path.name}")


def in_order(faults: Iterable[ScheduledFault]) -> tuple[ScheduledFault, ...]:
    """By the time they begin, those of one time in the order given."""
    return tuple(sorted(faults, key=lambda fault: fault.at))


def at_place(faults: Iterable[ScheduledFault], *places: Place) -> tuple[ScheduledFault, ...]:
    """Those that act at one of these places."""
    return tuple(fault for fault in faults if fault.kind.place in places)


def check_names(
    faults: Iterable[ScheduledFault], joints: Mapping[str, int], bodies: Iterable[str], where: str
) -> None:
    """Refuse arms, axes and soft bodies that the cell does not have; `joints` of each arm."""
    bodies = tuple(bodies)
    for fault in faults:
        here = f"{where}: fault {fault.kind.name} at {fault.at:g} s"
        arm = fault.values.get("arm")
        if arm is not None and arm not in joints:
            raise ConfigurationError(f"{here}: no arm {arm!r}; arms: {', '.join(joints)}")
        if arm is not None and int(fault.values.get("axis", 0)) > joints[str(arm)]:
            raise ConfigurationError(
                f"{here}: axis is {fault.values['axis']}; {arm} has 1 to {joints[str(arm)]}"
            )
        body = fault.values.get("body")
        if body is None:
            continue
        if body == "" and len(bodies) != 1:
            raise ConfigurationError(f"{here}: name the body; soft bodies: {_listed(bodies)}")
        if body != "" and body not in bodies:
            raise ConfigurationError(
                f"{here}: no soft body {body!r}; soft bodies: {_listed(bodies)}"
            )


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names) or "none in this scene"


def _fault(kind: FaultKind, given: Mapping[str, Any], where: str) -> ScheduledFault:
    table = kind.parameter_table()
    values: dict[str, Value] = {}
    for key, value in given.items():
        name, factor = split_key(key, table)
        if not name or name in values:
            raise ConfigurationError(
                f"{where}: {'twice' if name else 'unknown key'} {key!r}; keys: {', '.join(table)} "
                "(times also _s or _ms, lengths also _mm, angles also _deg)"
            )
        values[name] = table[name].read(value, factor, f"{where}: {key}")
    for name, parameter in table.items():
        if name not in values:
            assert parameter.default is not None  # every parameter of the catalogue has one
            values[name] = parameter.default
    at = float(values.pop("at"))
    duration = float(values.pop("for", 0.0)) or math.inf
    if kind.name == "camera_freeze" and values["stamp"] == "old" and values["eye"] != "both":
        raise ConfigurationError(
            f"{where}: stamp=old with eye={values['eye']}; a pair has one stamp, leave eye out"
        )
    return ScheduledFault(kind, at, duration, values)
