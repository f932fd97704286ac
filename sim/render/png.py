# SPDX-License-Identifier: Apache-2.0
"""PNG files from RGB arrays (ISO/IEC 15948), so that pictures need no image library."""

import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


def write_png(path: str | Path, image_rgb: NDArray[np.uint8]) -> None:
    """Write an image (H, W, 3) uint8; rows are stored as differences, which photographs like."""
    height, width, _ = image_rgb.shape
    rows = image_rgb.reshape(height, -1).astype(np.int16)
    rows[:, 3:] -= image_rgb.reshape(height, -1)[:, :-3]  # filter 1: minus the pixel to the left
    filtered = np.concatenate([np.ones((height, 1), np.uint8), (rows & 255).astype(np.uint8)], 1)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in (
            (b"IHDR", header),
            (b"IDAT", zlib.compress(filtered.tobytes(), 9)),
            (b"IEND", b""),
        ):
            checksum = struct.pack(">I", zlib.crc32(kind + data))
            file.write(struct.pack(">I", len(data)) + kind + data + checksum)
