# SPDX-License-Identifier: Apache-2.0
"""Tears of soft tissue: a cut of the body along a line on its surface, at a given time."""

from collections.abc import Callable

import numpy as np

from trocar import _core
from trocar.errors import ConfigurationError
from trocar.geometry import Array
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.schedule import ScheduledFault
from trocar.sim.soft.soft_cell import SoftCell

_ABOVE = 0.002  # m over the surface where the blade begins: it must go through the skin


class TissueFaults:
    """Tears each body once per fault; `update` where a frame of the soft bodies may begin."""

    def __init__(self, board: FaultBoard, soft: Callable[[], SoftCell]) -> None:
        """`soft` gives the cell's soft bodies as they are now."""
        self._board = board
        self._soft = soft
        self._done: list[ScheduledFault] = []
        self.reports: list[_core.CutReport] = []  # what each tear opened, in order

    def update(self, time_s: float) -> None:
        """Make the tears that are due."""
        for fault in self._board.active("tissue_tear", time_s=time_s):
            if not any(fault is done for done in self._done):
                self._done.append(fault)
                self.reports.append(self._tear(fault))

    def _tear(self, fault: ScheduledFault) -> _core.CutReport:
        bodies = self._soft().bodies
        name = fault.word("body") or next(iter(bodies), "")
        if name not in bodies:
            raise ConfigurationError(
                f"fault tissue_tear: no soft body {name!r}; soft bodies: "
                f"{', '.join(bodies) or 'none in this cell'}"
            )
        self._soft().wait()  # a frame may be under way in its thread
        return bodies[name].cut(*tear_blade(bodies[name].body, fault))


def tear_blade(body: _core.TissueBody, fault: ScheduledFault) -> tuple[Array, Array, Array]:
    """The blade of a tear, as `TissueBody.cut` takes it: from, to and how deep, (3,) m each.

    Beside the tissue it cuts nothing: the report says 0 faces.
    """
    length, depth = fault.number("length"), fault.number("depth")
    along = np.array([np.cos(fault.number("azimuth")), np.sin(fault.number("azimuth")), 0.0])
    middle = np.array([fault.number("x"), fault.number("y"), 0.0])
    middle[2] = surface_height(body, middle[:2])
    start = middle - 0.5 * length * along + [0.0, 0.0, _ABOVE]
    return start, start + length * along, np.array([0.0, 0.0, -(depth + _ABOVE)])


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
