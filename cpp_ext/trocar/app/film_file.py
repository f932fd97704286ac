# SPDX-License-Identifier: Apache-2.0
"""An MP4 file that appears whole: frames go into a hidden one beside it, which is checked first."""

import os
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.errors import ConfigurationError, TrocarError

CODEC = "mp4v"  # MPEG-4 Part 2: in every build of OpenCV, played nearly everywhere
SUFFIX = ".mp4"


class FilmError(TrocarError):
    """The film could not be written, or does not play back."""


class FilmFile:
    """Takes pictures (H, W, 3) uint8 RGB of one size; nothing is at `path` before `finish`."""

    def __init__(self, path: Path, fps: float) -> None:
        """Refuse a path that cannot be written; the first picture decides the size."""
        if path.suffix.lower() != SUFFIX:
            raise ConfigurationError(f"film {path}: name it *{SUFFIX}, the only kind written")
        if path.is_dir() or not path.parent.is_dir():
            what = "is a folder" if path.is_dir() else "its folder does not exist"
            raise ConfigurationError(f"film {path}: {what}; name a file in an existing folder")
        self._path = path
        self._partial = path.with_name(f".{path.stem}.partial{SUFFIX}")
        try:
            self._partial.touch()
        except OSError as error:
            raise ConfigurationError(
                f"film {path}: {error.strerror}; name a file that can be written"
            ) from error
        self._fps = fps
        self._size: tuple[int, int] | None = None  # width, height
        self._writer: cv2.VideoWriter | None = None
        self.frames = 0

    def add(self, image_rgb: NDArray[np.uint8]) -> None:
        """One more picture."""
        height, width, _ = image_rgb.shape
        if self._writer is None:
            code = cv2.VideoWriter.fourcc(*CODEC)
            self._size = (width, height)
            self._writer = cv2.VideoWriter(str(self._partial), code, self._fps, self._size)
            if not self._writer.isOpened():
                self.abandon()
                raise FilmError(f"film {self._path}: this OpenCV has no encoder for {CODEC}")
        if (width, height) != self._size:
            raise ValueError(f"film: a picture of {width}x{height}, expected {self._size}")
        self._writer.write(np.ascontiguousarray(image_rgb[..., ::-1]))
        self.frames += 1

    def finish(self) -> int:
        """Close the film, play it through and put it in its place; how many frames it has.

        FilmError where it does not play back whole: the disk is full, as a rule.
        """
        self._close()
        played = _played(self._partial) if self.frames else 0
        if not self.frames or played != self.frames:
            self.abandon()
            raise FilmError(
                f"film {self._path}: {played} of {self.frames} frames play back; nothing is kept "
                "(is the disk full?)"
            )
        os.replace(self._partial, self._path)
        return self.frames

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._close()
        self._partial.unlink(missing_ok=True)

    def _close(self) -> None:
        if self._writer is not None:
            self._writer.release()
        self._writer = None


def _played(path: Path) -> int:
    capture = cv2.VideoCapture(str(path))
    count = 0
    while capture.grab():
        count += 1
    capture.release()
    return count
