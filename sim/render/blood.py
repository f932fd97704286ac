# SPDX-License-Identifier: Apache-2.0
"""Blood on the tissue: a film that leaves a source at a constant rate and spreads.

Volume is kept: rate * time = area * film.  The outline is ragged by a seeded noise and reaches
further downhill.  It is a stain in the tissue's skin: it moves with the tissue and has no depth.
"""

import math
from typing import Any

import numpy as np

from trocar.sim.render.effects import Effects
from trocar.sim.render.noise_field import fractal_noise
from trocar.sim.tissue import BreathingTissue

UNIT = 2  # texture unit of the noise
_SIZE = 128
_LONGER = 1.35  # area of the outline (with its downhill lobe) over pi r^2, at the mean noise


class BloodStain:
    """The stain of one cell; its noise goes up when the first blood flows."""

    def __init__(self, context: Any, tissue: BreathingTissue, seed: int) -> None:
        """Nothing is uploaded yet."""
        self._context, self._tissue, self._seed = context, tissue, seed
        self._ragged: Any = None

    def radius(self, effects: Effects, time_s: float) -> float:
        """Mean radius in m at a time, 0 before it starts."""
        volume = effects.blood_rate * max(0.0, time_s - effects.blood_start_s)
        return math.sqrt(volume / effects.blood_film / (math.pi * _LONGER))

    def uniforms(self, effects: Effects, time_s: float) -> dict[str, Any]:
        """What the tissue's shader needs; empty where nothing has flowed."""
        radius = self.radius(effects, time_s)
        if radius <= 0.0:
            return {}
        if self._ragged is None:
            noise = fractal_noise(_SIZE, (4, 8, 16), np.random.default_rng([self._seed, 5]))
            texels = np.clip(127.5 + 42.0 * noise, 0, 255).astype(np.uint8)
            self._ragged = self._context.texture((_SIZE, _SIZE), 1, texels.tobytes())
            self._ragged.filter = (self._context.LINEAR, self._context.LINEAR)
        self._ragged.use(UNIT)
        side = self._tissue.parameters.side
        normal = self._tissue.normal(effects.blood_uv, 0.0)
        slope = np.hypot(normal[0], normal[1])
        downhill = normal[:2] / slope if slope > 1e-9 else np.zeros(2)
        return {
            "ragged": UNIT,
            "blood": (*effects.blood_uv, radius / side, 0.0),
            "downhill": tuple(downhill),
        }
