# SPDX-License-Identifier: Apache-2.0
"""A picture of imported tissue: the surface it came from, and a cut through its tetrahedra.

Orthographic, shaded, drawn from the back to the front: no OpenGL, no plotting library.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from scipy.spatial import cKDTree

from trocar.geometry import Array
from trocar.sim.anatomy.surface import Surface, outer_faces
from trocar.sim.anatomy.tissue_file import Tissue
from trocar.sim.soft.tet_mesh import TetMesh

_SIZE = 720  # pixels of one half
_SCALE = 2  # drawn larger, then averaged
_INK = (40, 40, 40)  # BGR
_COLOURS = np.array(  # BGR: liver, gallbladder, vessels, then others
    [[80, 85, 190], [95, 165, 95], [185, 110, 70], [90, 190, 220], [170, 120, 170]], dtype=float
)


@dataclass(frozen=True)
class _View:
    """Where points land: across and up the picture (pixels), depth towards the viewer."""

    turn: Array  # (3, 3), rows: right, up, towards the viewer
    middle: Array
    scale: float  # pixels a metre

    def __call__(self, points: Array) -> Array:
        p = (points - self.middle) @ self.turn.T
        half = _SIZE * _SCALE / 2.0
        return np.stack(
            [half + self.scale * p[..., 0], half - self.scale * p[..., 1], p[..., 2]], -1
        )


def tissue_picture(tissue: Tissue, surface: Surface) -> bytes:
    """PNG of the surface (left) and the cut tissue (right), seen from the front and above."""
    view = _view_of(tissue.mesh.nodes)
    order = sorted(tissue.names)
    colours = _COLOURS[np.arange(len(order)) % len(_COLOURS)]
    if order != [1] and max(order) <= len(_COLOURS):  # the same colour for a label everywhere
        colours = _COLOURS[np.array(order) - 1]
    left = _canvas()
    near = cKDTree(tissue.mesh.nodes[tissue.mesh.tets].mean(axis=1))
    tet = near.query(surface.vertices[surface.faces].mean(axis=1))[1]
    _draw(left, view, surface, colours[np.searchsorted(order, tissue.labels[tet])], edges=False)
    right = _canvas()
    cut, colour = _halved(tissue, float(view.middle[1]), colours, order)
    _draw(right, view, cut, colour, edges=True)
    mesh = tissue.card["mesh"]
    whole = np.concatenate([_shrunk(left), _shrunk(right)], axis=1)
    _write(whole, f"{tissue.card['name']}: surface, {len(surface.faces)} faces", 20, 34)
    _write(whole, f"cut: {mesh['nodes']} nodes, {mesh['tets']} tetrahedra", _SIZE + 20, 34)
    _ruler(whole, view)
    for row, label in enumerate(order):
        ink = tuple(int(c) for c in colours[row])
        _write(
            whole, tissue.names[label], _SIZE + 20, _SIZE - 20 - 26 * (len(order) - 1 - row), ink
        )
    return bytes(cv2.imencode(".png", whole)[1])


def _view_of(points: Array) -> _View:
    """From the front and above, everything in the picture with a margin."""
    turn = _turn(0.4, 0.5)
    seen = points @ turn.T
    low, high = seen.min(axis=0), seen.max(axis=0)
    scale = 0.8 * _SIZE * _SCALE / float((high - low)[:2].max())
    return _View(turn, (low + high) / 2.0 @ turn, scale)


def _turn(around: float, down: float) -> Array:
    """Seen from the front (-y), turned about z, then looked down upon (rad)."""
    c, s = np.cos(around), np.sin(around)
    right, front = np.array([c, s, 0.0]), np.array([s, -c, 0.0])
    toward = np.cos(down) * front + np.sin(down) * np.array([0.0, 0.0, 1.0])
    return np.stack([right, np.cross(toward, right), toward])


def _canvas() -> Array:
    return np.full((_SIZE * _SCALE, _SIZE * _SCALE, 3), 250, dtype=np.uint8)


def _shrunk(image: Array) -> Array:
    return np.asarray(cv2.resize(image, (_SIZE, _SIZE), interpolation=cv2.INTER_AREA))


def _halved(tissue: Tissue, y: float, colours: Array, order: list[int]) -> tuple[Surface, Array]:
    """The outside of the tetrahedra behind y, and the colour of each face; the cut is lighter."""
    mesh = tissue.mesh
    behind = mesh.nodes[mesh.tets].mean(axis=1)[:, 1] > y
    if not behind.any():
        behind[:] = True
    half = TetMesh(mesh.nodes, mesh.tets[behind])
    corners = half.tets[:, [[1, 2, 3], [0, 3, 2], [0, 1, 3], [0, 2, 1]]].reshape(-1, 3)
    of = np.repeat(np.searchsorted(order, tissue.labels[behind]), 4)
    _, first, count = np.unique(
        np.sort(corners, axis=1), axis=0, return_index=True, return_counts=True
    )
    seen = first[count == 1]
    skin = {row.tobytes() for row in np.sort(outer_faces(mesh), axis=1).astype(np.int32)}
    is_cut = [row.tobytes() not in skin for row in np.sort(corners[seen], axis=1).astype(np.int32)]
    colour = colours[of[seen]]
    colour = np.where(np.array(is_cut)[:, None], 0.45 * colour + 0.55 * 255.0, colour)
    return Surface(mesh.nodes, corners[seen].astype(np.int64)), colour


def _draw(image: Array, view: _View, surface: Surface, colour: Array, edges: bool) -> None:
    corners = view(surface.vertices)[surface.faces]
    a, b, c = (surface.vertices[surface.faces[:, k]] for k in range(3))
    normal = np.cross(b - a, c - a)
    normal /= np.maximum(np.linalg.norm(normal, axis=1, keepdims=True), 1e-30)
    facing = normal @ view.turn[2]
    light = 0.35 + 0.65 * np.clip(normal @ view.turn.T @ np.array([-0.35, 0.5, 0.79]), 0.0, 1.0)
    paint = np.clip(colour * light[:, None], 0, 255)
    for face in np.argsort(corners[:, :, 2].mean(axis=1), kind="stable"):
        if facing[face] <= 0.0:
            continue
        shape = np.rint(corners[face, :, :2] * 16).astype(np.int32)  # sixteenths of a pixel
        cv2.fillConvexPoly(image, shape, paint[face].tolist(), cv2.LINE_AA, 4)
        if edges:
            cv2.polylines(image, [shape], True, _INK, 1, cv2.LINE_AA, 4)


def _write(image: Array, text: str, x: int, y: int, ink: tuple[int, ...] = _INK) -> None:
    text = text.encode("ascii", "replace").decode()
    cv2.putText(image, text, (x, y), cv2.FONT_HERSHEY_SIMPLEX, 0.6, ink, 1, cv2.LINE_AA)


def _ruler(image: Array, view: _View) -> None:
    """A line of 1, 2, 5 or 10 ... mm."""
    a_third = _SIZE * _SCALE / view.scale / 3.0
    ten = 10.0 ** np.floor(np.log10(a_third))
    length = max(step * ten for step in (1.0, 2.0, 5.0) if step * ten <= a_third)
    end = 20 + int(length * view.scale / _SCALE)
    cv2.line(image, (20, _SIZE - 20), (end, _SIZE - 20), _INK, 2)
    _write(image, f"{1e3 * length:g} mm", 20, _SIZE - 30)
