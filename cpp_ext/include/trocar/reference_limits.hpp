// SPDX-License-Identifier: Apache-2.0
/// What an arm's configuration says about one axis in motion and in a stop.
#pragma once

#include "trocar/arm_config.hpp"
#include "trocar/axis_state.hpp"

namespace trocar {

inline constexpr double kStopRise = 0.002;  // s in which a stop builds its deceleration up

/// Limits of motions; `share` of acceleration and jerk.
inline AxisLimits motion_limits(const ArmConfig& c, int axis, double share = 1.0) {
  return {c.q_min[axis], c.q_max[axis], c.velocity_max[axis], share * c.acceleration_max[axis],
          share * c.jerk_max[axis]};
}

/// Limits of stops: from full speed to rest within stop_time_s, v / a + a / j = stop_time_s with
/// a / j = kStopRise; never less than what motions have.
inline AxisLimits stop_limits(const ArmConfig& c, int axis) {
  const double time = std::max(c.stop_time_s - kStopRise, kStopRise);
  AxisLimits l = motion_limits(c, axis);
  l.a_max = std::max(l.a_max, l.v_max / time);
  l.j_max = std::max(l.j_max, l.a_max / kStopRise);
  return l;
}

}  // namespace trocar
