# SPDX-License-Identifier: Apache-2.0
"""The silhouette as measurements: sub-pixel offsets of the real outline from the predicted one.

The outline is that of the union of the projected convex parts, sampled every few pixels.  Along
each sample's normal (outwards, s in px) the instrument's edge is the steepest rise of
linear chroma, grey to red, and its position where the profile crosses the mean of the two local
levels.  A sample counts only with that polarity, with grey inwards and red outwards, so an
instrument that lies across yields none.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.geometry import Array
from trocar.perception.tool.model import SIZE, Eye, ToolPose
from trocar.perception.tool.segmentation import Image32

_REACH = 3  # px, each side, of the step filter and of the local levels
_INWARDS_PX = 6  # px inside the edge that must be grey
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


@dataclass(frozen=True)
class ContourObservation:
    """Offsets (N,) px, outwards, of the seen outline from the prediction; sound (N,) usable."""

    outline: Outline
    offset: Array
    sound: NDArray[np.bool_]


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


def find_steps(profile: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Position (N,) in samples of the grey-to-red step in profiles (N, K), and soundness (N,)."""
    n, length = profile.shape
    total = np.concatenate([np.zeros((n, 1)), np.cumsum(profile, axis=1)], axis=1)
    mean = (total[:, _REACH:] - total[:, :-_REACH]) / _REACH  # mean[:, i]: samples i .. i+2
    rise = mean[:, _REACH + 1 :] - mean[:, : -_REACH - 1]  # round sample i + _REACH
    i = np.argmax(rise, axis=1) + _REACH
    row = np.arange(n)
    low, high = mean[row, i - _REACH], mean[row, i + 1]
    middle = 0.5 * (low + high)
    # Cross the middle between i - 1 and i + 1, where the steepest rise is.
    a, b, c = profile[row, i - 1], profile[row, i], profile[row, i + 1]
    first = b >= middle
    x0, x1 = np.where(first, a, b), np.where(first, b, c)
    with np.errstate(divide="ignore", invalid="ignore"):
        position = np.where(first, i - 1, i) + (middle - x0) / (x1 - x0)
    back = (i - 1)[:, None] - np.arange(length)
    inwards = (back > 0) & (back <= _INWARDS_PX)
    grey = np.where(inwards, profile > middle[:, None], False).sum(axis=1) <= 1
    sound = (x0 <= middle) & (x1 > middle) & (low < 0.45 * high) & grey
    return position, sound & np.isfinite(position)


def observe_contour(outline: Outline, chroma: Image32, search_px: float) -> ContourObservation:
    """Measure an outline in one eye's chroma (H, W), within `search_px` either way."""
    if len(outline) == 0:
        return ContourObservation(outline, np.empty(0), np.empty(0, bool))
    s = np.arange(-search_px - 2 * _REACH, search_px + 2 * _REACH + 1.0)
    where = outline.uv[:, None, :] + s[:, None] * outline.normal[:, None, :]
    profile = cv2.remap(
        chroma, where.astype(np.float32), None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    ).astype(float)
    position, sound = find_steps(profile)
    offset = position + s[0]
    at_edge = outline.uv + offset[:, None] * outline.normal
    bright = profile.max(axis=1) > 0.25 * float(np.median(profile[:, -_REACH:]))
    sound &= bright & (np.abs(offset) <= search_px)
    sound &= outline.eye.is_inside(at_edge, _REACH + 1.0)
    return ContourObservation(outline, np.where(sound, offset, 0.0), sound)
