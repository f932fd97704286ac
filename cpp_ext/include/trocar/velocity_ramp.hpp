// SPDX-License-Identifier: Apache-2.0
/// From any velocity and acceleration to a steady velocity in the least time, jerk and acceleration
/// bounded: three stretches, jerk - hold - jerk.  The second-order part of the classical
/// seven-segment profile (Biagiotti & Melchiorri 2008, section 3.4; Berscheid & Kroeger 2021,
/// "Jerk-limited real-time trajectory generation", section IV).
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/axis_state.hpp"

namespace trocar {

using RampSegments = std::array<JerkSegment, 3>;

/// Segments from (v, a) to (target, 0) within |a| <= a_max, |jerk| <= j_max.  An acceleration that
/// starts beyond a_max is first brought back to it.
inline RampSegments velocity_ramp(double v, double a, double target, double a_max, double j_max) {
  // Velocity left over if the acceleration were let go of now: its sign says which way to push.
  const double rest = v - target + a * std::abs(a) / (2.0 * j_max);
  const double sign = rest >= 0.0 ? 1.0 : -1.0;
  const double excess = sign * (v - target);  // to be lost
  const double rise = sign * a;
  if (-rise > a_max) {  // already braking harder than allowed
    const double back = (-rise - a_max) / j_max;
    const double hold = std::max(0.0, (excess - rise * rise / (2.0 * j_max)) / a_max);
    return {{{sign * j_max, back}, {0.0, hold}, {sign * j_max, a_max / j_max}}};
  }
  // rise -> -peak at -j_max, hold, -peak -> 0: excess + (rise^2 - 2 peak^2) / (2 j) = peak * hold.
  const double square = std::max(0.0, j_max * excess + 0.5 * rise * rise);
  double peak = std::sqrt(square);
  double hold = 0.0;
  if (peak > a_max) {
    peak = a_max;
    hold = (square - a_max * a_max) / (j_max * a_max);
  }
  const double push = std::max(0.0, (rise + peak) / j_max);
  return {{{-sign * j_max, push}, {0.0, hold}, {sign * j_max, peak / j_max}}};
}

/// What a stop from `s` passes through.
struct StopExtent {
  double q_low;   // rad or m
  double q_high;  // rad or m
  double v_low;
  double v_high;
  double q_end;  // where it comes to rest
};

inline StopExtent stop_extent(const AxisState& s, double a_max, double j_max) {
  const RampSegments ramp = velocity_ramp(s.v, s.a, 0.0, a_max, j_max);
  AxisState end = s;
  for (const JerkSegment& segment : ramp) end = advance(end, segment.jerk, segment.duration);
  // The velocity has one turning point, where an acceleration away from the stop is let go of.
  const double crest = s.v + s.a * std::abs(s.a) / (2.0 * j_max);
  const double v_turn = s.a * crest > 0.0 ? crest : 0.0;
  StopExtent e{std::min(s.q, end.q), std::max(s.q, end.q), std::min({s.v, v_turn, 0.0}),
               std::max({s.v, v_turn, 0.0}), end.q};
  if (s.v * crest < 0.0) {  // it moves the other way first: v + a t - j t^2 / 2 = 0
    const double sign = crest > 0.0 ? 1.0 : -1.0;
    const double root = std::sqrt(std::max(0.0, s.a * s.a + 2.0 * j_max * sign * s.v));
    const double t = (sign * s.a - root) / j_max;
    const double q_turn = advance(s, -sign * j_max, t).q;
    e.q_low = std::min(e.q_low, q_turn);
    e.q_high = std::max(e.q_high, q_turn);
  }
  return e;
}

}  // namespace trocar
