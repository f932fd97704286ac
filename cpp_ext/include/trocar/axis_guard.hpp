// SPDX-License-Identifier: Apache-2.0
/// The braking guard: one axis never enters a state from which the jerk-limited stop would leave
/// the velocity or position range.
///
/// Safe = |a| <= a_max, and the stop of velocity_ramp.hpp stays inside v_max and [q_min, q_max].
/// One tick along that stop is again safe, so there is always a way on; the guard takes the jerk
/// nearest to the wanted one that ends in a safe state.  An axis that starts outside is asked no
/// more than the stop can give: its bounds are widened to that stop, and only ever shrink back
/// (soft recovery).  This is the third-order form of Flacco 2015 and Del Prete 2018.
#pragma once

#include "trocar/types.hpp"
#include "trocar/velocity_ramp.hpp"

namespace trocar {

/// Rounding of a range: rad, m.
inline constexpr double kRangeRounding = 1e-13;

/// Whether the stop from `s` stays inside the limits.
inline bool can_stop(const AxisState& s, const AxisLimits& l) {
  const StopExtent e = stop_extent(s, l.a_max, l.j_max);
  return std::abs(s.a) <= l.a_max * (1.0 + 1e-12) && e.v_high <= l.v_max * (1.0 + 1e-12) &&
         e.v_low >= -l.v_max * (1.0 + 1e-12) && e.q_low >= l.q_min - kRangeRounding &&
         e.q_high <= l.q_max + kRangeRounding;
}

/// Whether a jerk inside j_max can lead from `s` to `next`, which a path proposes, in one tick.
inline bool can_reach(const AxisState& s, const AxisState& next, const AxisLimits& l) {
  constexpr double kRounding = 1e-6;  // of the limit: what differences of a path cannot know better
  const double dj = l.j_max * kTickS;
  const double da = std::abs(next.a - s.a) / dj;
  // Between two accelerations the jerk is free only in what is left of it: |dv - mean a dt|
  // <= j dt^2 / 4 (1 - (da / (j dt))^2), and |dq - mean v dt| <= j dt^3 / 12 or so.
  const double dv = next.v - s.v - 0.5 * (s.a + next.a) * kTickS;
  const double dq = next.q - s.q - 0.5 * (s.v + next.v) * kTickS;
  const double left = 0.25 * std::max(0.0, 1.0 - da * da) + kRounding;
  return da <= 1.0 + kRounding && std::abs(dv) <= dj * kTickS * left &&
         std::abs(next.v - s.v) <= (1.0 + 1e-9) * l.a_max * kTickS &&
         std::abs(dq) <= 0.1 * dj * kTickS * kTickS + 1e-12 && can_stop(next, l);
}

/// The limits, each widened to what the stop from `s` needs in any case.
inline AxisLimits widened(const AxisState& s, const AxisLimits& l) {
  const StopExtent e = stop_extent(s, l.a_max, l.j_max);
  return {std::min(l.q_min, e.q_low), std::max(l.q_max, e.q_high),
          std::max({l.v_max, e.v_high, -e.v_low}), std::max(l.a_max, std::abs(s.a)), l.j_max};
}

/// Largest acceleration at the end of this tick from which the velocity still turns below v_max:
/// v' + a'^2 / (2 j) <= v_max, with v' = v + (a + a') dt / 2.
inline double largest_acceleration(double v, double a, double v_max, double j) {
  const double spare = v_max - v - 0.5 * a * kTickS;
  const double half = 0.5 * j * kTickS;
  const double square = half * half + 2.0 * j * spare;
  const double turning = square > 0.0 ? std::sqrt(square) - half : -1.0;
  return turning >= 0.0 ? turning : 2.0 * spare / kTickS;  // slowing already: v' <= v_max
}

/// One tick of the least stop from `s`; ends at exactly zero velocity and acceleration.
inline AxisState step_to_rest(const AxisState& s, double a_max, double j_max) {
  const RampSegments ramp = velocity_ramp(s.v, s.a, 0.0, a_max, j_max);
  AxisState next = advance(s, ramp, kTickS);
  if (duration(ramp) <= kTickS) next.v = next.a = 0.0;
  return next;
}

/// One tick towards acceleration `wanted`, as near as jerk and guard allow.
inline AxisState step_guarded(const AxisState& s, double wanted, const AxisLimits& limits) {
  const double dj = limits.j_max * kTickS;
  const auto attempt = [&](const AxisLimits& l, AxisState* next) {
    const double up = std::min(l.a_max, largest_acceleration(s.v, s.a, l.v_max, l.j_max));
    const double down = std::min(l.a_max, largest_acceleration(-s.v, -s.a, l.v_max, l.j_max));
    const double a = std::clamp(std::clamp(wanted, std::min(-down, up), up), s.a - dj, s.a + dj);
    *next = advance(s, (a - s.a) / kTickS, kTickS);
    next->a = a;
    return can_stop(*next, l);
  };
  AxisState next;
  if (attempt(limits, &next)) return next;
  const AxisLimits wide = widened(s, limits);
  if (attempt(wide, &next)) return next;
  // Between the stop, which is safe, and what was wanted, which is not.
  AxisState best = step_to_rest(s, limits.a_max, limits.j_max);
  double low = 0.0, high = 1.0;
  const double a_stop = best.a, a_wanted = next.a;
  for (int n = 0; n < 14; ++n) {
    const double share = 0.5 * (low + high);
    const double a = a_stop + share * (a_wanted - a_stop);
    next = advance(s, (a - s.a) / kTickS, kTickS);
    next.a = a;
    const bool safe = can_stop(next, wide);
    (safe ? low : high) = share;
    if (safe) best = next;
  }
  return best;
}

}  // namespace trocar
