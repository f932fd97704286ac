# SPDX-License-Identifier: Apache-2.0
"""What disturbs the endoscope's picture beyond light and noise.  Everything is off by default.

Lens distortion is not here: it is the rig's (`Intrinsics.distortion`), because whoever rectifies
needs the same numbers.
"""

import math
from dataclasses import dataclass

from trocar.errors import ConfigurationError

# name: lowest, highest, unit; what lies outside is refused
_LIMITS = {
    "exposure_ev": (-10.0, 10.0, "stops"),
    "gain_db": (0.0, 42.0, "dB"),
    "wetness": (0.0, 4.0, ""),
    "shadow": (0.0, 1.0, ""),
    "shutter_s": (0.0, 0.1, "s"),
    "smoke": (0.0, 200.0, "1/m"),
    "smoke_size": (0.002, 0.2, "m"),
    "blood_rate": (0.0, 1e-5, "m3/s"),
    "blood_film": (5e-5, 5e-3, "m"),
    "blood_start_s": (-1e6, 1e6, "s"),
    "fog": (0.0, 1.0, ""),
}


def check_number(where: str, value: object, low: float, high: float, unit: str = "") -> None:
    """Refuse what is no finite number in [low, high], in one line."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or not low <= value <= high:  # type: ignore[arg-type,operator]
        raise ConfigurationError(
            f"{where} is {value!r}; allowed {low:g} to {high:g} {unit}".rstrip()
        )


def check_vector(where: str, value: object, count: int, low: float, high: float) -> None:
    """Refuse what is no sequence of `count` finite numbers in [low, high]."""
    if not isinstance(value, (tuple, list)) or len(value) != count:
        raise ConfigurationError(f"{where} is {value!r}; {count} numbers are needed")
    for i, x in enumerate(value):
        check_number(f"{where}[{i}]", x, low, high)


@dataclass(frozen=True)
class Effects:
    """Disturbances of the picture; all are functions of parameters, seed and time alone.

    exposure_ev: stops over (under) the default light; gain_db: amplification of signal and noise.
    wetness: factor on the highlights of the tissue.
    shadow: share of light that instruments and objects take from tissue and objects behind them
    (the lamp stands beside the lens).
    shutter_s: time over which motion is smeared; needs `neighbour` in `render`.
    smoke: mean extinction in 1/m (10 is a haze over 7 cm, 40 hides the work); smoke_size: m, of its
    puffs; smoke_wind: m/s, world.
    blood_rate: m3/s leaving the tissue at blood_uv from blood_start_s on, spreading as a film
    blood_film thick: area = rate * time / film, longer downhill.
    fog: share of the picture's light scattered by a misted lens.
    """

    exposure_ev: float = 0.0
    gain_db: float = 0.0
    wetness: float = 1.0
    shadow: float = 0.0
    shutter_s: float = 0.0
    smoke: float = 0.0
    smoke_size: float = 0.03
    smoke_wind: tuple[float, float, float] = (0.006, 0.002, 0.009)
    blood_rate: float = 0.0
    blood_uv: tuple[float, float] = (0.5, 0.5)
    blood_start_s: float = 0.0
    blood_film: float = 4e-4
    fog: float = 0.0

    def __post_init__(self) -> None:
        """Refuse values without meaning."""
        for name, (low, high, unit) in _LIMITS.items():
            check_number(f"effects.{name}", getattr(self, name), low, high, unit)
        check_vector("effects.smoke_wind", self.smoke_wind, 3, -1.0, 1.0)
        check_vector("effects.blood_uv", self.blood_uv, 2, 0.0, 1.0)

    @property
    def needs_lens_pass(self) -> bool:
        """Whether a second pass over the finished picture is needed."""
        return bool(self.shutter_s or self.smoke or self.fog)

    def active(self) -> list[str]:
        """Names of the effects that change the picture."""
        neutral = Effects()
        names = (
            "exposure_ev",
            "gain_db",
            "wetness",
            "shadow",
            "shutter_s",
            "smoke",
            "blood_rate",
            "fog",
        )
        return [n for n in names if getattr(self, n) != getattr(neutral, n)]
