// SPDX-License-Identifier: Apache-2.0
/// What a joint's velocity may be one tick from now: within its acceleration, and such that the
/// stop still ends inside velocity and range (Flacco 2015; Del Prete 2018; axis_guard.hpp).
#pragma once

#include "trocar/axis_guard.hpp"

namespace trocar {

struct SpeedBounds {
  double lower;
  double upper;
};

/// The state that a tick at velocity `v` leads to.
inline AxisState speed_state(const AxisState& s, double v) {
  return {s.q + v * kTickS, v, (v - s.v) / kTickS};
}

/// An axis that is outside already, or too fast, is asked for the hardest stop it has.
inline SpeedBounds joint_speed_bounds(const AxisState& s, const AxisLimits& l) {
  const double dv = l.a_max * kTickS;
  const auto holds = [&](double v, double sign) {
    const StopExtent e = stop_extent(speed_state(s, v), l.a_max, l.j_max);
    return sign > 0.0 ? e.v_high <= l.v_max * (1.0 + 1e-12) && e.q_high <= l.q_max + kRangeRounding
                      : e.v_low >= -l.v_max * (1.0 + 1e-12) && e.q_low >= l.q_min - kRangeRounding;
  };
  const auto farthest = [&](double sign) {  // by halving, from the hardest braking on
    double good = s.v - sign * dv, bad = s.v + sign * dv;
    if (holds(bad, sign)) return bad;
    if (!holds(good, sign)) return good;
    for (int n = 0; n < 20; ++n) {
      const double middle = 0.5 * (good + bad);
      (holds(middle, sign) ? good : bad) = middle;
    }
    return good;
  };
  const SpeedBounds b{farthest(-1.0), farthest(1.0)};
  if (b.lower <= b.upper) return b;
  const double rest = std::clamp(0.0, s.v - dv, s.v + dv);
  return {rest, rest};
}

}  // namespace trocar
