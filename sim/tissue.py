# SPDX-License-Identifier: Apache-2.0
"""Breathing tissue: a lumpy patch moved by an analytic, smooth displacement field.

A material point is named by its surface coordinates uv in [0, 1]^2; it rests at
(x, y, h(x, y)), x = (u - 1/2) side, y = (v - 1/2) side, and moves to

    S(x, y, t) = rest + w(x, y) [A_n b(th) n0 + A_l b(th - lag) l0] + D sin(pi t / 2 T_d) d0,
    b(th) = (1 - cos th) / 2,   th = 2 pi f t + phase - k . (x, y),
    w = 1 + growth (1 - exp(-r^2 / 2 s^2)),

n0 = normal at the work point, l0 and d0 across it.  Positions, tangents and normals are exact:
all derivatives are closed-form.  World frame, m, s.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from trocar.geometry import Array
from trocar.sim.scene import Scene
from trocar.sim.scene_parameters import TissueParameters

_GROWTH_RADIUS = 0.05  # m; s of the growth term: the amplitude is even near the work point
_LUMP_RADIUS = (0.008, 0.018)  # m; slopes stay below about 10 deg


class BreathingTissue:
    """The patch of one seed.  Queries take uv (..., 2) and a time in s, and broadcast over uv."""

    def __init__(self, parameters: TissueParameters, seed: int) -> None:
        """Draw the lumps, the lateral and drift directions and the breath's phase from the seed."""
        self.parameters = parameters
        p = parameters
        rng = np.random.default_rng([seed, 1])
        half = p.side / 2.0
        self._lump_xy = rng.uniform(-half, half, (p.lump_count, 2))
        self._lump_radius = rng.uniform(*_LUMP_RADIUS, p.lump_count)
        self._lump_height = p.lump_height * rng.uniform(-1.0, 1.0, p.lump_count)
        self._offset = 0.0
        height, gradient = self._rest(np.zeros(2))
        self._offset = float(height) - p.height  # over the world's origin
        normal = np.array([-gradient[0], -gradient[1], 1.0])
        self._normal = normal / np.linalg.norm(normal)
        azimuth = rng.uniform(0.0, 2.0 * np.pi, 3)
        self._lateral = self._across(azimuth[0])
        self._drift = self._across(azimuth[1])
        wave = 2.0 * np.pi / p.wavelength
        self._k = wave * np.array([np.cos(azimuth[2]), np.sin(azimuth[2])])
        self._phase = rng.uniform(0.0, 2.0 * np.pi)
        n = p.vertices_per_side
        grid = np.linspace(0.0, 1.0, n)
        v, u = np.meshgrid(grid, grid, indexing="ij")
        self.uv: Array = np.stack([u.ravel(), v.ravel()], axis=1)  # (N, 2), row by row
        self._grid_xy = self._xy(self.uv)
        self._grid_rest = self._rest(self._grid_xy)
        self.triangles = _grid_triangles(n)  # (M, 3) int32, counter-clockwise from above

    @classmethod
    def of(cls, scene: Scene, seed: int) -> "BreathingTissue":
        """The tissue of a scene realised with a seed; the same for simulator and renderer."""
        return cls(scene.tissue, scene.realise(seed).tissue_seed)

    def vertices(self, t: float) -> Array:
        """Vertex positions (N, 3) in the world at time t."""
        return self._surface(self._grid_xy, t, self._grid_rest)[0]

    def normals(self, t: float) -> Array:
        """Outward unit normals (N, 3) at the vertices."""
        return _unit_normal(*self._surface(self._grid_xy, t, self._grid_rest)[1:])

    def point(self, uv: ArrayLike, t: float) -> Array:
        """World position (..., 3) of material points."""
        return self._surface(self._xy(uv), t)[0]

    def material(self, uv: ArrayLike) -> Callable[[float], Array]:
        """`point` of fixed uv (..., 2) as a function of time in s; their rest shape is kept."""
        xy = self._xy(uv)
        rest = self._rest(xy)
        return lambda t: self._surface(xy, t, rest)[0]

    def normal(self, uv: ArrayLike, t: float) -> Array:
        """Outward unit normal (..., 3) at material points."""
        return _unit_normal(*self._surface(self._xy(uv), t)[1:])

    def displacement(self, uv: ArrayLike, t: float) -> Array:
        """u(X, t) (..., 3): where material points are, less where they rest."""
        xy = self._xy(uv)
        rest = np.concatenate([xy, self._rest(xy)[0][..., None]], axis=-1)
        return self._surface(xy, t)[0] - rest

    def closest_uv(self, points: ArrayLike, t: float, iterations: int = 6) -> Array:
        """Coordinates uv (..., 2) of the surface point nearest to world points (..., 3).

        Gauss-Newton, clamped to the patch; converges from within a few centimetres.
        """
        p = np.asarray(points, dtype=float)
        half = self.parameters.side / 2.0
        xy = np.clip(p[..., :2], -half, half)
        for _ in range(iterations):
            s, sx, sy = self._surface(xy, t)
            r = p - s
            a, b, c = _dot(sx, sx), _dot(sx, sy), _dot(sy, sy)
            gx, gy = _dot(sx, r), _dot(sy, r)
            det = a * c - b * b
            step = np.stack([c * gx - b * gy, a * gy - b * gx], axis=-1) / det[..., None]
            xy = np.clip(xy + step, -half, half)
        return xy / self.parameters.side + 0.5

    def signed_distance(self, points: ArrayLike, t: float, iterations: int = 6) -> Array:
        """Distance (...) in m of world points (..., 3) to the patch, negative below it."""
        p = np.asarray(points, dtype=float)
        uv = self.closest_uv(p, t, iterations)
        s, sx, sy = self._surface(self._xy(uv), t)
        r = p - s
        side = np.where(_dot(_unit_normal(sx, sy), r) < 0.0, -1.0, 1.0)
        return side * np.linalg.norm(r, axis=-1)

    def _xy(self, uv: ArrayLike) -> Array:
        return (np.asarray(uv, dtype=float) - 0.5) * self.parameters.side

    def _across(self, azimuth: float) -> Array:
        v = np.array([np.cos(azimuth), np.sin(azimuth), 0.0])
        v -= (v @ self._normal) * self._normal
        return v / np.linalg.norm(v)

    def _rest(self, xy: Array) -> tuple[Array, Array]:
        """Resting height (...) and its gradient (..., 2)."""
        r2 = _dot(xy, xy)
        gradient = -xy / self.parameters.dome_radius
        d = xy[..., None, :] - self._lump_xy
        g = self._lump_height * np.exp(-0.5 * _dot(d, d) / self._lump_radius**2)
        gradient = gradient - np.sum((g / self._lump_radius**2)[..., None] * d, axis=-2)
        return g.sum(axis=-1) - 0.5 * r2 / self.parameters.dome_radius - self._offset, gradient

    def _surface(
        self, xy: Array, t: float, rest: tuple[Array, Array] | None = None
    ) -> tuple[Array, Array, Array]:
        """Position and tangents dS/dx, dS/dy, each (..., 3); `rest` = `_rest(xy)` where known."""
        p = self.parameters
        height, gradient = rest or self._rest(xy)
        fade = np.exp(-0.5 * _dot(xy, xy) / _GROWTH_RADIUS**2)
        w = 1.0 + p.growth * (1.0 - fade)
        dw = p.growth * fade[..., None] / _GROWTH_RADIUS**2 * xy
        theta = 2.0 * np.pi * p.breathing_hz * t + self._phase - xy @ self._k
        lagged = theta - p.lateral_lag
        normal = p.breathing_normal * self._normal
        lateral = p.breathing_lateral * self._lateral
        outer = np.multiply.outer
        field = outer(0.5 - 0.5 * np.cos(theta), normal) + outer(
            0.5 - 0.5 * np.cos(lagged), lateral
        )
        slope = outer(0.5 * np.sin(theta), normal) + outer(0.5 * np.sin(lagged), lateral)
        drift = p.drift * np.sin(0.5 * np.pi * t / p.drift_s) * self._drift
        position = np.concatenate([xy, height[..., None]], axis=-1) + w[..., None] * field + drift
        tangents = []
        for axis in (0, 1):
            tangent = dw[..., axis, None] * field - (w * self._k[axis])[..., None] * slope
            tangent[..., axis] += 1.0
            tangent[..., 2] += gradient[..., axis]
            tangents.append(tangent)
        return position, tangents[0], tangents[1]


def _dot(a: Array, b: Array) -> Array:
    return np.asarray(np.sum(a * b, axis=-1))


def _unit_normal(sx: Array, sy: Array) -> Array:
    n = np.cross(sx, sy)
    return n / np.linalg.norm(n, axis=-1, keepdims=True)


def _grid_triangles(n: int) -> NDArray[np.int32]:
    corner = (np.arange(n - 1)[:, None] * n + np.arange(n - 1)).ravel()
    lower = np.stack([corner, corner + 1, corner + n + 1], axis=1)
    upper = np.stack([corner, corner + n + 1, corner + n], axis=1)
    return np.concatenate([lower, upper]).astype(np.int32)
