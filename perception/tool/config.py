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
    prior_jaw: float = 0.3  # opening: cables stretch; renewed every frame where it is not measured
    prior_swell_px: float = 0.7  # outline outside the drawing: wrong dimensions, blur, tone curve
    # Random walk at the control point, per sqrt(s).  The lumped error is nearly constant: this
    # pays for joint biases that turn with the arm while it moves.
    walk_position: float = 3e-4
    walk_rotation: float = math.radians(0.15)
    walk_wrist: float = math.radians(0.1)
    walk_jaw: float = 0.05
    walk_swell_px: float = 0.05
    # Outline samples.
    spacing_px: float = 5.0
    edge_noise_px: float = 0.7  # white, of one sample
    edge_sigma_px: float = 2.0  # as used: neighbours share texture, so 8 samples count as one
    # Constant along a piece of outline: a shape known to 0.1 mm.  Only inflates, see filter.py.
    edge_bias_px: float = 0.8
    gate_sigma: float = 4.0  # innovation of one sample
    min_samples: int = 16  # per eye
    min_share: float = 0.4  # of the predicted samples in view, per eye
    wide_reach_px: float = 200.0  # first search, per image axis
    search_confidence: float = 3.0  # reach of a search over the sigma its samples are given
    prior_gate: float = 36.0  # of the squared Mahalanobis distance from the prior, 9 states
    search_px: tuple[float, ...] = (24.0, 14.0, 8.0)  # outline searches after it; the last follows
    # Segmentation: bounds for the adaptive threshold of chroma over brightness (steel reads up to
    # 0.13 where tissue lights it, yellow fat from 0.18), brightness cap.
    chroma_threshold: tuple[float, float] = (0.08, 0.16)
    brightness_cap: float = 0.55  # linear, smallest channel: above it a grey pixel may be sheen
    min_blob_px: int = 1200  # full-resolution px^2
    mask_margin_px: int = 7  # dilation of the masks handed to the tissue tracker
    slack_px: float = 10.0  # round the prediction, where instrument pixels are our own
    jaw_angle: float = 0.3  # rad, opening assumed where q has no jaw
    # Supervision, s.
    hold_limit: float = 3.0  # without an accepted measurement: LOST
    reinit_after: float = 1.0  # measurements seen but inconsistent: wide search
    max_gap: float = 1.0  # between frames; longer counts as this long for the random walk

    def __post_init__(self) -> None:
        """Refuse values that no tracker can work with."""
        for name in ("prior_position", "prior_rotation", "edge_sigma_px", "spacing_px"):
            if not getattr(self, name) > 0.0:
                raise ConfigurationError(
                    f"tool tracker: {name} is {getattr(self, name)!r}, must be positive"
                )
        if not self.search_px or min(self.search_px) < 2.0:
            raise ConfigurationError(
                f"tool tracker: search_px is {self.search_px!r}, needs one value or more, each >= 2"
            )
