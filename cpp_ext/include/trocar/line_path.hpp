// SPDX-License-Identifier: Apache-2.0
/// A straight line of the control point with a turn about one axis (slerp), as joint targets.
///
/// One parameter s in [0, 1] runs along both; its speed and acceleration are chosen from the joint
/// rates at samples of the path, so that every joint stays within its limits on the way:
/// q' s'' + q'' s'^2, half of the acceleration limit each.
#pragma once

#include <array>

#include "trocar/arm_config.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/ik.hpp"

namespace trocar {

/// Joint ranges as the inverse kinematics wants them; insertion starts at the 45 mm rule.
struct JointRange {
  std::array<double, kNumAxes> q_min;
  std::array<double, kNumAxes> q_max;
};

inline Reason reason_of(psm::IkStatus status) {
  switch (status) {
    case psm::IkStatus::kOk:
      return Reason::kNone;
    case psm::IkStatus::kNearRcm:
      return Reason::kNearRcm;
    case psm::IkStatus::kOutsideLimits:
      return Reason::kJointLimit;
    case psm::IkStatus::kOutOfReach:
      break;
  }
  return Reason::kOutOfReach;
}

class LinePath {
 public:
  /// From `start` (joints `q`, moving at `qd`) to `goal`.  Anything but kNone: the path leaves what
  /// the joints can do, and the path is as it was.
  Reason plan(const Transform& start, const Transform& goal, const Vec6& q, const Vec6& qd,
              const ArmConfig& config, const JointRange& range) {
    LinePath path;
    path.start_ = start;
    path.shift_ = goal.p - start.p;
    path.turn_ = log_so3(goal.R * start.R.transpose());
    path.q_ = q;
    const double length = path.shift_.norm();
    const double angle = path.turn_.norm();
    path.s_v_ = std::min(config.line_velocity / std::max(length, kTiny),
                         config.turn_velocity / std::max(angle, kTiny));
    path.s_a_ = std::min(config.line_acceleration / std::max(length, kTiny),
                         config.turn_acceleration / std::max(angle, kTiny));
    const Reason reason = path.limit_to_joints(q, config, range);
    if (reason != Reason::kNone) return reason;
    path.s_ = {};
    const Vec6 twist = psm::jacobian(q) * qd;
    const double along = length > kTiny
                             ? twist.head<3>().dot(path.shift_) / (length * length)
                             : twist.tail<3>().dot(path.turn_) / std::max(angle * angle, kTiny);
    path.s_.v = std::clamp(along, 0.0, std::min(path.s_v_, std::sqrt(2.0 * path.s_a_)));
    *this = path;
    return Reason::kNone;
  }

  struct Target {
    Vec6 q;
    Vec6 v;
  };

  /// Advance by one tick: joints now, and their velocity over the coming tick.
  Target next(double rate, const JointRange& range) {
    const AxisState s = step_toward(s_, 1.0, 0.0, 0.0, {-1.0, 2.0, s_v_, s_a_}, rate);
    const psm::IkResult ik =
        psm::inverse_kinematics(pose(s.q), q_, range.q_min.data(), range.q_max.data());
    Target target{q_, (ik.q - q_) / kTickS};
    q_ = ik.q;
    s_ = s;
    return target;
  }

  const Vec6& end_q() const { return end_q_; }
  bool done() const { return std::abs(1.0 - s_.q) * (shift_.norm() + 0.1 * turn_.norm()) < 1e-6; }

 private:
  static constexpr double kTiny = 1e-9;
  static constexpr int kSamples = 16;

  Transform pose(double s) const {
    const double c = std::clamp(s, 0.0, 1.0);
    return {exp_so3(c * turn_) * start_.R, start_.p + c * shift_};
  }

  Reason limit_to_joints(const Vec6& q, const ArmConfig& config, const JointRange& range) {
    Vec6 before = q;
    Vec6 rate_before = Vec6::Zero();
    for (int k = 1; k <= kSamples; ++k) {
      const psm::IkResult ik = psm::inverse_kinematics(
          pose(static_cast<double>(k) / kSamples), before, range.q_min.data(), range.q_max.data());
      if (ik.status != psm::IkStatus::kOk) return reason_of(ik.status);
      const Vec6 rate = (ik.q - before) * kSamples;
      for (int i = 0; i < kNumJoints; ++i) {
        const double accel = config.move_acceleration_share * config.acceleration_max[i];
        const double slope = std::abs(rate[i]) + kTiny;
        s_v_ = std::min(s_v_, 0.9 * config.velocity_max[i] / slope);
        s_a_ = std::min(s_a_, 0.5 * accel / slope);
        if (k == 1) continue;
        const double bend = std::abs(rate[i] - rate_before[i]) * kSamples + kTiny;
        s_v_ = std::min(s_v_, std::sqrt(0.4 * accel / bend));
      }
      before = ik.q;
      rate_before = rate;
    }
    end_q_ = before;
    return Reason::kNone;
  }

  Transform start_;
  Vec3 shift_ = Vec3::Zero();
  Vec3 turn_ = Vec3::Zero();
  Vec6 q_ = Vec6::Zero();
  Vec6 end_q_ = Vec6::Zero();
  AxisState s_{};
  double s_v_ = 1.0;
  double s_a_ = 1.0;
};

}  // namespace trocar
