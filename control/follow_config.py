# SPDX-License-Identifier: Apache-2.0
"""The figures of tissue following, each with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FollowConfig:
    """Lengths in m, speeds in m/s, times in s.  Frame periods as in design.md, section 2."""

    stand_off: float = 0.010
    clearance: float = 0.006  # extra height while crossing: the tissue round the point is lumpy
    capture: float = 0.0015  # lateral distance at which the descent begins
    escape: float = 0.004  # lateral distance at which it goes back up and across
    # Where the tool goes to be seen: an unseen base is wrong by 15.5 mm at the tip (p95 of 5 mm and
    # 3 deg at the RCM, perception.md), of which 9 mm along any one direction.
    view_distance: float = 0.025
    view_patience: float = 10.0  # then it gives up: the tool is not where the camera looks
    approach_speed: float = 0.030
    speed_max: float = 0.060  # of the tissue; a faster target is not believed
    frame_period: float = 1.0 / 15.0
    extrapolate_periods: float = 2.5
    hold_periods: float = 4.0
    give_up_age: float = 1.0
    sigma_max: float = 0.004  # of the target's position
    settled: float = 0.003  # tip this near to its goal: following, no more approaching

    @property
    def extrapolate_s(self) -> float:
        """Age in s up to which the target is carried with its full velocity."""
        return self.extrapolate_periods * self.frame_period

    @property
    def hold_s(self) -> float:
        """Age in s from which it stands still."""
        return self.hold_periods * self.frame_period
