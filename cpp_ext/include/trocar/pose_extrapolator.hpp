// SPDX-License-Identifier: Apache-2.0
/// A stamped pose with its twist, carried to now: fully for a stated time, then decaying to a hold.
///
/// The first frame of latency hurts least where it is predicted away, and a prediction that goes on
/// is worse than none: at most one command period in full (realtime_control.md, section 5,
/// "latency"; how long for which source: arm_config.hpp).
#pragma once

#include "trocar/extrapolation.hpp"
#include "trocar/se3.hpp"

namespace trocar {

class PoseExtrapolator {
 public:
  /// The datum: pose in the base frame, twist (linear, angular) in base axes, m/s and rad/s.
  void set(const Transform& T, const Vec6& twist) {
    T_ = T;
    twist_ = twist;
  }

  /// The pose `age_s` after the datum; a negative age counts as 0.
  Transform at(double age_s, const Horizon& horizon) const {
    const double reach = horizon.reach(age_s);
    return {exp_so3(twist_.tail<3>() * reach) * T_.R, T_.p + twist_.head<3>() * reach};
  }

  /// The twist that is still believed then.
  Vec6 twist_at(double age_s, const Horizon& horizon) const {
    return twist_ * horizon.scale(age_s);
  }

 private:
  Transform T_;
  Vec6 twist_ = Vec6::Zero();
};

}  // namespace trocar
