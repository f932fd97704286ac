// SPDX-License-Identifier: Apache-2.0
/// Last in the tick: may this output leave?  An error of the code must not reach the arm.
#pragma once

#include <algorithm>

#include "trocar/arm_config.hpp"
#include "trocar/safety_finding.hpp"

namespace trocar {

class OutputWatch {
 public:
  explicit OutputWatch(const ArmConfig& config)
      : q_min_(config.q_min),
        q_max_(config.q_max),
        velocity_max_(config.velocity_max),
        effort_max_(config.effort_max),
        step_max_(config.safety.setpoint_margin * kTickS * config.velocity_max),
        change_max_(config.safety.setpoint_margin * kTickS *
                    config.acceleration_max.cwiseMax(config.velocity_max / config.stop_time_s)),
        at_limit_max_(config.effort_limit_ticks) {}

  void reset() {
    at_limit_.fill(0);
    has_last_ = false;
  }

  /// The set-point legitimately starts anew elsewhere (where the arm is): no step to judge.
  void rebase() { has_last_ = false; }

  /// Before it is sent.
  Finding check(const TorqueCommand& c) {
    if (const int axis = not_finite(c); axis >= 0) return {Fault::kNonFinite, axis};
    for (int i = 0; i < kNumAxes; ++i) {
      if (beyond_limits(c, i)) return {Fault::kOutputLimit, i};
      if (has_last_ && jumped(c, i)) return {Fault::kSetpointJump, i};
      at_limit_[i] =
          std::abs(c.torque[i]) >= (1.0 - kRounding) * effort_max_[i] ? at_limit_[i] + 1 : 0;
    }
    last_q_ = c.setpoint_q;
    last_qd_ = c.setpoint_qd;
    has_last_ = true;
    return {};
  }

  /// Of the outputs sent so far; looked at in the next tick.
  Finding check_effort() const {
    for (int i = 0; i < kNumAxes; ++i) {
      if (at_limit_[i] >= at_limit_max_) return {Fault::kEffortLimit, i};
    }
    return {};
  }

 private:
  static constexpr double kRounding = 1e-9;

  static int not_finite(const TorqueCommand& c) {
    return std::max({first_not_finite(c.torque), first_not_finite(c.setpoint_q),
                     first_not_finite(c.setpoint_qd)});
  }

  bool beyond_limits(const TorqueCommand& c, int i) const {
    if (std::abs(c.torque[i]) > (1.0 + kRounding) * effort_max_[i]) return true;
    if (std::abs(c.setpoint_qd[i]) > (1.0 + kRounding) * velocity_max_[i]) return true;
    // Outside the range (where the arm was found there) it may come back, not go on.
    const double q = c.setpoint_q[i], before = has_last_ ? last_q_[i] : q;
    return q < std::min(q_min_[i], before) - kRounding ||
           q > std::max(q_max_[i], before) + kRounding;
  }

  bool jumped(const TorqueCommand& c, int i) const {
    return std::abs(c.setpoint_q[i] - last_q_[i]) > step_max_[i] ||
           std::abs(c.setpoint_qd[i] - last_qd_[i]) > change_max_[i];
  }

  Vec7 q_min_, q_max_, velocity_max_, effort_max_;
  Vec7 step_max_;    // rad, m in one tick
  Vec7 change_max_;  // rad/s, m/s in one tick
  int at_limit_max_;
  std::array<int, kNumAxes> at_limit_{};
  Axes last_q_{};
  Axes last_qd_{};
  bool has_last_ = false;
};

}  // namespace trocar
