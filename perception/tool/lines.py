# SPDX-License-Identifier: Apache-2.0
"""Robust straight lines through edge points of which many may belong to something else."""

from dataclasses import dataclass

import numpy as np

from trocar.geometry import Array

_TRIALS = 60
_EFFICIENCY = 1.4826  # median absolute deviation to standard deviation of a normal


@dataclass(frozen=True)
class OffsetLine:
    """offset(t) = level + slope (t - centre), fitted to `count` inliers.

    Offsets at centre - spread and centre + spread have independent errors of equal size
    (least squares: sigma sqrt(2 / count) each), so these two stand for all points.
    """

    centre: float
    spread: float
    level: float
    slope: float
    sigma: float
    inliers: Array  # (N,) bool

    @property
    def count(self) -> int:
        """Number of inliers."""
        return int(self.inliers.sum())


def fit_offset_line(
    t: Array, offset: Array, noise: float, min_count: int, rng: np.random.Generator
) -> OffsetLine | None:
    """Line through points (t, offset) (N,), by least median of squares, then least squares.

    `noise` is the expected standard deviation of a sound offset; None where fewer than
    `min_count` points agree on one line within it.
    """
    n = len(t)
    if n < max(min_count, 2):
        return None
    i, j = rng.integers(0, n, (2, _TRIALS))
    dt = t[j] - t[i]
    sound = np.abs(dt) > 0.2 * np.ptp(t)
    if not sound.any():
        return None
    i, dt = i[sound], dt[sound]
    slope = (offset[j[sound]] - offset[i]) / dt
    residual = np.abs(offset - (offset[i, None] + slope[:, None] * (t - t[i, None])))
    best = int(np.argmin(np.quantile(residual, 0.4, axis=1)))
    inliers = residual[best] < 3.0 * noise
    for _ in range(2):
        if inliers.sum() < min_count:
            return None
        x, y = t[inliers], offset[inliers]
        centre = float(x.mean())
        spread = float(x.std())
        if spread <= 0.0:
            return None
        level = float(y.mean())
        gain = float((x - centre) @ (y - level)) / (spread**2 * len(x))
        residual_all = np.abs(offset - level - gain * (t - centre))
        sigma = max(_EFFICIENCY * float(np.median(residual_all[inliers])), 0.05)
        inliers = residual_all < 3.0 * min(noise, max(sigma, 0.3 * noise))
    if inliers.sum() < min_count:
        return None
    return OffsetLine(centre, spread, level, gain, sigma, inliers)
