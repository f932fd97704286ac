# SPDX-License-Identifier: Apache-2.0
"""Truth as pictures for people: depth, ids and flow in colours."""

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
# 0 nothing, 1 to 3 the parts or the first instruments; objects (100 and up) take the last in turn
_NOTHING = [24, 16, 20]
_PARTS = [[70, 130, 220], [240, 170, 60], [90, 200, 120]]
_OBJECTS = [[230, 90, 150], [130, 210, 220], [200, 200, 90], [150, 120, 230], [235, 235, 235]]
_FLOW_FULL = 40.0  # px a frame that are drawn in full colour


def _palette() -> Picture:
    colours = np.array([_NOTHING] * 256, np.uint8)
    for i in range(1, 256):
        row = _PARTS[(i % 10 - 1) % 3] if i < 100 else _OBJECTS[(i - 100) % len(_OBJECTS)]
        colours[i] = row
    return colours


_PALETTE = _palette()


def id_picture(ids: NDArray[np.uint8]) -> Picture:
    """A colour (H, W, 3) for each id of a mask, of `instance` or of `part`."""
    return np.asarray(_PALETTE[ids])


def depth_picture(depth: NDArray[np.float32]) -> Picture:
    """Near is bright."""
    low, high = np.nanpercentile(depth, [1, 99])
    near = np.nan_to_num(np.clip((high - depth) / (high - low), 0.0, 1.0))
    return np.repeat((235.0 * near + 10.0).astype(np.uint8)[..., None], 3, axis=2)


def flow_picture(flow: NDArray[np.float32]) -> Picture:
    """Direction as hue, speed as brightness; unknown is black."""
    angle = np.arctan2(flow[..., 1], flow[..., 0])[..., None]
    phase = angle - np.array([0.0, 2.0, 4.0]) * np.pi / 3.0
    speed = np.minimum(np.linalg.norm(flow, axis=-1) / _FLOW_FULL, 1.0)[..., None]
    colour = 255.0 * np.sqrt(speed) * (0.5 + 0.5 * np.cos(phase))
    return np.nan_to_num(colour).astype(np.uint8)
