# SPDX-License-Identifier: Apache-2.0
"""The kinds of rigid objects by name: what a scene file may say of each, and its shape."""

from typing import Protocol

from trocar.errors import ConfigurationError
from trocar.sim.objects.block import Block
from trocar.sim.objects.gauze import Gauze
from trocar.sim.objects.marker import Marker
from trocar.sim.objects.needle import Needle
from trocar.sim.objects.pad import Pad, Tray
from trocar.sim.objects.peg_board import PegBoard
from trocar.sim.objects.shape import Shape
from trocar.sim.objects.size import read_sizes
from trocar.sim.objects.spec import ObjectSpec


class Kind(Protocol):
    """A dataclass of sizes in SI that can make a shape."""

    def shape(self, where: str) -> Shape:
        """The shape; ConfigurationError, beginning with `where`, on sizes that do not fit."""
        ...


KINDS: dict[str, type] = {
    "needle": Needle,
    "block": Block,
    "peg_board": PegBoard,
    "gauze": Gauze,
    "pad": Pad,
    "tray": Tray,
    "marker": Marker,
}


def kind_of(spec: ObjectSpec, where: str = "object") -> Kind:
    """The object's kind with its sizes; `where` (file and key) begins every refusal.

    Raises ConfigurationError on an unknown kind, an unknown key or a size outside its range.
    """
    if spec.kind not in KINDS:
        raise ConfigurationError(f"{where}: unknown kind {spec.kind!r}; kinds: {', '.join(KINDS)}")
    kind: Kind = read_sizes(KINDS[spec.kind], spec.values, f"{where}: {spec.kind}")
    return kind


def shape_of(spec: ObjectSpec, where: str = "object") -> Shape:
    """The object's shape; refuses as `kind_of` does."""
    return kind_of(spec, where).shape(where)
