# SPDX-License-Identifier: Apache-2.0
"""How the endoscope's picture is made: light, tone, noise, texture sizes, effects."""

from dataclasses import dataclass, field

from trocar.errors import ConfigurationError
from trocar.sim.render.effects import Effects, check_number, check_vector

_LIMITS = {
    "lamp_power": (0.0, 10.0),
    "tone_gain": (0.01, 100.0),
    "vignette": (0.0, 1.0),
    "read_noise": (0.0, 1.0),
    "shot_noise": (0.0, 1.0),
    "bump_tiles": (0.1, 100.0),
    "bump_strength": (0.0, 10.0),
}


@dataclass(frozen=True)
class RenderOptions:
    """Light and sensor of the simulated endoscope.  Lengths in m, grey levels in [0, 1].

    lamp_offset: light guide in the left optical frame.
    lamp_power: m^2; a white surface facing it at d has radiance lamp_power / (d^2 + 0.04^2).
    tone_gain: of the shoulder 1 - 2^(-gain x), before gamma 2.
    vignette: loss of light in the picture's corners.
    read_noise, shot_noise: standard deviation in the dark and its growth to full scale; 1.5
    and 2.5 grey levels of 255, assumed for a small endoscope in good light.
    soft: blur like a small lens and its sensor (optics.py); truth is never blurred.
    effects: smoke, blood, shadow and the like (effects.py).
    """

    lamp_offset: tuple[float, float, float] = (0.00207, -0.0035, 0.0)
    lamp_power: float = 0.0085
    tone_gain: float = 2.2
    vignette: float = 0.6
    read_noise: float = 0.006
    shot_noise: float = 0.010
    bump_tiles: float = 6.0
    bump_strength: float = 0.85
    texture_size: int = 1024
    soft: bool = True
    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        for name, (low, high) in _LIMITS.items():
            check_number(f"options.{name}", getattr(self, name), low, high)
        check_vector("options.lamp_offset", self.lamp_offset, 3, -0.1, 0.1)
        size = self.texture_size
        if not isinstance(size, int) or not 64 <= size <= 8192 or size & (size - 1):
            raise ConfigurationError(
                f"options.texture_size is {size!r}; a power of two from 64 to 8192 is needed"
            )
