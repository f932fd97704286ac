// SPDX-License-Identifier: Apache-2.0
/// One axis in motion: position, velocity, acceleration; what bounds them; how a jerk moves them.
#pragma once

#include <array>

namespace trocar {

struct AxisState {
  double q = 0.0;  // rad or m
  double v = 0.0;
  double a = 0.0;
};

struct AxisLimits {
  double q_min;
  double q_max;
  double v_max;
  double a_max;
  double j_max;
};

/// A stretch of time at one jerk.
struct JerkSegment {
  double jerk = 0.0;
  double duration = 0.0;  // s
};

/// `dt` seconds at constant jerk.
inline AxisState advance(const AxisState& s, double jerk, double dt) {
  return {s.q + dt * (s.v + dt * (s.a / 2.0 + dt * jerk / 6.0)), s.v + dt * (s.a + dt * jerk / 2.0),
          s.a + dt * jerk};
}

/// Through the segments for `t` seconds; where they end earlier, on at the last velocity.
template <std::size_t N>
AxisState advance(AxisState s, const std::array<JerkSegment, N>& segments, double t) {
  for (const JerkSegment& segment : segments) {
    if (t <= segment.duration) return advance(s, segment.jerk, t);
    s = advance(s, segment.jerk, segment.duration);
    t -= segment.duration;
  }
  return advance({s.q, s.v, 0.0}, 0.0, t);
}

template <std::size_t N>
double duration(const std::array<JerkSegment, N>& segments) {
  double sum = 0.0;
  for (const JerkSegment& segment : segments) sum += segment.duration;
  return sum;
}

}  // namespace trocar
