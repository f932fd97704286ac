# SPDX-License-Identifier: Apache-2.0
"""Clearances between instruments and tissue, by capsules; 0 or less is a touch.

Detection only: nothing is pushed back yet (the volumetric tissue brings forces).  World frame, m.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array, transform_points
from trocar.kinematics import JAW_TIP_OFFSET, SHAFT_DIAMETER
from trocar.sim.render.instrument import PITCH_TO_YAW, Instrument
from trocar.sim.tissue import BreathingTissue

WRIST_RADIUS = 0.0030  # m, half of the clevis as drawn
JAW_RADIUS = 0.0006  # m, half of a blade's point as drawn
# part, from and to along its z (m), radius (m); a capsule's round end reaches the drawn tip
_CAPSULES = (
    ("shaft", -0.100, -0.004, 0.5 * SHAFT_DIAMETER),
    ("wrist", 0.0, PITCH_TO_YAW, WRIST_RADIUS),
    ("jaw_a", 0.0, JAW_TIP_OFFSET - JAW_RADIUS, JAW_RADIUS),
    ("jaw_b", 0.0, JAW_TIP_OFFSET - JAW_RADIUS, JAW_RADIUS),
)
_NEWTON_STEPS = 3  # from straight above; the patch is gently curved


@dataclass(frozen=True)
class Capsules:
    """K capsules: axis ends `start`, `end` (K, 3) in m in the world, `radius` (K,) in m."""

    start: Array
    end: Array
    radius: Array


def capsules(instrument: Instrument) -> Capsules:
    """The distal 0.1 m of an instrument: shaft, wrist and both jaws."""
    poses = instrument.part_poses()
    start = [transform_points(poses[part], [0.0, 0.0, z]) for part, z, _, _ in _CAPSULES]
    end = [transform_points(poses[part], [0.0, 0.0, z]) for part, _, z, _ in _CAPSULES]
    return Capsules(np.array(start), np.array(end), np.array([c[3] for c in _CAPSULES]))


def tissue_clearance(shapes: Capsules, tissue: BreathingTissue, t: float) -> float:
    """Smallest distance in m from capsules to the tissue at time t, by the capsules' ends."""
    points = np.concatenate([shapes.start, shapes.end])
    distance = tissue.signed_distance(points, t, _NEWTON_STEPS)
    return float(np.min(distance - np.concatenate([shapes.radius, shapes.radius])))


def instrument_clearance(a: Capsules, b: Capsules) -> float:
    """Smallest distance in m between two instruments."""
    distance = segment_distance(a.start[:, None], a.end[:, None], b.start[None, :], b.end[None, :])
    return float(np.min(distance - a.radius[:, None] - b.radius[None, :]))


def segment_distance(p1: ArrayLike, q1: ArrayLike, p2: ArrayLike, q2: ArrayLike) -> Array:
    """Distance (...) between segments p1 q1 and p2 q2, each end (..., 3).

    Ericson, "Real-Time Collision Detection" (2005), 5.1.9, for segments of non-zero length.
    """
    p1, p2 = np.asarray(p1, dtype=float), np.asarray(p2, dtype=float)
    d1, d2 = np.asarray(q1, dtype=float) - p1, np.asarray(q2, dtype=float) - p2
    r = p1 - p2
    a, b, e = np.sum(d1 * d1, -1), np.sum(d1 * d2, -1), np.sum(d2 * d2, -1)
    c, f = np.sum(d1 * r, -1), np.sum(d2 * r, -1)
    det = a * e - b * b
    parallel = det <= 1e-12 * a * e
    s = np.where(parallel, 0.0, (b * f - c * e) / np.where(parallel, 1.0, det))
    t = np.clip((b * np.clip(s, 0.0, 1.0) + f) / e, 0.0, 1.0)
    s = np.clip((b * t - c) / a, 0.0, 1.0)
    gap = r + s[..., None] * d1 - t[..., None] * d2
    return np.asarray(np.linalg.norm(gap, axis=-1))
