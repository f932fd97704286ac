# SPDX-License-Identifier: Apache-2.0
"""Tuning of the tool tracker: every number with its unit and its reason."""

import math
from dataclasses import dataclass

from trocar.errors import ConfigurationError


@dataclass(frozen=True)
class ToolTrackerConfig:
    """Standard deviations are one sigma; `_px` are full-resolution pixels, the rest SI."""

    # Prior of the lumped error, per axis, at the base origin (RCM): set-up joints are commonly
    # off by 5-10 mm and several degrees.
    prior_position: float = 0.005
    prior_rotation: float = math.radians(3.0)
    prior_wrist: float = math.radians(1.0)  # bias of wrist pitch and of wrist yaw
    # Random walk at the control point, per sqrt(s).  The lumped error is nearly constant: this
    # pays for joint biases that turn with the arm while it moves.
    walk_position: float = 3e-4
    walk_rotation: float = math.radians(0.15)
    walk_wrist: float = math.radians(0.1)
    # Measurements: white part (filtered) and constant part (only inflates, see filter.py).
    edge_sigma_px: float = 0.35
    edge_bias_px: float = 0.25
    coarse_edge_sigma_px: float = 2.0
    tip_sigma_px: float = 2.0
    tip_bias_px: float = 2.0
    coarse_tip_sigma_px: float = 6.0
    gate_sigma: float = 3.5  # Mahalanobis, per scalar
    # Sampling of the shaft edges.
    stations: int = 40  # per edge
    shaft_clearance: float = 0.0075  # m, wrist-pitch axis to the first station: clear of the clevis
    shaft_reach: float = 0.060  # m, how far back along the shaft stations are laid
    search_px: tuple[float, float] = (6.0, 14.0)  # half width of the profile across an edge
    min_stations: int = 10  # fewer sound stations on an edge: the edge is not seen
    # The tip.
    jaw_angle: float = 0.0  # rad, opening assumed where q has no jaw
    # Segmentation: bounds for the adaptive threshold of chroma over brightness, brightness cap.
    chroma_threshold: tuple[float, float] = (0.06, 0.22)
    brightness_cap: float = 0.55  # linear, smallest channel: above it a grey pixel may be sheen
    min_blob_px: int = 1200  # full-resolution px^2
    mask_margin_px: int = 7  # dilation of the masks handed to the tissue tracker
    # Supervision, s.
    hold_limit: float = 3.0  # without an accepted measurement: LOST
    reinit_after: float = 1.0  # measurements seen but inconsistent: wide search
    max_gap: float = 1.0  # between frames; longer counts as this long for the random walk

    def __post_init__(self) -> None:
        """Refuse values that no tracker can work with."""
        for name in ("prior_position", "prior_rotation", "edge_sigma_px", "tip_sigma_px"):
            if not getattr(self, name) > 0.0:
                raise ConfigurationError(
                    f"tool tracker: {name} is {getattr(self, name)!r}, must be positive"
                )
        if self.stations < 2 * self.min_stations:
            raise ConfigurationError(
                f"tool tracker: stations is {self.stations}, must be at least twice "
                f"min_stations ({self.min_stations})"
            )
