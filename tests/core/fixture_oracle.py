# SPDX-License-Identifier: Apache-2.0
"""Distances to forbidden regions in plain numpy, independent of the core."""

from collections.abc import Callable

import numpy as np

Distance = Callable[[np.ndarray], np.ndarray]  # (N, 3) m -> (N,) m, below 0 inside
SHAFT_RADIUS = 0.004


def plane(point: np.ndarray, normal: np.ndarray) -> Distance:
    n = normal / np.linalg.norm(normal)
    return lambda x: (x - point) @ n


def sphere(centre: np.ndarray, radius: float) -> Distance:
    return lambda x: np.linalg.norm(x - centre, axis=1) - radius


def tube(a: np.ndarray, b: np.ndarray, radius: float) -> Distance:
    def distance(x: np.ndarray) -> np.ndarray:
        t = np.clip((x - a) @ (b - a) / ((b - a) @ (b - a)), 0.0, 1.0)
        return np.linalg.norm(x - (a + t[:, None] * (b - a)), axis=1) - radius

    return distance


def cone(apex: np.ndarray, axis: np.ndarray, half_angle: float) -> Distance:
    """In the half plane of axis and point: the distance to the ray that draws the cone."""
    u = axis / np.linalg.norm(axis)
    ray = np.array([np.sin(half_angle), np.cos(half_angle)])

    def distance(x: np.ndarray) -> np.ndarray:
        z = (x - apex) @ u
        rho = np.linalg.norm(x - apex - z[:, None] * u, axis=1)
        flat = np.stack([rho, z], axis=1)
        along = np.maximum(flat @ ray, 0.0)
        off = np.linalg.norm(flat - along[:, None] * ray, axis=1)
        return np.where(np.arctan2(rho, z) < half_angle, -off, off)

    return distance


def instrument(frames: np.ndarray, samples: int = 4000) -> tuple[np.ndarray, np.ndarray]:
    """Points (samples, 3) of the shaft from the RCM to the wrist, and of the link to the tip."""
    share = np.linspace(0.0, 1.0, samples)[:, None]
    wrist, tip = frames[4][:3, 3], frames[6][:3, 3]
    return share * wrist, wrist + share * (tip - wrist)


def arm_distance(distance: Distance, frames: np.ndarray, *, shaft: bool = True) -> float:
    """Clearance of the whole instrument from a region, by brute force."""
    on_shaft, on_link = instrument(frames)
    link = float(distance(on_link).min())
    return min(link, float(distance(on_shaft).min()) - SHAFT_RADIUS) if shaft else link


def box(half: float) -> tuple[np.ndarray, np.ndarray]:
    """Vertices (8, 3) and triangles (12, 3) of a cube around the origin."""
    corners = np.array([[x, y, z] for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)]) * half
    faces = [[0, 2, 1], [1, 2, 3], [4, 5, 6], [5, 7, 6], [0, 1, 4], [1, 5, 4]]
    return corners, np.array(
        faces + [[2, 6, 3], [3, 6, 7], [0, 4, 2], [2, 4, 6], [1, 3, 5], [3, 7, 5]]
    )


def box_distance(half: float) -> Distance:
    def distance(x: np.ndarray) -> np.ndarray:
        d = np.abs(x) - half
        return np.linalg.norm(np.maximum(d, 0.0), axis=1) + np.minimum(d.max(axis=1), 0.0)

    return distance
