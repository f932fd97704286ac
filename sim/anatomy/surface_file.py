# SPDX-License-Identifier: Apache-2.0
"""Reading a triangle surface: STL, OBJ or PLY, in the units that it is said to have."""

from pathlib import Path

import numpy as np

from trocar.errors import ConfigurationError
from trocar.sim.anatomy.packages import need
from trocar.sim.anatomy.surface import Surface
from trocar.sim.anatomy.surface_check import check_finite

SUFFIXES = (".stl", ".obj", ".ply")
UNITS = {"mm": 1e-3, "m": 1.0}  # m
EXTENT = (0.003, 1.0)  # m, allowed


def read_surface(path: Path, units: str) -> Surface:
    """The file's triangles in metres, as they are."""
    trimesh = need("trimesh")
    try:
        mesh = trimesh.load_mesh(str(path), process=False)
        vertices = np.array(mesh.vertices, dtype=float)
        faces = np.array(mesh.faces, dtype=np.int64)
    except Exception as error:  # a reader may raise anything about a broken file
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ConfigurationError(
            f"{path.name}: not readable as {path.suffix[1:].upper()}: {reason}; export it again"
        ) from error
    if faces.ndim != 2 or not faces.size:
        raise ConfigurationError(f"{path.name}: no faces in it; export a triangle surface")
    check_finite(vertices, path.name)
    surface = Surface(vertices * UNITS[units], faces)
    check_extent(surface.extent, units, path.name)
    return surface


def check_extent(extent: float, units: str, where: str) -> None:
    """A body that no organ can be is refused, with the units that would make it one."""
    if EXTENT[0] <= extent <= EXTENT[1]:
        return
    fitting = [
        name
        for name, scale in UNITS.items()
        if EXTENT[0] <= extent / UNITS[units] * scale <= EXTENT[1]
    ]
    remedy = f"say --units {fitting[0]}" if fitting else "scale the file"
    raise ConfigurationError(
        f"{where}: units: with --units {units} the body is {extent:.3g} m across, allowed "
        f"{EXTENT[0]:g} to {EXTENT[1]:g} m; {remedy}"
    )
