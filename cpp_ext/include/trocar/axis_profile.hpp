// SPDX-License-Identifier: Apache-2.0
/// One axis of the reference: follow a target within velocity, acceleration, jerk and range, at
/// 1 kHz, whatever the target does.
///
/// Two cascaded shifted square-root laws: error -> speed -> acceleration, each linear near its
/// target and the braking parabola farther away, joined where both ask for the same slope.  What
/// they want goes through the guard (axis_guard.hpp), which no target can talk out of its limits.
#pragma once

#include "trocar/axis_guard.hpp"

namespace trocar {

/// 1/s: how fast the velocity closes on the wanted one, within jerk and acceleration.
inline constexpr double kVelocityRate = 250.0;

/// A speed and its slope over the error.
struct Approach {
  double speed;
  double slope;
};

/// Signed speed towards a target `error` away: rate * error near it; farther away the speed from
/// which `a` stops in the distance, the time that `j` takes to build `a` up included:
/// d = v^2 / (2 a) + v c, c = a / (2 j).
inline Approach approach(double error, double a, double j, double rate) {
  const double distance = std::abs(error);
  const double c = std::min(a / (2.0 * j), 0.5 / rate);
  const double knee = a * (1.0 / rate - c) / rate;  // where the parabola's slope is `rate`
  if (distance <= knee) return {rate * error, rate};
  const double root = std::sqrt(1.0 / (rate * rate) + 2.0 * (distance - knee) / a);
  return {std::copysign(a * (root - c), error), 1.0 / root};
}

/// Signed acceleration towards a velocity `error` away, likewise.
inline double approach_acceleration(double error, double j, double rate) {
  const double magnitude = std::abs(error);
  const double knee = j / (rate * rate);
  if (magnitude <= knee) return rate * error;
  return std::copysign(std::sqrt(2.0 * j * (magnitude - 0.5 * knee)), error);
}

/// One tick towards `target`, which itself moves at `target_v` and accelerates by `target_a`: only
/// what that leaves of a_max can close the distance, else the axis would overshoot for ever.
inline AxisState step_toward(const AxisState& s, double target, double target_v, double target_a,
                             const AxisLimits& limits, double rate) {
  const double error = target - s.q;
  // The last step onto a still target, so that an axis that has arrived is at rest, exactly.
  const double dj = limits.j_max * kTickS;
  if (target_v == 0.0 && std::abs(error) <= 0.1 * dj * kTickS * kTickS &&
      std::abs(s.v) <= 0.25 * dj * kTickS && std::abs(s.a) <= 0.5 * dj) {
    return {target, 0.0, 0.0};
  }
  const double spare = std::max(0.1 * limits.a_max, 0.9 * limits.a_max - std::abs(target_a));
  const Approach to = approach(error, spare, limits.j_max, rate);
  const double wanted_v = std::clamp(target_v + to.speed, -limits.v_max, limits.v_max);
  // Along the approach the wanted speed changes by slope * d(error)/dt.
  const bool clamped = wanted_v != target_v + to.speed;
  const double along = clamped ? 0.0 : to.slope * (target_v - s.v);
  const double wanted_a =
      along + approach_acceleration(wanted_v - s.v, limits.j_max, kVelocityRate);
  return step_guarded(s, wanted_a, limits);
}

}  // namespace trocar
