# SPDX-License-Identifier: Apache-2.0
"""What a launch's arguments must be, checked before anything is started."""

from collections.abc import Mapping

from trocar.app.launch_file import LaunchDescription
from trocar.errors import ConfigurationError
from trocar.sim.faults.schedule import load_faults
from trocar.site import load_site

FPS_RANGE = (1.0, 60.0)  # Hz
PORT_RANGE = (1024, 65535)


def parse_assignments(words: list[str]) -> dict[str, str]:
    """`name:=value` words as a mapping; raises ConfigurationError naming the bad one."""
    given = {}
    for word in words:
        name, sign, value = word.partition(":=")
        if not sign or not name:
            raise ConfigurationError(f"launch argument {word!r}: write name:=value")
        given[name] = value
    return given


def check_variables(description: LaunchDescription) -> None:
    """Raise ConfigurationError for a value that no node could use."""
    values = description.variables
    arm, autostart = values.get("arm", "simulated"), values.get("autostart", "none")
    if autostart != "none" and arm != "simulated":
        raise ConfigurationError(
            f"autostart:={autostart} is refused for arm:={arm}: only the simulated cell may start"
            " by itself; use autostart:=none and enable the arm from the console or over CRTK"
        )
    if "fps" in values:
        _number(values, "fps", *FPS_RANGE)
    if "port" in values:
        _number(values, "port", *PORT_RANGE)
    if "seed" in values:
        _number(values, "seed", 0, 2**31 - 1)
    if "second_instrument_at" in values:
        _number(values, "second_instrument_at", -1e9, 1e9)
    if "site" in values:
        load_site(values["site"])
    if values.get("faults") and arm == "simulated":
        from trocar.sim.scene import load_scene

        load_scene(values.get("scene", "follow")).check_faults(load_faults(values["faults"]))


def _number(values: Mapping[str, str], name: str, low: float, high: float) -> None:
    try:
        value = float(values[name])
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        raise ConfigurationError(
            f"{name}:={values[name]} is not usable; valid: a number from {low:g} to {high:g}"
        )
