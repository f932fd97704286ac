# SPDX-License-Identifier: Apache-2.0
"""Pictures and per-pixel truth as PNG files, and back: lossless, each with its unit in its name.

depth: uint16 in 10 um, 0 unknown, to 655.35 mm.  flow: three uint16 as in KITTI's flow, which
is u, v in 1/64 px plus 2^15, and 1 where known.
"""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError

DEPTH_UNIT = 1e-5  # m a count
FLOW_UNIT = 1.0 / 64.0  # px a count
_FLOW_ZERO = 2**15
# Noise has no repetitions to look for: Huffman codes alone are smaller than any level up to 6, and
# take half the time.  Depth is smooth, masks are runs.
_NOISY = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
_SMOOTH = [cv2.IMWRITE_PNG_COMPRESSION, 4]
_RUNS = [cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]


def encode_rgb(image_rgb: NDArray[np.uint8]) -> bytes:
    """PNG of (H, W, 3) uint8 RGB."""
    return _png(np.ascontiguousarray(image_rgb[..., ::-1]), _NOISY)


def encode_ids(ids: NDArray[np.uint8]) -> bytes:
    """PNG of (H, W) uint8."""
    return _png(np.ascontiguousarray(ids), _RUNS)


def encode_depth(depth: NDArray[np.float32]) -> bytes:
    """PNG of (H, W) m, NaN unknown."""
    counts = np.rint(np.nan_to_num(depth / DEPTH_UNIT, nan=0.0, posinf=0.0))
    known = (counts >= 1.0) & (counts <= 65535.0)
    return _png(np.where(known, counts, 0.0).astype(np.uint16), _SMOOTH)


def encode_flow(flow: NDArray[np.float32]) -> bytes:
    """PNG of (H, W, 2) px, NaN unknown; what moves more than 511 px is unknown too."""
    counts = np.rint(flow / FLOW_UNIT) + _FLOW_ZERO
    known = np.isfinite(counts).all(-1) & (counts >= 0).all(-1) & (counts <= 65535).all(-1)
    stored = np.where(known[..., None], np.nan_to_num(counts), 0.0)
    stored = np.dstack([known, stored[..., 1], stored[..., 0]])  # OpenCV's order: blue is first
    return _png(stored.astype(np.uint16), _SMOOTH)


def read_rgb(path: str | Path) -> NDArray[np.uint8]:
    """(H, W, 3) uint8 RGB."""
    return np.ascontiguousarray(_read(path, cv2.IMREAD_COLOR)[..., ::-1])


def read_ids(path: str | Path) -> NDArray[np.uint8]:
    """(H, W) uint8."""
    return np.asarray(_read(path, cv2.IMREAD_UNCHANGED), np.uint8)


def read_depth(path: str | Path) -> NDArray[np.float32]:
    """(H, W) float32 in m, NaN unknown."""
    counts = _read(path, cv2.IMREAD_UNCHANGED)
    return np.where(counts == 0, np.nan, counts * DEPTH_UNIT).astype(np.float32)


def read_flow(path: str | Path) -> NDArray[np.float32]:
    """(H, W, 2) float32 in px, NaN unknown."""
    stored = _read(path, cv2.IMREAD_UNCHANGED)
    flow = (stored[..., :0:-1].astype(np.float32) - _FLOW_ZERO) * FLOW_UNIT
    flow[stored[..., 0] == 0] = np.nan
    return flow


def _png(image: NDArray[Any], how: list[int]) -> bytes:
    ok, data = cv2.imencode(".png", image, how)
    assert ok  # the types above are all that PNG can hold
    return bytes(data.tobytes())


def _read(path: str | Path, how: int) -> NDArray[Any]:
    image = cv2.imread(str(path), how)
    if image is None:
        raise ConfigurationError(f"{path}: no readable picture; trocar sim generate --check DIR")
    return np.asarray(image)
