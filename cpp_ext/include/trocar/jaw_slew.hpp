// SPDX-License-Identifier: Apache-2.0
/// The jaw after the operator's grip, at two speeds: slow while it re-matches after a clutch, when
/// grip and jaw disagree and the operator does not expect the jaw to snap; fast otherwise (dVRK
/// teleoperation: 36 and 720 deg/s, jaw_rate_back_from_clutch and jaw_rate).
#pragma once

#include <algorithm>

#include "trocar/shaping_status.hpp"

namespace trocar {

class JawSlew {
 public:
  static constexpr double kRate = 4.0 * 3.14159265358979323846;         // rad/s, 720 deg/s
  static constexpr double kRematchRate = 0.2 * 3.14159265358979323846;  // rad/s, 36 deg/s
  static constexpr double kLongestStep = 0.05;  // s; a longer gap counts as this much

  /// From the jaw's own angle (rad), re-matching until the target is met.
  ShapingStatus engage(double jaw) {
    if (!std::isfinite(jaw)) return ShapingStatus::kNotFinite;
    if (std::abs(jaw) > kLargestAngle) return ShapingStatus::kTooFar;
    angle_ = jaw;
    rematching_ = engaged_ = true;
    return ShapingStatus::kOk;
  }

  /// Towards `target` (rad) for `dt` (s); kGap: dt was cut to kLongestStep.
  ShapingStatus step(double target, double dt) {
    if (!engaged_) return ShapingStatus::kNotEngaged;
    if (!std::isfinite(target) || !std::isfinite(dt)) return ShapingStatus::kNotFinite;
    if (std::abs(target) > kLargestAngle) return ShapingStatus::kTooFar;
    if (dt < 0.0) return ShapingStatus::kNotLater;
    const double reach = (rematching_ ? kRematchRate : kRate) * std::min(dt, kLongestStep);
    if (std::abs(target - angle_) <= reach) {
      angle_ = target;
      rematching_ = false;
    } else {
      angle_ += std::copysign(reach, target - angle_);
    }
    return dt > kLongestStep ? ShapingStatus::kGap : ShapingStatus::kOk;
  }

  /// Where the jaw could not follow: on from there (rad), matched or not as before.
  ShapingStatus pull_to(double jaw) {
    if (!engaged_) return ShapingStatus::kNotEngaged;
    if (!std::isfinite(jaw)) return ShapingStatus::kNotFinite;
    if (std::abs(jaw) > kLargestAngle) return ShapingStatus::kTooFar;
    angle_ = jaw;
    return ShapingStatus::kOk;
  }

  double angle() const { return angle_; }
  bool is_rematching() const { return rematching_; }

 private:
  double angle_ = 0.0;
  bool rematching_ = false;
  bool engaged_ = false;
};

}  // namespace trocar
