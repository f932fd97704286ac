# SPDX-License-Identifier: Apache-2.0
"""Effects from a command line: `smoke=14,shadow=0.7,blood_uv=0.4:0.6`."""

import dataclasses

from trocar.errors import ConfigurationError
from trocar.sim.render.effects import Effects


def parse_effects(words: str, start: Effects | None = None) -> Effects:
    """The effects `start` (default: none) with what the words say; ConfigurationError, one line."""
    start = start or Effects()
    defaults = {field.name: getattr(start, field.name) for field in dataclasses.fields(start)}
    changed: dict[str, float | tuple[float, ...]] = {}
    for word in filter(None, (w.strip() for w in words.split(","))):
        name, equals, text = word.partition("=")
        if name not in defaults:
            raise ConfigurationError(
                f"effects: unknown name {name!r}; names: {', '.join(defaults)} (as smoke=14)"
            )
        try:
            values = tuple(float(part) for part in text.split(":"))
        except ValueError:
            values = ()
        wanted = len(defaults[name]) if isinstance(defaults[name], tuple) else 1
        if not equals or len(values) != wanted:
            form = ":".join(["NUMBER"] * wanted)
            raise ConfigurationError(f"effects: {word!r} has no value; write {name}={form}")
        changed[name] = values if wanted > 1 else values[0]
    return dataclasses.replace(start, **changed)  # type: ignore[arg-type]
