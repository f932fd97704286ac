// SPDX-License-Identifier: Apache-2.0
/// What a tip still has of an earlier motion while a new line has begun: an offset (linear in m,
/// a rotation vector in rad) that comes to rest at zero, jerk-limited in each component.
///
/// The sum of a line that speeds up and an offset that slows down is the blend: the tip turns into
/// the new line without stopping on the way.
#pragma once

#include <array>

#include "trocar/axis_move.hpp"
#include "trocar/reference_limits.hpp"
#include "trocar/tip_motion.hpp"

namespace trocar {

class CarriedMotion {
 public:
  /// Limits of the components, from what the joints at `q` can give in any direction.
  void set_limits(const Vec6& q, const ArmConfig& c);

  /// How far a stop from this twist and acceleration goes, linear part (3,) m.
  Vec3 stopping_shift(const Vec6& twist, const Vec6& acceleration) const;

  void start(const Vec6& offset, const Vec6& rate, const Vec6& acceleration);

  void clear() { duration_ = 0.0; }
  double duration() const { return duration_; }

  Vec6 at(double t) const;

 private:
  static constexpr double kShare = 0.25;  // of a joint's acceleration; the line has a third
  std::array<AxisLimits, 6> limits_{};
  std::array<AxisMove, 6> moves_{};
  double duration_ = 0.0;
};

}  // namespace trocar
