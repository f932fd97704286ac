# SPDX-License-Identifier: Apache-2.0
"""The drawn surface of a soft body: which nodes, with which texture coordinates and tint.

The texture is laid on by box mapping at rest: a face that looks up or down gets (x, y), a steeper
one (y, z) or (x, z); nodes where two mappings meet are drawn twice.  `SCALE` is that of the
breathing patch, so that vessels are equally thick on both.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix

from trocar.errors import ConfigurationError
from trocar.geometry import Array

SCALE = 0.120  # m of tissue to one repetition of the texture
# A face keeps the mapping from above until it is this steep (cosine to the vertical): seams then
# lie on flanks, where an endoscope seldom looks.
_STEEP = 0.40
_PLANES = np.array([[0, 1], [1, 2], [0, 2]])  # the axes of a mapping along z, x, y
TINT: tuple[float, float, float] = (1.0, 1.0, 1.0)
FLESH: tuple[float, float, float] = (0.62, 0.30, 0.34)  # of a fresh cut: darker, redder


@dataclass(frozen=True)
class SoftSurface:
    """rest (n, 3) m in world, triangles (k, 3) counter-clockwise from outside, tint (n, 3).

    The tint is a factor on the texture's linear RGB, for organs of another colour.
    """

    rest: Array
    triangles: NDArray[np.int32]
    tint: Array

    @classmethod
    def of(cls, rest: ArrayLike, triangles: ArrayLike, tint: ArrayLike = TINT) -> "SoftSurface":
        """Surface with one tint (3,) or one for each node (n, 3); ConfigurationError if broken."""
        x, t = np.asarray(rest, dtype=float), np.asarray(triangles, dtype=np.int32)
        if x.ndim != 2 or x.shape[1] != 3 or t.ndim != 2 or t.shape[1] != 3 or not t.size:
            raise ConfigurationError(
                f"soft surface: rest {x.shape} and triangles {t.shape}; allowed (n, 3), (k, 3)"
            )
        if t.min() < 0 or t.max() >= len(x):
            raise ConfigurationError(
                f"soft surface: triangles name nodes {t.min()} to {t.max()}, allowed 0 to "
                f"{len(x) - 1}"
            )
        return cls(x, t, np.broadcast_to(np.asarray(tint, dtype=float), x.shape))

    def after_cut(self, triangles: ArrayLike, parents: ArrayLike) -> "CutSurface":
        """The surface of a cut body: parents (m,) gives the node at rest of each of its nodes."""
        return CutSurface(self, np.asarray(triangles, np.int32), np.asarray(parents, np.int32))


@dataclass(frozen=True)
class CutSurface:
    """A surface with a wound: faces that `before` has not are flesh."""

    before: SoftSurface
    triangles: NDArray[np.int32]
    parents: NDArray[np.int32]


class DrawnSurface:
    """Vertices as they go to the GPU: `node` (v,), uv (v, 2), axis (v,), tint (v, 3), triangles."""

    def __init__(self, surface: SoftSurface | CutSurface) -> None:
        """Split the nodes at the seams of the mapping and of a wound."""
        if isinstance(surface, CutSurface):
            rest, tint = (a[surface.parents] for a in (surface.before.rest, surface.before.tint))
            known = {tuple(t) for t in np.sort(surface.before.triangles, axis=1).tolist()}
            now = np.sort(surface.parents[surface.triangles], axis=1).tolist()
            fresh = np.array([tuple(t) not in known for t in now])
        else:
            rest, tint = surface.rest, surface.tint
            fresh = np.zeros(len(surface.triangles), bool)
        corners = surface.triangles
        a, b, c = (rest[corners[:, k]] for k in range(3))
        facing = np.cross(b - a, c - a)
        facing = np.abs(facing) / np.maximum(np.linalg.norm(facing, axis=1), 1e-30)[:, None]
        axis = np.where(facing[:, 2] >= _STEEP, 0, np.where(facing[:, 0] >= facing[:, 1], 1, 2))
        # Skin shares vertices; a wound's faces have their own: two walls may meet in a node.
        key = corners.astype(np.int64) * 3 + axis[:, None]
        own = 3 * len(rest) + 3 * np.flatnonzero(fresh)[:, None] + np.arange(3)
        key[fresh] = own
        _, first, index = np.unique(key, return_index=True, return_inverse=True)
        face = first // 3  # of which each vertex is a corner
        self.node = corners.ravel()[first].astype(np.intp)
        self.axis = axis[face].astype(np.float32)
        plane = _PLANES[axis[face]]
        self.uv = np.take_along_axis(rest[self.node], plane, axis=1) / SCALE + 0.5
        self.tint = np.where(fresh[face][:, None], FLESH, tint[self.node])
        self.triangles = index.reshape(corners.shape).astype(np.int32)
        self._corners = corners
        # A vertex's normal: the sum over the skin around its node, or its own face of a wound.
        around = csr_matrix(
            (
                np.where(np.repeat(fresh, 3), 0.0, 1.0).astype(np.float32),
                (corners.ravel(), np.repeat(np.arange(len(corners)), 3)),
            ),
            shape=(len(rest), len(corners)),
        )
        here = fresh[face]
        alone = csr_matrix(
            (np.ones(here.sum(), np.float32), (np.flatnonzero(here), face[here])),
            shape=(len(face), len(corners)),
        )
        skin = csr_matrix(
            (np.where(here, 0.0, 1.0).astype(np.float32), (np.arange(len(face)), self.node)),
            shape=(len(face), len(rest)),
        )
        self._sum = (skin @ around + alone).tocsr()

    def normals(self, nodes: Array) -> NDArray[np.float32]:
        """Unit normals (v, 3) for nodes (n, 3): of the skin around, by area; a wound is faceted."""
        x = nodes.astype(np.float32)
        a, b, c = (x[self._corners[:, k]] for k in range(3))
        e, f = b - a, c - a
        faces = np.empty_like(e)  # np.cross takes three times as long
        for k, i, j in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
            faces[:, k] = e[:, i] * f[:, j] - e[:, j] * f[:, i]
        normal = self._sum @ faces
        length = np.sqrt(np.einsum("ij,ij->i", normal, normal))
        normal /= np.maximum(length, 1e-30)[:, None]
        return np.asarray(normal, np.float32)
