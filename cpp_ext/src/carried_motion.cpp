// SPDX-License-Identifier: Apache-2.0
/// Carrying what is left of a motion, within the limits, to its end.
#include "trocar/carried_motion.hpp"

#include <Eigen/LU>

namespace trocar {

void CarriedMotion::set_limits(const Vec6& q, const ArmConfig& c) {
  const Mat6 inverse = psm::jacobian(q).inverse();
  double a[2] = {10.0 * c.line_acceleration, 10.0 * c.turn_acceleration};
  double ratio = 1e9;
  for (int i = 0; i < kNumJoints; ++i) {
    const AxisLimits l = motion_limits(c, i);
    a[0] = std::min(a[0], kShare * l.a_max / inverse.row(i).head<3>().norm());
    a[1] = std::min(a[1], kShare * l.a_max / inverse.row(i).tail<3>().norm());
    ratio = std::min(ratio, l.j_max / l.a_max);
  }
  for (int k = 0; k < 6; ++k) {
    const double v = k < 3 ? c.line_velocity : c.turn_velocity;
    limits_[k] = {-1e9, 1e9, v, a[k / 3], 0.5 * ratio * a[k / 3]};
  }
}

Vec3 CarriedMotion::stopping_shift(const Vec6& twist, const Vec6& acceleration) const {
  Vec3 shift;
  for (int k = 0; k < 3; ++k) {
    const AxisLimits& l = limits_[k];
    shift[k] = stop_extent({0.0, twist[k], acceleration[k]}, l.a_max, l.j_max).q_end;
  }
  return shift;
}

void CarriedMotion::start(const Vec6& offset, const Vec6& rate, const Vec6& acceleration) {
  duration_ = 0.0;
  for (int k = 0; k < 6; ++k) {
    moves_[k] = AxisMove({offset[k], rate[k], acceleration[k]}, 0.0, limits_[k]);
    duration_ = std::max(duration_, moves_[k].duration());
  }
}

Vec6 CarriedMotion::at(double t) const {
  Vec6 offset = Vec6::Zero();
  if (t >= duration_) return offset;
  for (int k = 0; k < 6; ++k) offset[k] = moves_[k].at(t).q;
  return offset;
}

}  // namespace trocar
