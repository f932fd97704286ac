# SPDX-License-Identifier: Apache-2.0
"""What the sections of a scene file hold; lengths in m, angles in rad, see the scene files."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class TissueParameters:
    """Shape and motion of the tissue patch; lengths in m, angles in rad, see the scene file."""

    side: float = 0.120
    height: float = 0.0  # of the work point at rest, world z; a bed lies lower
    vertices_per_side: int = 45
    dome_radius: float = 0.30
    lump_count: int = 14
    lump_height: float = 0.0016
    breathing_normal: float = 0.006  # peak to peak
    breathing_lateral: float = 0.0037  # peak to peak
    breathing_hz: float = 0.25
    lateral_lag: float = 0.61
    wavelength: float = 0.40
    growth: float = 0.12
    drift: float = 0.001
    drift_s: float = 10.0


@dataclass(frozen=True)
class ErrorParameters:
    """Magnitudes of the seeded errors: m and rad; directions and signs come from the seed.

    `draw` fixed: exactly so large, on every joint.  challenge: anything up to them, on joints 1 to
    3 alone, as the AMBF Surgical Robotics Challenge has it (up to 5 deg, 5 deg, 5 mm).
    """

    draw: str = field(default="fixed", metadata={"choices": ("fixed", "challenge")})
    base_translation: float = 0.0
    base_rotation: float = 0.0
    joint_bias: float = 0.0
    insertion_bias: float = 0.0


@dataclass(frozen=True)
class EncoderParameters:
    """Per axis (7, jaw last): one count, and 1 sigma of position and velocity noise (rad or m)."""

    resolution: tuple[float, ...] = (0.0,) * 7
    noise: tuple[float, ...] = (0.0,) * 7
    velocity_noise: tuple[float, ...] = (0.0,) * 7


@dataclass(frozen=True)
class DriveParameters:
    """Cables of a PSM, per axis (7, jaw last): `plant/drive_train.hpp`.

    `stiffness` N m/rad, insertion N/m, 0 rigid; `backlash` rad, m: whole width of the gap;
    `settling_s`: in which a stretch is reached.
    """

    stiffness: tuple[float, ...] = (0.0,) * 7
    backlash: tuple[float, ...] = (0.0,) * 7
    settling_s: float = 0.005


@dataclass(frozen=True)
class LinkParameters:
    """Between a PSM and its controller, in lockstep: delays in ms each way, share of packets lost.

    In real time the link is shared memory, which has neither.
    """

    state_delay_ms: int = 0
    command_delay_ms: int = 0
    loss: float = 0.0


@dataclass(frozen=True)
class InstrumentParameters:
    """One pass of the second instrument; `start_s` < 0 means never."""

    start_s: float = -1.0
    duration_s: float = 2.6
    height: float = 0.033
    reach: float = 0.018
    direction: str = field(default="random", metadata={"choices": ("+y", "-y", "random")})
