# SPDX-License-Identifier: Apache-2.0
"""Electrocautery smoke: a seeded, periodic density field in the world, carried by a wind."""

from typing import Any

import numpy as np

from trocar.geometry import Array
from trocar.sim.render.effects import Effects
from trocar.sim.render.noise_field import fractal_noise

_SIZE = 32
_PUFFS = 3.0  # puffs over one period of the field


class Smoke:
    """The field on the GPU: (32, 32, 32) uint8, mean 0.5, periodic in all directions."""

    def __init__(self, context: Any, seed: int, unit: int) -> None:
        """Draw the field from the seed and upload it to a texture unit."""
        rng = np.random.default_rng([seed, 4])
        # Slices of independent noise, blended along the third axis by a periodic kernel.
        slices = np.stack([fractal_noise(_SIZE, (3, 6), rng) for _ in range(_SIZE)])
        wave = np.fft.rfftfreq(_SIZE, 1.0 / _SIZE)
        smooth = np.exp(-0.5 * (wave / 3.0) ** 2)[:, None, None]
        field = np.fft.irfft(np.fft.rfft(slices, axis=0) * smooth, _SIZE, axis=0)
        texels = np.clip(127.5 + 50.0 * field / field.std(), 0, 255).astype(np.uint8)
        self._texture = context.texture3d((_SIZE,) * 3, 1, texels.tobytes())
        self._texture.filter = (context.LINEAR, context.LINEAR)
        self._unit = unit

    def uniforms(self, effects: Effects, R_world_eye: Array, time_s: float) -> dict[str, Any]:
        """What the lens pass needs; binds the field."""
        self._texture.use(self._unit)
        per_metre = 1.0 / (_PUFFS * effects.smoke_size)
        return {
            "density": self._unit,
            "world_from_eye": tuple(float(x) for x in R_world_eye.T.ravel()),
            "drift": tuple(per_metre * time_s * w for w in effects.smoke_wind),
            "smoke": (effects.smoke, per_metre),
        }
