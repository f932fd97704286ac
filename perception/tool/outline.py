# SPDX-License-Identifier: Apache-2.0
"""The predicted outline: that of the union of the projected convex parts, as samples.

A sample carries its outward normal and how it moves along it with the filter's state.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool.eye import Eye
from trocar.perception.tool.model import SIZE, ToolPose

_CLEAR_PX = 3.0  # an outline sample must have nothing of the tool so far outside


@dataclass(frozen=True)
class Outline:
    """Samples of the predicted outline in one eye.

    uv, normal (N, 2): pixel and unit outward normal; jacobian (N, 10): motion along the normal (px)
    with the state; group (N,): straight piece a sample lies on; joint (N,): 0 shaft, 1 wrist,
    2 jaws.
    """

    eye: Eye
    uv: Array
    normal: Array
    jacobian: Array
    group: NDArray[np.int64]
    joint: NDArray[np.int64]

    def __len__(self) -> int:
        """Number of samples."""
        return len(self.uv)


def project_hulls(eye: Eye, pose: ToolPose) -> list[tuple[Array, Array, int, float]]:
    """Per part: hull pixels (M, 2), hull vertices (M, 3), joint, jaw side."""
    hulls = []
    for part in pose.parts(eye):
        uv = eye.project(part.vertices)
        index = cv2.convexHull(uv.astype(np.float32), returnPoints=False)[:, 0]
        hulls.append((uv[index], part.vertices[index], part.joint, part.jaw_side))
    return hulls


def is_within(hull: Array, uv: Array) -> NDArray[np.bool_]:
    """Whether pixels (N, 2) are inside a convex polygon (M, 2) of either sense."""
    edge = np.roll(hull, -1, axis=0) - hull
    rel = uv[:, None, :] - hull
    cross = edge[:, 0] * rel[..., 1] - edge[:, 1] * rel[..., 0]
    inside: NDArray[np.bool_] = np.all(cross > 0.0, axis=1) | np.all(cross < 0.0, axis=1)
    return inside


def sample_outline(eye: Eye, pose: ToolPose, spacing_px: float, margin_px: float) -> Outline:
    """Outline of the union of all parts, at least `margin_px` inside the image."""
    hulls = project_hulls(eye, pose)
    uv, normal, jacobian, group, joint = [], [], [], [], []
    count = 0
    for i, (hull, vertices, part_joint, side) in enumerate(hulls):
        a, b = hull, np.roll(hull, -1, axis=0)
        length = np.linalg.norm(b - a, axis=1)
        n = np.maximum(np.rint(length / spacing_px), length > 1.0).astype(int)
        piece = np.repeat(np.arange(len(hull)), n)
        if len(piece) == 0:
            continue
        step = np.arange(len(piece)) - np.repeat(np.cumsum(n) - n, n)
        share = (step + 0.5) / n[piece]
        points = a[piece] + share[:, None] * (b - a)[piece]
        along = (b - a)[piece] / length[piece, None]
        out = np.column_stack([along[:, 1], -along[:, 0]])
        if np.sum((a - hull.mean(axis=0)) * np.column_stack([(b - a)[:, 1], (a - b)[:, 0]])) < 0.0:
            out = -out
        keep = eye.is_inside(points, margin_px)
        for k, other in enumerate(hulls):
            if k != i and keep.any():
                keep &= ~is_within(other[0], points + _CLEAR_PX * out)
        # Perspective: a share of the image's piece is another share of the edge in space.
        near, far = eye.depth(vertices), eye.depth(np.roll(vertices, -1, axis=0))
        w = share * near[piece] / (share * near[piece] + (1.0 - share) * far[piece])
        X = vertices[piece] + w[:, None] * (np.roll(vertices, -1, axis=0) - vertices)[piece]
        points, out, X, piece = points[keep], out[keep], X[keep], piece[keep]
        motion = eye.pixel_jacobian(X) @ pose.point_jacobian(X, part_joint, side)
        uv.append(points)
        normal.append(out)
        along_normal = np.einsum("ni,nij->nj", out, motion)
        along_normal[:, 9] = 1.0  # the swell
        jacobian.append(along_normal)
        group.append(count + piece)
        joint.append(np.full(len(points), part_joint))
        count += len(hull)
    if not uv:
        empty = np.empty((0, 2))
        whole = np.empty(0, np.int64)
        return Outline(eye, empty, empty, np.empty((0, SIZE)), whole, whole)
    return Outline(
        eye,
        np.concatenate(uv),
        np.concatenate(normal),
        np.concatenate(jacobian),
        np.concatenate(group),
        np.concatenate(joint),
    )
