# SPDX-License-Identifier: Apache-2.0
"""Tears of soft tissue: a cut of the body along a line on its surface, at a given time."""

from collections.abc import Mapping

import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.schedule import ScheduledFault

_ABOVE = 0.002  # m over the surface where the blade begins: it must go through the skin


class TissueFaults:
    """Tears each body once per fault; `update` before the bodies' steps."""

    def __init__(self, board: FaultBoard, bodies: Mapping[str, _core.TissueBody]) -> None:
        """The cell's soft bodies by name."""
        self._board = board
        self._bodies = bodies
        self._done: list[ScheduledFault] = []
        self.reports: list[_core.CutReport] = []  # what each tear opened, in order

    def update(self, time_s: float) -> None:
        """Make the tears that are due."""
        for fault in self._board.active("tissue_tear", time_s=time_s):
            if not any(fault is done for done in self._done):
                self._done.append(fault)
                self.reports.append(tear(self._body(fault), fault))

    def _body(self, fault: ScheduledFault) -> _core.TissueBody:
        name = fault.word("body") or next(iter(self._bodies), "")
        if name not in self._bodies:
            raise ConfigurationError(
                f"fault tissue_tear: no soft body {name!r}; soft bodies: "
                f"{', '.join(self._bodies) or 'none in this cell'}"
            )
        return self._bodies[name]


def tear(body: _core.TissueBody, fault: ScheduledFault) -> _core.CutReport:
    """Open the body along the fault's line; the report says 0 faces where no tissue is."""
    length, depth = fault.number("length"), fault.number("depth")
    along = np.array([np.cos(fault.number("azimuth")), np.sin(fault.number("azimuth")), 0.0])
    middle = np.array([fault.number("x"), fault.number("y"), 0.0])
    middle[2] = surface_height(body, middle[:2])
    start = middle - 0.5 * length * along + [0.0, 0.0, _ABOVE]
    return body.cut(start, start + length * along, [0.0, 0.0, -(depth + _ABOVE)])


def surface_height(body: _core.TissueBody, xy: Array) -> float:
    """Height (m) of the highest surface over a place (2,); beside it, of the nearest node."""
    corners = body.positions[body.surface]  # (k, 3, 3)
    a, b, c = corners[:, 0, :2], corners[:, 1, :2], corners[:, 2, :2]
    u, v, w = b - a, c - a, xy - a
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        s = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / area
        t = (u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0]) / area
        heights = corners[:, 0, 2] + s * (corners[:, 1, 2] - corners[:, 0, 2])
        heights = heights + t * (corners[:, 2, 2] - corners[:, 0, 2])
        inside = (np.abs(area) > 1e-12) & (s >= 0.0) & (t >= 0.0) & (s + t <= 1.0)
    if inside.any():
        return float(heights[inside].max())
    nearest = np.argmin(np.linalg.norm(body.positions[:, :2] - xy, axis=1))
    return float(body.positions[nearest, 2])
