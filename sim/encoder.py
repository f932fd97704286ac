# SPDX-License-Identifier: Apache-2.0
"""Encoders: measured = true + bias + noise, rounded to a count.

Speed is measured by the encoder's period (as the dVRK's controllers do), not by differences, so
it has noise of its own and no count.  Arrays (7,): rad, insertion m; the jaw is last.
"""

import numpy as np
from numpy.typing import ArrayLike

from trocar.geometry import Array
from trocar.sim.scene_parameters import EncoderParameters


class Encoders:
    """The seven encoders of one arm; noise comes from the generator passed in."""

    def __init__(
        self, parameters: EncoderParameters, bias: ArrayLike, rng: np.random.Generator
    ) -> None:
        """`bias` (7,) is added to every position."""
        self._bias = np.asarray(bias, dtype=float)
        self._noise = np.array([parameters.noise, parameters.velocity_noise])
        counts = np.array(parameters.resolution)
        self._rounded = counts > 0.0
        self._count = np.where(self._rounded, counts, 1.0)
        self._rng = rng

    def read(self, q: Array, qd: Array) -> tuple[Array, Array]:
        """Measured position and speed for the true ones; draws fresh noise."""
        noise = self._noise * self._rng.standard_normal(self._noise.shape)
        position = q + self._bias + noise[0]
        counted = np.round(position / self._count) * self._count
        return np.where(self._rounded, counted, position), qd + noise[1]
