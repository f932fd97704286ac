# SPDX-License-Identifier: Apache-2.0
"""From a mask of voxels to a closed surface: cropping, resampling, marching cubes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.anatomy.packages import need
from trocar.sim.anatomy.surface import Surface
from trocar.sim.anatomy.volume_file import Volume

_MOST = 4_000_000  # voxels after resampling


@dataclass(frozen=True)
class Body:
    """The largest connected piece of a mask, and what was left out."""

    mask: NDArray[np.bool_]
    voxels: int
    others: int  # smaller pieces
    others_share: float  # of all voxels


def largest_piece(mask: NDArray[np.bool_]) -> Body:
    """Voxels that hang together by faces."""
    from scipy.ndimage import label

    number, count = label(mask)
    sizes = np.bincount(number.ravel())[1:]
    best = int(sizes.argmax())
    share = 1.0 - sizes[best] / sizes.sum()
    return Body(number == best + 1, int(sizes[best]), count - 1, float(share))


def mask_surface(volume: Volume, mask: NDArray[np.bool_], where: str) -> Surface:
    """Closed surface (m) around a mask of the volume, between its voxels."""
    from scipy.ndimage import gaussian_filter, zoom

    box = [np.flatnonzero(mask.any(axis=others)) for others in ((1, 2), (0, 2), (0, 1))]
    low = np.array([b[0] for b in box])
    part = mask[tuple(slice(b[0], b[-1] + 1) for b in box)]
    if min(part.shape) < 2:
        raise ConfigurationError(
            f"{where}: label: {part.shape[::-1]} voxels are too few for a body; label more of it"
        )
    steps = np.linalg.norm(volume.axes, axis=0)[::-1]  # of k, j, i
    finest = max(float(steps.min()), float(np.cbrt(part.size * steps.prod() / _MOST)))
    factors = np.minimum(steps / finest, 8.0)
    field = np.pad(part, 3).astype(np.float32)
    if np.any(abs(factors - 1.0) > 0.05):
        field = zoom(field, factors, order=1, grid_mode=True, mode="grid-constant")
    scale = np.array(np.pad(part, 3).shape) / field.shape  # voxels of the file in one here
    field = gaussian_filter(field, 0.9)
    vertices, faces, _, _ = need("skimage.measure").marching_cubes(field, 0.5)
    index = (vertices + 0.5) * scale - 0.5 - 3.0 + low  # k, j, i of the file
    return Surface(volume.points(np.asarray(index[:, ::-1], dtype=float)), faces.astype(np.int64))


def mask_volume(volume: Volume, body: Body) -> float:
    """m3 of its voxels."""
    return body.voxels * volume.voxel_volume


def nearest_labels(volume: Volume, points: Array, labels: list[int]) -> NDArray[np.int32]:
    """(n,) label at points; where another stands there, the one of `labels` that is nearest."""
    from scipy.ndimage import distance_transform_edt

    found = volume.values_at(points).astype(np.int32)
    strange = ~np.isin(found, labels)
    if strange.any() and len(labels) > 1:
        steps = np.linalg.norm(volume.axes, axis=0)[::-1]
        apart = ~np.isin(volume.values, labels)
        near = distance_transform_edt(apart, steps, return_distances=False, return_indices=True)
        nearest = volume.values[tuple(near)]
        filled = Volume(nearest, volume.axes, volume.origin, volume.names)
        found[strange] = filled.values_at(points[strange]).astype(np.int32)
    elif strange.any():
        found[strange] = labels[0]
    return found
