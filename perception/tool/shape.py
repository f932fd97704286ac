# SPDX-License-Identifier: Apache-2.0
"""Outer shape of the Large Needle Driver, as convex parts: what a silhouette can show of it.

Frames as everywhere in the tool: z towards the tip, y along the wrist-pitch axis, x along the
wrist-yaw axis.  `sleeve`, `clevis` stand on the shaft (origin: wrist-pitch axis), `body`, `ears` on
the wrist (same origin, turned by the pitch), the jaws on the control point.  Shaft
diameter, axes' distance and jaw length are the dVRK's; the other dimensions are the drawing of
this project's instrument (a test compares them with what the simulator renders; for a real
instrument they are read off its CAD or a caliper).  Lengths in m.
"""

import numpy as np

from trocar.geometry import Array
from trocar.kinematics import JAW_TIP_OFFSET, SHAFT_DIAMETER

RADIUS = 0.5 * SHAFT_DIAMETER
SLEEVE_END = -0.0060  # z at which the full diameter ends


def _box(sections: list[tuple[float, float, float, float, float]]) -> Array:
    """Corners (4 N, 3) of rectangles (z, x0, x1, y0, y1) given in mm."""
    corners = [
        (x, y, z)
        for z, x0, x1, y0, y1 in sections
        for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    ]
    return 1e-3 * np.array(corners)


def _ring(z: float, radius: float, count: int = 24) -> Array:
    turn = np.linspace(0.0, 2.0 * np.pi, count, endpoint=False)
    return np.column_stack([radius * np.cos(turn), radius * np.sin(turn), np.full(count, z)])


SLEEVE_CAP: Array = np.concatenate([_ring(SLEEVE_END, RADIUS), _ring(-0.0050, 0.0035)])
CLEVIS: Array = _box(
    [(-5.2, -2.6, 2.6, -3.3, 3.3), (-0.5, -2.4, 2.4, -3.3, 3.3), (2.1, -1.4, 1.4, -3.3, 3.3)]
)
BODY: Array = _box(
    [
        (-1.9, -1.3, 1.3, -2.1, 2.1),
        (1.2, -2.5, 2.5, -2.1, 2.1),
        (4.6, -3.0, 3.0, -2.4, 2.4),
        (5.6, -3.0, 3.0, -2.2, 2.2),
    ]
)
EARS: Array = _box(
    [(5.5, -3.1, 3.1, -2.3, 2.3), (9.4, -3.1, 3.1, -2.1, 2.1), (11.0, -3.1, 3.1, -1.1, 1.1)]
)
_TIP_MM = 1e3 * JAW_TIP_OFFSET
JAW: Array = _box(  # the jaw on the side y >= 0, closed
    [
        (0.3, -1.7, 1.7, 0.0, 1.9),
        (2.6, -1.6, 1.6, 0.0, 2.1),
        (4.6, -1.35, 1.35, 0.0, 1.75),
        (0.82 * _TIP_MM, -1.15, 1.15, 0.0, 1.15),
        (_TIP_MM, -0.75, 0.75, 0.0, 0.55),
    ]
)
