# SPDX-License-Identifier: Apache-2.0
"""What a scene file says of one soft body, and the body that is made of it.

A body is a slab, or a tissue of `trocar sim import` (`source`, a folder).  It lies where `position`
says and is held at its underside; the bed breathes up and down.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.materials import Material, material, materials
from trocar.sim.anatomy.tissue_file import Tissue, load_tissue, underside
from trocar.sim.soft.bodies import bottom_nodes
from trocar.sim.soft.tet_mesh import TetMesh, slab

FRAME_TICKS = 10  # physics ticks a frame of the tissue: 100 Hz
_SUBSTEPS = 24  # in a frame: 2400 a second, as the core's 40 at 60 Hz
SIDES = ("bottom", "left", "right", "rim")


@dataclass(frozen=True)
class SoftParameters:
    """SI units; `size` and `spacing` are a slab's, `held` says which side of it does not move.

    `young` (Pa) and `poisson` replace the material's where they are not 0.  `position` (3,) is
    where a slab's top has its middle, or an imported tissue its origin.  Breathing: peak to peak,
    along z.  `tint` is a factor on the skin's linear RGB.
    """

    source: str = ""
    material: str = field(default="liver", metadata={"choices": tuple(materials())})
    size: tuple[float, float, float] = (0.100, 0.100, 0.020)
    spacing: float = 0.0055
    held: str = field(default="bottom", metadata={"choices": SIDES})
    position: tuple[float, float, float] = (0.0, 0.0, 0.0)
    young: float = 0.0
    poisson: float = 0.0
    breathing: float = 0.0
    breathing_hz: float = 0.25
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        """Refuse a breath that is none, or faster than tissue can be led."""
        if not 0.0 <= self.breathing <= 0.05:
            raise ConfigurationError(f"breathing is {self.breathing:g} m, allowed 0 to 0.05")
        if not 0.01 <= self.breathing_hz <= 2.0:
            raise ConfigurationError(f"breathing_hz is {self.breathing_hz:g}, allowed 0.01 to 2")
        self.solid.core()

    @cached_property
    def solid(self) -> Material:
        """The material with what the scene says of it."""
        named = material(self.material)
        young, poisson = self.young or named.young, self.poisson or named.poisson
        return Material(named.name, young, poisson, named.density, named.source)

    @cached_property
    def tissue(self) -> Tissue | None:
        """The imported tissue, None for a slab."""
        return load_tissue(self.source) if self.source else None

    @cached_property
    def mesh(self) -> TetMesh:
        """At rest, in the world."""
        mesh = slab(self.spacing, self.size) if self.tissue is None else self.tissue.mesh
        return TetMesh(mesh.nodes + np.array(self.position), mesh.tets)

    @cached_property
    def anchors(self) -> NDArray[np.intp]:
        """Nodes that the bed holds."""
        if self.tissue is not None:
            return np.asarray(underside(self.tissue.mesh), dtype=np.intp)
        if self.held == "bottom":
            return bottom_nodes(self.mesh)
        x, y = self.mesh.nodes[:, 0], self.mesh.nodes[:, 1]
        near = 1e-6  # m
        side = {"left": x <= x.min() + near, "right": x >= x.max() - near}
        if self.held in side:
            return np.flatnonzero(side[self.held])
        return np.flatnonzero(
            side["left"] | side["right"] | (y <= y.min() + near) | (y >= y.max() - near)
        )

    def body(self) -> _core.TissueBody:
        """A fresh body at rest, stepped FRAME_TICKS ms at a time."""
        config = _core.TissueConfig()
        config.frame_s = FRAME_TICKS * _core.TICK_NS * 1e-9
        config.substeps = _SUBSTEPS
        if self.tissue is None:
            solid = [self.solid.core()]
            return _core.TissueBody(
                self.mesh.nodes, self.mesh.tets, solid, self.anchors, config=config
            )
        placed = Tissue(self.mesh, self.tissue.labels, self.tissue.names, self.tissue.materials, {})
        return placed.body(self.anchors, config)

    def lift(self, time_s: float) -> Array:
        """Where breathing carries the bed at a time: (3,) m off its rest."""
        phase = 2.0 * np.pi * self.breathing_hz * time_s
        return np.array([0.0, 0.0, self.breathing * 0.5 * (1.0 - np.cos(phase))])
