# SPDX-License-Identifier: Apache-2.0
"""Triangle meshes made of a few primitives: surfaces of revolution and lofted boxes.

Positions are in m in the mesh's own frame; triangles wind counter-clockwise seen from
outside; corners are split wherever an edge is hard, shading normals of lofted faces lean
outwards at the corners, so that milled steel looks polished rather than folded from card.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array, transform_points

_ROUNDING = 0.38  # tangent of the lean at a face's corner, by eye


@dataclass(frozen=True)
class Mesh:
    """vertices (N, 3) m, normals (N, 3) unit, triangles (M, 3) int32, material (N,) in [0, 1].

    Material 0 is the instrument's dark sleeve, 1 bare steel.
    """

    vertices: Array
    normals: Array
    triangles: NDArray[np.int32]
    material: Array

    def moved(self, T_a_mesh: Array) -> "Mesh":
        """The same mesh expressed in frame a."""
        normals = self.normals @ T_a_mesh[:3, :3].T
        return Mesh(
            transform_points(T_a_mesh, self.vertices), normals, self.triangles, self.material
        )


def merge(meshes: Sequence[Mesh]) -> Mesh:
    """One mesh of several, in their common frame."""
    starts = np.cumsum([0, *(len(m.vertices) for m in meshes)])
    return Mesh(
        np.concatenate([m.vertices for m in meshes]),
        np.concatenate([m.normals for m in meshes]),
        np.concatenate(
            [m.triangles + start for m, start in zip(meshes, starts, strict=False)]
        ).astype(np.int32),
        np.concatenate([m.material for m in meshes]),
    )


def revolve(profile: Sequence[tuple[float, float]], sides: int, material: float) -> Mesh:
    """Surface of revolution about z of a profile of (z, radius) in m, z rising.

    A polygon's outline lies between the inscribed and the circumscribed circle; the radius
    is enlarged by 1/sqrt(cos(pi/sides)) so that its width is right on the mean.
    """
    angle = np.linspace(0.0, 2.0 * np.pi, sides + 1)
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    enlarge = 1.0 / np.sqrt(np.cos(np.pi / sides))
    parts = []
    for (z0, r0), (z1, r1) in zip(profile[:-1], profile[1:], strict=True):
        slope = np.array([z1 - z0, r0 - r1]) / np.hypot(z1 - z0, r0 - r1)
        normals = np.column_stack([circle * slope[0], np.full(sides + 1, slope[1])])
        lower = np.column_stack([circle * r0 * enlarge, np.full(sides + 1, z0)])
        upper = np.column_stack([circle * r1 * enlarge, np.full(sides + 1, z1)])
        i = np.arange(sides)
        j = i + sides + 1
        triangles = np.concatenate(
            [np.stack([i, i + 1, j + 1], axis=1), np.stack([i, j + 1, j], axis=1)]
        )
        parts.append(
            Mesh(
                np.concatenate([lower, upper]),
                np.concatenate([normals, normals]),
                triangles.astype(np.int32),
                np.full(2 * (sides + 1), material),
            )
        )
    return merge(parts)


def loft(sections: Sequence[tuple[float, float, float, float, float]], material: float) -> Mesh:
    """A closed tube of rectangular sections (z, x_min, x_max, y_min, y_max) in m, z rising."""
    rings = [
        np.array([[x0, y0, z], [x1, y0, z], [x1, y1, z], [x0, y1, z]])
        for z, x0, x1, y0, y1 in sections
    ]
    quads = [rings[0][[3, 2, 1, 0]], rings[-1]]
    for a, b in zip(rings[:-1], rings[1:], strict=True):
        quads += [np.stack([a[k], a[(k + 1) % 4], b[(k + 1) % 4], b[k]]) for k in range(4)]
    corners = np.stack(quads)
    # The diagonals' cross product serves sloped quads, and those with one edge of no length.
    normals = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    length = np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)  # a lid may be empty
    normals = np.repeat(normals / length, 4, axis=0)
    centres = np.repeat(corners.mean(axis=1), 4, axis=0)
    outward = corners.reshape(-1, 3) - centres
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-12)
    normals += _ROUNDING * outward
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-30)
    start = 4 * np.arange(len(quads))[:, None]
    triangles = np.concatenate([start + [0, 1, 2], start + [0, 2, 3]]).astype(np.int32)
    count = 4 * len(quads)
    return Mesh(corners.reshape(-1, 3), normals, triangles, np.full(count, material))


def box(size: Sequence[float], material: float = 1.0) -> Mesh:
    """A box of edge lengths `size` (3,) in m about the origin."""
    hx, hy, hz = (0.5 * s for s in size)
    return loft([(-hz, -hx, hx, -hy, hy), (hz, -hx, hx, -hy, hy)], material)
