// SPDX-License-Identifier: Apache-2.0
/// One axis of the reference: follow a target within velocity, acceleration and range, at 1 kHz.
///
/// Approach by the shifted square-root law: rate * e near the target, the braking parabola farther
/// away, joined where both ask for the same deceleration.  The range bound v <= barrier(distance)
/// is the discrete form of sqrt(2 a d) (Flacco 2015; Del Prete 2018): it leaves, after this step, a
/// distance in which `a` still suffices to stop, so it can always be obeyed.
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/types.hpp"

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
};

/// Largest speed from which `a` stops within `distance`, one step of travel included.
inline double barrier_speed(double distance, double a) {
  if (distance <= 0.0) return 0.0;
  return a * (std::sqrt(kTickS * kTickS + 2.0 * distance / a) - kTickS);
}

/// Signed speed towards a target `error` away.
inline double approach_speed(double error, double a, double rate) {
  const double magnitude = std::abs(error);
  const double knee = a / (rate * rate);
  if (magnitude <= knee) return rate * error;
  return std::copysign(std::sqrt(2.0 * a * (magnitude - 0.5 * knee)), error);
}

/// Integrate one tick at velocity `v`, which the caller has bounded.
inline AxisState advance(const AxisState& s, double v) {
  return {s.q + v * kTickS, v, (v - s.v) / kTickS};
}

/// One tick towards `target`, which itself moves at `target_v` and accelerates by `target_a`: only
/// what that leaves of a_max can close the distance, else the axis would overshoot for ever.
inline AxisState step_toward(const AxisState& s, double target, double target_v, double target_a,
                             const AxisLimits& limits, double rate) {
  const double error = target - s.q;
  // The last step onto a still target, so that an axis that has arrived is at rest, exactly.
  if (target_v == 0.0 && std::abs(error) <= 0.25 * limits.a_max * kTickS * kTickS &&
      std::abs(s.v) <= 0.5 * limits.a_max * kTickS) {
    const double v = error / kTickS;
    return {target, v, (v - s.v) / kTickS};
  }
  const double spare = std::max(0.1 * limits.a_max, limits.a_max - std::abs(target_a));
  const double wanted = target_v + approach_speed(error, spare, rate);
  const double up = std::min(limits.v_max, barrier_speed(limits.q_max - s.q, limits.a_max));
  const double down = std::min(limits.v_max, barrier_speed(s.q - limits.q_min, limits.a_max));
  const double dv = limits.a_max * kTickS;
  return advance(s, std::clamp(std::clamp(wanted, -down, up), s.v - dv, s.v + dv));
}

/// One tick of braking at `deceleration`; ends at exactly zero velocity.
inline AxisState step_to_rest(const AxisState& s, double deceleration) {
  const double dv = deceleration * kTickS;
  return advance(s, std::abs(s.v) <= dv ? 0.0 : s.v - std::copysign(dv, s.v));
}

}  // namespace trocar
