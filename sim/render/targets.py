# SPDX-License-Identifier: Apache-2.0
"""The framebuffers a stereo frame is read from: left above right, truth beside colour."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from trocar.camera import Intrinsics
from trocar.sim.render.frame import EyeTruth

_UNKNOWN = 1e6  # px; what the shaders write where the neighbour does not know the surface


class StereoTargets:
    """Colour alone, with depth and ids, or with flow as well; they share the colour buffer."""

    def __init__(self, context: Any, eye: Intrinsics) -> None:
        """Reserve the buffers for two eyes of this size."""
        self._shape = (2, eye.height, eye.width)
        size = (eye.width, 2 * eye.height)
        colour, depth = context.renderbuffer(size, 3), context.depth_renderbuffer(size)
        data, flow = (context.renderbuffer(size, 2, dtype="f4") for _ in range(2))
        self._colour = context.framebuffer([colour], depth)
        self._truth = context.framebuffer([colour, data], depth)
        self._flow = context.framebuffer([colour, data, flow], depth)

    def choose(self, truth: bool, flow: bool) -> Any:
        """The framebuffer for what was asked."""
        return self._flow if flow else self._truth if truth else self._colour

    def colour(self) -> NDArray[np.uint8]:
        """Both pictures (2, H, W, 3) uint8."""
        pixels = np.frombuffer(self._colour.read(components=3), np.uint8)
        return pixels.reshape(*self._shape, 3)

    def truth(self, with_flow: bool) -> list[EyeTruth]:
        """Truth of both eyes."""
        data = self._read(1)
        flow = self._read(2) if with_flow else (None, None)
        return [_eye_truth(d, f) for d, f in zip(data, flow, strict=True)]

    def _read(self, attachment: int) -> NDArray[np.float32]:
        source = self._flow if attachment == 2 else self._truth
        raw = source.read(components=2, attachment=attachment, dtype="f4")
        return np.frombuffer(raw, np.float32).reshape(*self._shape, 2)


def _eye_truth(data: NDArray[np.float32], flow: NDArray[np.float32] | None) -> EyeTruth:
    depth = data[..., 0].copy()
    depth[depth == 0.0] = np.nan
    if flow is not None:
        flow = flow.copy()
        known = (np.abs(flow).max(-1) < _UNKNOWN) & np.isfinite(depth)
        flow[~known] = np.nan
    return EyeTruth(depth, data[..., 1].astype(np.uint8), flow)
