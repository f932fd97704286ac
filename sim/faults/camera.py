# SPDX-License-Identifier: Apache-2.0
"""Faults of the endoscope's pictures and of their stamps: frames in, frames to deliver now out.

A pure transformer, the same in real time (render_node) and in lockstep.  In this order: freeze,
exposure, blackout, stamp, loss, delay, order.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from trocar.estimates import StereoFrame
from trocar.sim.faults.board import FaultBoard
from trocar.sim.faults.schedule import ScheduledFault

Picture = NDArray[np.uint8]
CAMERA_FAULTS = (
    *("camera_freeze", "blackout", "wrong_exposure", "frame_delay", "frame_reorder"),
    *("frame_loss", "stamp_lag"),
)


@dataclass(frozen=True)
class Delivered:
    """A frame as it arrives; `captured_ns` is the true stamp of what its left picture shows."""

    frame: StereoFrame
    captured_ns: int


class CameraFaults:
    """Give it every captured frame; it gives back what arrives.  Times are the cell's, in s."""

    def __init__(self, board: FaultBoard) -> None:
        """The board may change at any time."""
        self._board = board
        self._last: StereoFrame | None = None  # the newest picture that no freeze replaced
        self._held: list[tuple[float, Delivered]] = []  # when due
        self._group: list[Delivered] = []

    def apply(self, frame: StereoFrame, time_s: float) -> list[Delivered]:
        """A captured frame goes in; what arrives at that moment comes out, in this order."""
        delivered = self._spoilt(frame, time_s)
        delays = self._board.active("frame_delay", time_s=time_s)
        arriving = self._due(time_s)
        if not self._is_lost(frame.stamp_ns, time_s):
            if delays:
                due = time_s + max(fault.number("delay") for fault in delays)
                self._held.append((due, delivered))
                arriving += self._due(time_s)
            else:
                arriving.append(delivered)
        return self._ordered(arriving, time_s)

    def due(self, time_s: float) -> list[Delivered]:
        """What arrives between captures: delayed frames, and held ones whose fault is over."""
        return self._ordered(self._due(time_s), time_s)

    def _spoilt(self, frame: StereoFrame, time_s: float) -> Delivered:
        left, right, stamp_ns, captured_ns = (
            *(frame.left_rgb, frame.right_rgb),
            *(frame.stamp_ns, frame.stamp_ns),
        )
        freezes = self._board.active("camera_freeze", time_s=time_s)
        if not freezes or self._last is None:
            self._last = frame
        for fault in freezes:
            if _shows(fault, "left"):
                left, captured_ns = self._last.left_rgb, self._last.stamp_ns
            if _shows(fault, "right"):
                right = self._last.right_rgb
            if fault.word("stamp") == "old":
                stamp_ns = self._last.stamp_ns
        for fault in self._board.active("wrong_exposure", time_s=time_s):
            table = exposure_table(fault.number("ev"))
            left = table[left] if _shows(fault, "left") else left
            right = table[right] if _shows(fault, "right") else right
        for fault in self._board.active("blackout", time_s=time_s):
            left = np.zeros_like(left) if _shows(fault, "left") else left
            right = np.zeros_like(right) if _shows(fault, "right") else right
        for fault in self._board.active("stamp_lag", time_s=time_s):
            stamp_ns += round(fault.number("lag") * 1e9)
        return Delivered(
            replace(frame, stamp_ns=stamp_ns, left_rgb=left, right_rgb=right), captured_ns
        )

    def _is_lost(self, stamp_ns: int, time_s: float) -> bool:
        kept = 1.0
        for fault in self._board.active("frame_loss", time_s=time_s):
            kept *= 1.0 - fault.number("share")
        # A function of seed and stamp: which frames are lost does not depend on the others.
        return (
            kept < 1.0 and np.random.default_rng([self._board.seed, 7, stamp_ns]).random() >= kept
        )

    def _due(self, time_s: float) -> list[Delivered]:
        """Frames held long enough; all of them once the fault is over, as a buffer that empties."""
        if not self._board.active("frame_delay", time_s=time_s):
            released, self._held = self._held, []
        else:
            released = [held for held in self._held if held[0] <= time_s]
            self._held = [held for held in self._held if held[0] > time_s]
        return [delivered for _, delivered in released]

    def _ordered(self, arriving: list[Delivered], time_s: float) -> list[Delivered]:
        faults = self._board.active("frame_reorder", time_s=time_s)
        if not faults:
            waiting, self._group = self._group, []
            return waiting + arriving
        group = max(int(fault.number("group")) for fault in faults)
        out: list[Delivered] = []
        for delivered in arriving:
            self._group.append(delivered)
            if len(self._group) >= group:
                out += reversed(self._group)
                self._group = []
        return out


def exposure_table(ev: float) -> Picture:
    """(256,) uint8: grey levels under `ev` stops more light.

    The simulated sensor maps light x to sqrt(1 - 2^(-g x)) (light.glsl); 2^ev times the light makes
    sqrt(1 - (1 - y^2)^(2^ev)) of a level y, whatever g is.  What had burnt out stays so, and
    noise is scaled with the picture.
    """
    y = np.arange(256) / 255.0
    brighter = np.sqrt(1.0 - (1.0 - y * y) ** (2.0**ev))
    return np.asarray(np.round(255.0 * brighter), np.uint8)


def _shows(fault: ScheduledFault, eye: str) -> bool:
    return fault.word("eye") in ("both", eye)
