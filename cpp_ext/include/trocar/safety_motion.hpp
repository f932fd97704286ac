// SPDX-License-Identifier: Apache-2.0
/// While powered: does the arm do what it was told, and no more than it may?
#pragma once

#include <algorithm>

#include "trocar/arm_config.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/elapsed.hpp"
#include "trocar/safety_finding.hpp"

namespace trocar {

class MotionWatch {
 public:
  explicit MotionWatch(const ArmConfig& config)
      : tracking_error_max_(config.tracking_error_max),
        speed_max_(config.safety.overspeed_margin * config.velocity_max),
        acceleration_max_(
            config.safety.overacceleration_margin *
            config.acceleration_max.cwiseMax(config.velocity_max / config.stop_time_s)),
        effort_max_(config.safety.overeffort_margin * config.effort_max),
        late_(config.tracking_error_ticks) {}

  void reset() {
    late_.reset();
    fast_.reset();
    hard_.reset();
    strong_.reset();
    has_last_ = false;
  }

  /// Against the set-point of the last tick.
  Finding check(const MeasuredState& m, const std::array<AxisState, kNumAxes>& setpoint) {
    const double dt = std::clamp(elapsed_s(m.stamp_ns, last_ns_), kTickS, kLongest);
    Finding first;
    const auto add = [&](Fault fault, int axis) {
      if (!first) first = {fault, axis};
    };
    for (int i = 0; i < kNumAxes; ++i) {
      if (late_.add(i, std::abs(setpoint[i].q - m.q[i]) > tracking_error_max_[i]))
        add(Fault::kTrackingError, i);
      if (fast_.add(i, std::abs(m.qd[i]) > speed_max_[i])) add(Fault::kOverspeed, i);
      const bool hard = has_last_ && std::abs(m.qd[i] - last_qd_[i]) > acceleration_max_[i] * dt;
      if (hard_.add(i, hard)) add(Fault::kOveracceleration, i);
      if (strong_.add(i, std::abs(m.tau[i]) > effort_max_[i])) add(Fault::kOvereffort, i);
    }
    last_qd_ = m.qd;
    last_ns_ = m.stamp_ns;
    has_last_ = true;
    return first;
  }

 private:
  static constexpr double kLongest = 0.05;  // s
  Vec7 tracking_error_max_, speed_max_, acceleration_max_, effort_max_;
  Debounce late_;
  Debounce fast_{kOverspeedTicks};
  Debounce hard_{kOveraccelerationTicks};
  Debounce strong_{kOvereffortTicks};
  Axes last_qd_{};
  std::int64_t last_ns_ = 0;
  bool has_last_ = false;
};

}  // namespace trocar
