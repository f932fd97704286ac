// SPDX-License-Identifier: Apache-2.0
/// What of an arm's configuration its reference could not work with: checked before the arm is
/// made.
#pragma once

#include "trocar/arm_config.hpp"

namespace trocar {

/// The first field that cannot be used and what is allowed, or nullptr.
inline const char* config_fault(const ArmConfig& c) {
  const auto positive = [](const Vec7& v) { return v.allFinite() && v.minCoeff() > 0.0; };
  const auto above_zero = [](double x) { return std::isfinite(x) && x > 0.0; };
  if (!c.q_min.allFinite() || !c.q_max.allFinite() || !((c.q_max - c.q_min).minCoeff() >= 0.0)) {
    return "q_min, q_max: allowed finite, q_min <= q_max";
  }
  if (!positive(c.velocity_max)) return "velocity_max: allowed finite and above 0";
  if (!positive(c.acceleration_max)) return "acceleration_max: allowed finite and above 0";
  if (!positive(c.jerk_max)) return "jerk_max: allowed finite and above 0";
  if (!(c.move_acceleration_share > 0.0 && c.move_acceleration_share <= 1.0)) {
    return "move_acceleration_share: allowed above 0, up to 1";
  }
  if (!above_zero(c.stop_time_s)) return "stop_time_s: allowed finite and above 0";
  for (const double x :
       {c.line_velocity, c.line_acceleration, c.turn_velocity, c.turn_acceleration}) {
    if (!above_zero(x)) return "line_*, turn_*: allowed finite and above 0";
  }
  // Beyond 250 1/s the approach would be faster than the velocity that it asks for.
  for (const double x : {c.approach_rate, c.approach_rate_follow}) {
    if (!(x > 0.0 && x <= 250.0)) return "approach_rate*: allowed above 0, up to 250 1/s";
  }
  if (!(c.shaft_radius >= 0.0 && c.shaft_radius <= 0.02)) {
    return "shaft_radius: allowed 0 .. 0.02 m";
  }
  return nullptr;
}

}  // namespace trocar
