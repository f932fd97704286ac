// SPDX-License-Identifier: Apache-2.0
/// How fast a parameter s in [0, 1] may run along a path of joints: chosen from samples, so that
/// every joint stays inside its limits all along.
///
/// q' = dq/ds and so on: qd = q' sd;  qdd = q' sdd + q'' sd^2;
/// qddd = q' sddd + 3 q'' sd sdd + q''' sd^3 (Biagiotti & Melchiorri 2008, section 9.1).  The
/// largest derivative of each joint counts on the whole path; the terms share each limit.
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/reference_limits.hpp"

namespace trocar {

class LineLimits {
 public:
  static constexpr int kSamples = 24;

  /// Joints (6,) at s = 0, then at each k / kSamples.
  void start(const Vec6& q) {
    d0_ = q;
    count_ = 0;
    m1_.setConstant(kTiny);
    m2_.setConstant(kTiny);
    m3_.setConstant(kTiny);
  }

  void add(const Vec6& q) {
    const Vec6 d1 = (q - d0_) * kSamples;
    const Vec6 d2 = (d1 - d1_) * kSamples;
    const Vec6 d3 = (d2 - d2_) * kSamples;
    ++count_;
    m1_ = m1_.cwiseMax(d1.cwiseAbs());
    if (count_ > 1) m2_ = m2_.cwiseMax(d2.cwiseAbs());
    if (count_ > 2) m3_ = m3_.cwiseMax(d3.cwiseAbs());
    d0_ = q;
    d1_ = d1;
    d2_ = d2;
  }

  /// Limits of s in motion, not above those given (1/s, 1/s2, 1/s3).
  AxisLimits motion(const ArmConfig& c, double v, double a, double j) const {
    for (int i = 0; i < kNumJoints; ++i) {
      const AxisLimits l = motion_limits(c, i, c.move_acceleration_share);
      v = std::min({v, 0.9 * l.v_max / m1_[i], std::sqrt(0.4 * l.a_max / m2_[i]),
                    std::cbrt(0.2 * l.j_max / m3_[i])});
    }
    for (int i = 0; i < kNumJoints; ++i) {
      const AxisLimits l = motion_limits(c, i, c.move_acceleration_share);
      a = std::min({a, 0.5 * l.a_max / m1_[i], 0.1 * l.j_max / (m2_[i] * v)});
      j = std::min(j, 0.4 * l.j_max / m1_[i]);
    }
    return {-kFar, kFar, v, a, j};
  }

  /// Limits of s in a stop from at most `v`: what the joints' own stops leave.
  AxisLimits stop(const ArmConfig& c, double v) const {
    double a = kFar, j = kFar;
    for (int i = 0; i < kNumJoints; ++i) {
      const AxisLimits l = stop_limits(c, i);
      a = std::min({a, (0.9 * l.a_max - m2_[i] * v * v) / m1_[i], 0.1 * l.j_max / (m2_[i] * v)});
      j = std::min(j, 0.4 * l.j_max / m1_[i]);
    }
    return {-kFar, kFar, v, a, j};
  }

 private:
  static constexpr double kTiny = 1e-9;
  static constexpr double kFar = 1e9;
  Vec6 d0_ = Vec6::Zero(), d1_ = Vec6::Zero(), d2_ = Vec6::Zero();
  Vec6 m1_ = Vec6::Zero(), m2_ = Vec6::Zero(), m3_ = Vec6::Zero();  // largest |q'|, |q''|, |q'''|
  int count_ = 0;
};

}  // namespace trocar
