# SPDX-License-Identifier: Apache-2.0
"""Materials of tissue by name, as data with their sources (`materials.yaml`)."""

import functools
from dataclasses import dataclass
from pathlib import Path

import yaml

from trocar import _core
from trocar.errors import ConfigurationError

DEFAULT = "liver"


@dataclass(frozen=True)
class Material:
    """Small-strain properties and where they come from."""

    name: str
    young: float  # Pa
    poisson: float
    density: float  # kg/m3
    source: str

    def __post_init__(self) -> None:
        self.core()

    def core(self) -> _core.TissueMaterial:
        """As the tissue takes it; ConfigurationError outside its limits."""
        try:
            return _core.TissueMaterial(self.young, self.poisson, self.density)
        except ValueError as error:
            raise ConfigurationError(f"material {self.name}: {error}") from error


@functools.cache
def materials() -> dict[str, Material]:
    """Every material there is."""
    data = yaml.safe_load((Path(__file__).parent / "materials.yaml").read_text())
    return {name: Material(name=name, **values) for name, values in data.items()}


def material(name: str) -> Material:
    """The material of that name; ConfigurationError with the names there are."""
    if name not in materials():
        raise ConfigurationError(
            f"unknown material {name}; valid: {', '.join(materials())}; or give --young, "
            "--poisson and --density"
        )
    return materials()[name]
