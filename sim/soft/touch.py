# SPDX-License-Identifier: Apache-2.0
"""One instrument in one soft body: its shaft, wrist and jaws press it, its jaws may hold it.

Jaws that close on tissue are stopped by it: from the angle at which both blades press, what is
between them yields like a spring, whose force is the grip and whose torque loads the jaw's axis.
From HOLD_FORCE on it is held (`Jaws`), by no more than friction.  While the instrument is far from
the body none of it takes part.
"""

import numpy as np

from trocar import _core
from trocar.geometry import Array
from trocar.kinematics import JAW_TIP_OFFSET, SHAFT_DIAMETER
from trocar.sim.contact import WRIST_RADIUS
from trocar.sim.render.instrument import PITCH_TO_YAW, Instrument
from trocar.sim.soft.jaws import Jaws, JawShape

_NEAR = 0.012  # m; farther from the body's box than this nothing can touch within a frame
_SHAFT = 0.060  # m of the shaft behind the wrist that may touch
_CLOSED = 0.35  # rad; jaws closed this far pinch what both of them press on
HOLD_FORCE = 0.3  # N, as rigid objects need it
_TOUCHING = 0.01  # N of each blade
_LEVER = 0.5 * JAW_TIP_OFFSET  # m; where along the blade a grip acts
_SOFTNESS = 5e-4  # m/N; a fold of soft tissue between two blades (assumed)
_SPRING = _LEVER**2 / _SOFTNESS  # N m/rad on the jaw's axis
_JAW_TO_CP = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])  # x opens, z to the tip


def jaw_frame(T_world_cp: Array) -> Array:
    """T_world_jaw (4, 4): origin between the jaws' tips, z along the instrument, x opens them."""
    T = np.array(T_world_cp)
    T[:3, 3] += JAW_TIP_OFFSET * T[:3, 2]
    T[:3, :3] = T[:3, :3] @ _JAW_TO_CP
    return T


def opening(jaw: float) -> float:
    """Clear distance (m) between the jaws' tips at an angle of the jaw (rad)."""
    return float(2.0 * JAW_TIP_OFFSET * np.sin(0.5 * max(jaw, 0.0)))


class InstrumentTouch:
    """`move` before each frame of the body; `wrench` after it."""

    def __init__(self, body: _core.TissueBody) -> None:
        """Nothing takes part before the first `move`; `grip` N m is its load on the jaw's axis."""
        self._body = body
        self.grip = 0.0
        self.jaws = Jaws(body, JawShape(length=0.008, radius=0.0008, width=0.003))
        self._rods = [body.add_tool(0.5 * SHAFT_DIAMETER, 0.1), body.add_tool(WRIST_RADIUS, 0.1)]
        self._is_near = False
        self._pinched_at: float | None = None  # rad, where both blades began to press

    @property
    def is_near(self) -> bool:
        """Whether the instrument takes part."""
        return self._is_near

    def move(self, instrument: Instrument, low: Array, high: Array) -> None:
        """Where the instrument is when the next frame ends; the body's box is low to high (3,)."""
        T_jaw = jaw_frame(instrument.T_world_cp)
        gap = opening(instrument.jaw)
        rods = self._axes(instrument)
        near = _overlaps(np.concatenate([np.ravel(rods), T_jaw[:3, 3]]).reshape(-1, 3), low, high)
        if not near and not self.jaws.is_holding:
            self._take_part(False)
            self.grip, self._pinched_at = 0.0, None
            return
        if not self._is_near:
            self._take_part(True)
            self.jaws.place(T_jaw, gap)
            for rod, axis in zip(self._rods, rods):
                self._body.place_tool(rod, *axis)
            return
        for rod, axis in zip(self._rods, rods):
            self._body.move_tool(rod, *axis)
        self._grip(T_jaw, gap, instrument.jaw)

    def wrench(self, p_world_cp: Array) -> Array:
        """(6,) N, N m that the body exerts on the instrument, about its control point."""
        total = np.zeros(6)
        if not self._is_near:
            return total
        for force, torque, p in self._shares():
            total[:3] += force
            total[3:] += torque + np.cross(p - p_world_cp, force)
        return total

    def _grip(self, T_jaw: Array, gap: float, angle: float) -> None:
        if not self.jaws.is_holding:
            pressed = np.linalg.norm(self.jaws.touch, axis=1) >= _TOUCHING
            if angle > _CLOSED or not pressed.any():
                self._pinched_at = None
            elif self._pinched_at is None and pressed.all():
                self._pinched_at = angle
        closed = 0.0 if self._pinched_at is None else max(0.0, self._pinched_at - angle)
        self.grip = _SPRING * closed
        self.jaws.grip = self.grip / _LEVER
        self.jaws.move(T_jaw, gap)
        if self.jaws.is_holding and self.jaws.grip < 0.5 * HOLD_FORCE:
            self.jaws.open()
        elif not self.jaws.is_holding and self.jaws.grip >= HOLD_FORCE:
            self.jaws.close(T_jaw, gap)

    def _shares(self) -> list[tuple[Array, Array, Array]]:
        """Force, torque and the point it is about, of everything that touches."""
        shares = []
        for rod, tip in zip(self._rods, self._tips):
            w = self._body.tool_wrench(rod)
            shares.append((w[:3], w[3:], tip))
        shares += self.jaws.shares()
        return shares

    def _take_part(self, near: bool) -> None:
        if near != self._is_near:
            self._is_near = near
            for tool in (*self._rods, *self.jaws.tools):
                self._body.set_tool_active(tool, near)

    def _axes(self, instrument: Instrument) -> list[tuple[Array, Array]]:
        """Ends of the shaft's and the wrist's axis, tip last."""
        shaft, wrist = instrument.T_world_shaft, instrument.T_world_wrist
        axes = [
            (shaft[:3, 3] - _SHAFT * shaft[:3, 2], shaft[:3, 3] - 0.004 * shaft[:3, 2]),
            (wrist[:3, 3], wrist[:3, 3] + PITCH_TO_YAW * wrist[:3, 2]),
        ]
        self._tips = [axis[1] for axis in axes]
        return axes


def _overlaps(points: Array, low: Array, high: Array) -> bool:
    """Whether the points' box, grown by _NEAR, meets the box from low to high."""
    return bool(
        np.all(points.min(axis=0) - _NEAR <= high) and np.all(points.max(axis=0) + _NEAR >= low)
    )
