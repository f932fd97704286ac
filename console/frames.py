# SPDX-License-Identifier: Apache-2.0
"""Joins each stereo capture with the estimates made from it, and packs both into one message.

A frame waits a short while for its estimates, then goes out bare: estimates of another
frame are never drawn over it, and a perception that has fallen silent delays no picture.
Pure: time is an argument (ns of the stamps' clock).
"""

import json
import struct
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

OVERLAY_WAIT_NS = 250_000_000  # perception answers within about 100 ms of capture; a busy one later
OVERLAY_DEAD_NS = 1_000_000_000  # perception silent for so long is not waited for
KEPT_FRAMES = 8
JPEG_QUALITY = 80
_HEADER = struct.Struct("<III")  # bytes of the JSON, of the left and of the right JPEG


@dataclass
class Frame:
    """One capture: both pictures (H, W, 3) RGB as they arrive, and what was drawn from them."""

    stamp_ns: int
    left_rgb: NDArray[np.uint8] | None = None
    right_rgb: NDArray[np.uint8] | None = None
    overlay: dict[str, Any] = field(default_factory=dict)


class FrameJoiner:
    """Collects by stamp; `take` gives the newest frame that is ready, each at most once."""

    def __init__(
        self, wait_ns: int = OVERLAY_WAIT_NS, needed: tuple[str, ...] = ("points",)
    ) -> None:
        """A frame is ready when the `needed` overlay parts are there, or it is `wait_ns` old."""
        self._wait_ns = wait_ns
        self._needed = needed
        self._frames: OrderedDict[int, Frame] = OrderedDict()
        self._sent_ns = 0
        self._overlay_ns = -OVERLAY_DEAD_NS  # stamp of the newest estimates heard

    def _frame(self, stamp_ns: int) -> Frame | None:
        if stamp_ns <= self._sent_ns:
            return None
        if stamp_ns not in self._frames:
            self._frames[stamp_ns] = Frame(stamp_ns)
            while len(self._frames) > KEPT_FRAMES:
                self._frames.popitem(last=False)
        return self._frames.get(stamp_ns)

    def add_image(self, stamp_ns: int, eye: str, rgb: NDArray[np.uint8]) -> None:
        """One eye ("left", "right") of the capture at `stamp_ns`."""
        frame = self._frame(stamp_ns)
        if frame is not None:
            setattr(frame, f"{eye}_rgb", rgb)

    def add_overlay(self, stamp_ns: int, part: str, value: dict[str, Any]) -> None:
        """A drawn part made from the capture at `stamp_ns`."""
        self._overlay_ns = max(self._overlay_ns, stamp_ns)
        frame = self._frame(stamp_ns)
        if frame is not None:
            frame.overlay[part] = value

    def take(self, now_ns: int) -> Frame | None:
        """The newest ready frame; older ones are dropped with it."""
        for stamp_ns in reversed(self._frames):
            frame = self._frames[stamp_ns]
            if frame.left_rgb is None or frame.right_rgb is None:
                continue
            complete = all(part in frame.overlay for part in self._needed)
            is_silent = stamp_ns - self._overlay_ns >= OVERLAY_DEAD_NS
            if complete or is_silent or now_ns - stamp_ns >= self._wait_ns:
                self._sent_ns = stamp_ns
                for old in [s for s in self._frames if s <= stamp_ns]:
                    del self._frames[old]
                return frame
        return None


def pack(frame: Frame, seq: int, age_ms: float) -> bytes:
    """One binary message: header, JSON metadata, left JPEG, right JPEG."""
    jpegs = []
    for rgb in (frame.left_rgb, frame.right_rgb):
        bgr = cv2.cvtColor(np.asarray(rgb), cv2.COLOR_RGB2BGR)
        _, data = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        jpegs.append(data.tobytes())
    meta = {
        "seq": seq,
        "stamp_ns": str(frame.stamp_ns),
        "age_ms": round(age_ms, 1),
        **frame.overlay,
    }
    text = json.dumps(meta, separators=(",", ":")).encode()
    return _HEADER.pack(len(text), len(jpegs[0]), len(jpegs[1])) + text + jpegs[0] + jpegs[1]


def unpack(message: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    """Metadata, left JPEG and right JPEG of a packed frame."""
    n, left, right = _HEADER.unpack_from(message)
    start = _HEADER.size
    meta = json.loads(message[start : start + n])
    start += n
    return meta, message[start : start + left], message[start + left : start + left + right]
