# SPDX-License-Identifier: Apache-2.0
"""How the endoscope's picture is made: light, tone, noise, texture sizes."""

from dataclasses import dataclass


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
