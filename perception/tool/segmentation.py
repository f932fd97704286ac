# SPDX-License-Identifier: Apache-2.0
"""Instrument from tissue by colour: tissue is reddish, instruments are grey or dark.

The measure is linear chroma C = R - (G + B) / 2 in linear light.  It is linear in the mix of
two materials inside one pixel, so an edge found at its mid level is unbiased (saturation
is a ratio and moves the edge by 0.6-0.8 px).  White sheen on wet tissue clips to grey and
would join the instrument: grey pixels brighter than a cap are left out, and holes inside a
blob are filled afterwards, which brings back glints on the metal.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from trocar.perception.interfaces import Mask
from trocar.perception.tool.config import ToolTrackerConfig

Image32 = NDArray[np.float32]

INSTRUMENT = 255  # label of an instrument pixel of unknown part (perception/interfaces.py)
_DARK = 0.01  # linear brightness added below the ratio, so that noise in the dark reads grey


def _linear_table() -> Image32:
    """Linear light (256,) of sRGB codes (IEC 61966-2-1)."""
    c = np.arange(256) / 255.0
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4).astype(np.float32)


_LINEAR = _linear_table()
_CHROMA = np.array([[1.0, -0.5, -0.5]], np.float32)


@dataclass(frozen=True)
class Segmentation:
    """One eye: `chroma` (H, W) float32 linear; `blobs` (H/2, W/2) int32, 0 = none, and their areas.

    `areas` (n + 1,) in half-resolution px^2, index = label; `threshold` on chroma over brightness.
    """

    chroma: Image32
    blobs: NDArray[np.int32]
    areas: NDArray[np.int64]
    threshold: float

    @property
    def mask(self) -> Mask:
        """Instrument pixels (H, W)."""
        small = (self.blobs > 0).astype(np.uint8)
        h, w = self.chroma.shape
        return cv2.resize(small, (w, h), interpolation=cv2.INTER_NEAREST).astype(bool)


def linear_chroma(image_rgb: NDArray[np.uint8]) -> tuple[Image32, Image32]:
    """Linear light (H, W, 3) and chroma (H, W) of an sRGB image."""
    linear = cv2.LUT(image_rgb, _LINEAR)
    return linear, cv2.transform(linear, _CHROMA).reshape(linear.shape[:2])


def _classify(linear: Image32, threshold: float, cap: float) -> NDArray[np.uint8]:
    red, green, blue = cv2.split(linear)
    floor = cv2.min(cv2.min(red, green), blue)
    return ((_ratio(red, green, blue) < threshold) & (floor < cap)).astype(np.uint8)


def _ratio(red: Image32, green: Image32, blue: Image32) -> Image32:
    return (red - 0.5 * (green + blue)) / (red + green + blue + _DARK)


class ChromaSegmenter:
    """Finds instrument blobs of one image; a `Segmenter` without parts."""

    def __init__(self, config: ToolTrackerConfig | None = None) -> None:
        """Keep the bounds; there is no state between images."""
        self._config = config or ToolTrackerConfig()

    def segment(self, image_rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Labels (H, W): 0 tissue, 255 instrument."""
        return self.analyse(image_rgb).mask.astype(np.uint8) * INSTRUMENT

    def analyse(self, image_rgb: NDArray[np.uint8]) -> Segmentation:
        """Chroma at full and blobs at half resolution of an (H, W, 3) sRGB image."""
        linear, chroma = linear_chroma(image_rgb)
        h, w = chroma.shape
        small = cv2.resize(linear, (w // 2, h // 2), interpolation=cv2.INTER_AREA)
        threshold = self._threshold(_ratio(*cv2.split(small)))
        blobs, areas = self._blobs(_classify(small, threshold, self._config.brightness_cap))
        return Segmentation(chroma, blobs, areas, threshold)

    def _threshold(self, ratio: Image32) -> float:
        """Otsu's threshold twice, kept inside the configured bounds: there may be one class only.

        The first splits red from pale tissue, the second pale tissue from instrument.
        """
        low, high = self._config.chroma_threshold
        codes = np.clip(ratio * 400.0, 0.0, 255.0).astype(np.uint8).ravel()
        otsu, _ = cv2.threshold(codes, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        pale = codes[codes <= otsu]
        if len(pale):
            otsu, _ = cv2.threshold(pale, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
        return float(np.clip(otsu / 400.0, low, high))

    def _blobs(self, grey: NDArray[np.uint8]) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        opened = cv2.morphologyEx(grey, cv2.MORPH_OPEN, _KERNEL)
        contours, _ = cv2.findContours(opened, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        blobs = np.zeros(grey.shape, np.int32)
        areas = [0]
        for contour in contours:
            area = cv2.contourArea(contour)
            if 4.0 * area >= self._config.min_blob_px:
                cv2.drawContours(blobs, [contour], -1, len(areas), cv2.FILLED)
                areas.append(int(area))
        return blobs, np.array(areas, np.int64)


_KERNEL = np.ones((3, 3), np.uint8)
