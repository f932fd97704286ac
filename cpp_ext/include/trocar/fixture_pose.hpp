// SPDX-License-Identifier: Apache-2.0
/// Where a fixture is now: its pose extrapolated from its stamp by its twist, within its horizon.
#pragma once

#include <algorithm>

#include "trocar/fixture.hpp"

namespace trocar {

struct FixturePose {
  Transform T_base_fixture;
  Vec3 velocity = Vec3::Zero();  // of its origin, m/s, base axes
  Vec3 turning = Vec3::Zero();   // rad/s
  bool expired = false;          // beyond its horizon: it stands where it got to

  /// Velocity of its material at a point in the base frame.
  Vec3 velocity_at(const Vec3& p_base) const {
    return velocity + turning.cross(p_base - T_base_fixture.p);
  }
};

inline FixturePose pose_at(const Fixture& f, std::int64_t now_ns) {
  FixturePose pose;
  pose.T_base_fixture.p = Eigen::Map<const Vec3>(f.position.data());
  pose.T_base_fixture.R =
      Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(f.rotation.data());
  const Vec3 v = Eigen::Map<const Vec3>(f.twist.data());
  const Vec3 w = Eigen::Map<const Vec3>(f.twist.data() + 3);
  if (v.isZero(0.0) && w.isZero(0.0)) return pose;
  const double age = std::max(0.0, 1e-9 * static_cast<double>(now_ns - f.stamp_ns));
  const double dt = std::min(age, f.horizon_s);
  pose.T_base_fixture.p += dt * v;
  if (!w.isZero(0.0)) pose.T_base_fixture.R = exp_so3(dt * w) * pose.T_base_fixture.R;
  pose.expired = age > f.horizon_s;
  if (!pose.expired) {
    pose.velocity = v;
    pose.turning = w;
  }
  return pose;
}

}  // namespace trocar
