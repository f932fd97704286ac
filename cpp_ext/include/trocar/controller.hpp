// SPDX-License-Identifier: Apache-2.0
/// Joint-space computed torque with a bounded integral.
///
/// tau = RNEA(q, qd_ref, qdd_ref + w^2 e + 2 z w ed) + friction(qd_ref) + integral, with e = q_ref
/// - q. The integral takes what masses and friction are wrong by: d/dt = r w^3 M_ii e, M at home,
/// bounded by a share of the effort limit and frozen while an axis is at that limit (no wind-up).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "trocar/arm_config.hpp"
#include "trocar/axis_profile.hpp"

namespace trocar {

class Controller {
 public:
  explicit Controller(const ArmConfig& config)
      : config_(config), inertia_(mass_matrix(config.dynamics, config.home_q).diagonal()) {}

  void reset() {
    integral_.setZero();
    at_limit_.fill(0);
  }

  /// Effort (7,) inside effort_max, for measured q, qd (7,) and the reference.
  Vec7 effort(const Vec7& q, const Vec7& qd, const std::array<AxisState, kNumAxes>& reference) {
    Vec7 error, error_rate, speed, acceleration;
    for (int i = 0; i < kNumAxes; ++i) {
      const double w = config_.natural_frequency[i];
      error[i] = reference[i].q - q[i];
      error_rate[i] = reference[i].v - qd[i];
      speed[i] = reference[i].v;
      acceleration[i] =
          reference[i].a + w * w * error[i] + 2.0 * config_.damping_ratio * w * error_rate[i];
    }
    Vec7 tau = inverse_dynamics(config_.dynamics, q, speed, acceleration) +
               friction_effort(config_.dynamics, speed) + integral_;
    for (int i = 0; i < kNumAxes; ++i) {
      const double limit = config_.effort_max[i];
      const bool saturated = std::abs(tau[i]) > limit;
      at_limit_[i] = saturated ? at_limit_[i] + 1 : 0;
      if (saturated) {
        tau[i] = std::copysign(limit, tau[i]);
        continue;
      }
      const double w = config_.natural_frequency[i];
      const double bound = config_.integral_share * limit;
      integral_[i] = std::clamp(
          integral_[i] + config_.integral_ratio * w * w * w * inertia_[i] * error[i] * kTickS,
          -bound, bound);
    }
    return tau;
  }

  /// Ticks that an axis has been at its effort limit without a break.
  int ticks_at_limit(int axis) const { return at_limit_[axis]; }

 private:
  ArmConfig config_;
  Vec7 inertia_;
  Vec7 integral_ = Vec7::Zero();
  std::array<int, kNumAxes> at_limit_{};
};

}  // namespace trocar
