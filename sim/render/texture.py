# SPDX-License-Identifier: Apache-2.0
"""The tissue's skin: albedo with vessels and mottling, wetness, and a bump map.

All of it is made here from a seed.  Colours are linear-light reflectances between muscle,
peritoneum and fat, chosen so that hue, saturation and contrast come near those of a real
laparoscopic picture (README, "The endoscope").
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trocar.sim.render.noise_field import Field, fractal_noise
from trocar.sim.render.vessels import vessel_map

PINK = np.array([0.56, 0.150, 0.205], dtype=np.float32)
DEEP = np.array([0.31, 0.035, 0.062], dtype=np.float32)
PALE = np.array([0.74, 0.40, 0.42], dtype=np.float32)
ARTERY = np.array([0.27, 0.015, 0.02], dtype=np.float32)
VEIN = np.array([0.16, 0.045, 0.110], dtype=np.float32)


@dataclass(frozen=True)
class TissueTexture:
    """albedo (S, S, 4) uint8: sqrt of linear RGB, then wetness; bump (B, B, 2) uint8: slopes."""

    albedo: NDArray[np.uint8]
    bump: NDArray[np.uint8]


def _blend(base: Field, colour: NDArray[np.float32], amount: Field) -> Field:
    return base + amount[..., None] * (colour - base)


def _step(x: Field, low: float, high: float) -> Field:
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), dtype=np.float32)


def tissue_texture(
    rng: np.random.Generator, size: int = 1024, bump_size: int = 256
) -> TissueTexture:
    """Draw one tissue skin; `size` px cover uv = [0, 1], the bump map is tiled over it."""
    regions = fractal_noise(size, (3, 6, 12, 24), rng)
    mottle = fractal_noise(size, (size // 16, size // 8, size // 4), rng, falloff=0.9)
    fat = fractal_noise(size, (5, 10, 20, 40), rng)
    colour = np.broadcast_to(PINK, (size, size, 3)).astype(np.float32)
    colour = _blend(colour, DEEP, 0.90 * _step(regions, -0.4, 1.4))
    colour = _blend(colour, PALE, 0.9 * _step(fat + 0.35 * mottle, 0.7, 1.5))
    veins = vessel_map(size, 7, size / 230.0, rng)
    arteries = vessel_map(size, 22, size / 400.0, rng)
    capillaries = vessel_map(size, 240, 1.0, rng)
    colour = _blend(colour, VEIN, 0.62 * veins)
    colour = _blend(colour, ARTERY, 0.80 * arteries)
    colour = _blend(colour, ARTERY, 0.45 * capillaries)
    grain = rng.standard_normal((size, size), dtype=np.float32)
    colour *= np.exp(0.15 * mottle + 0.07 * grain)[..., None]
    wet = np.clip(0.55 + 0.3 * fractal_noise(size, (16, 32, 64), rng), 0.05, 1.0)
    stored = np.concatenate([np.sqrt(np.clip(colour, 0.0, 1.0)), wet[..., None]], axis=2)
    return TissueTexture((255.0 * stored + 0.5).astype(np.uint8), _bump(bump_size, rng))


def _bump(size: int, rng: np.random.Generator) -> NDArray[np.uint8]:
    height = fractal_noise(size, (size // 32, size // 16, size // 8), rng, falloff=0.5)
    slopes = np.stack([np.roll(height, -1, axis) - np.roll(height, 1, axis) for axis in (1, 0)], -1)
    return np.asarray(np.clip(127.5 + 44.0 * slopes / slopes.std(), 0.0, 255.0).astype(np.uint8))
