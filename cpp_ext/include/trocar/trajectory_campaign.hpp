// SPDX-License-Identifier: Apache-2.0
/// Random retargets of one axis, every sample held against its limits: the row "trajectory" of
/// `trocar bench core`, and in small the C++ tests.
#pragma once

#include <cstdint>
#include <random>

#include "trocar/guarded_move.hpp"

namespace trocar {

/// Largest shares of the limits over all samples; 1 is at the limit.
struct TrajectoryReport {
  std::int64_t retargets = 0;
  std::int64_t samples = 0;
  std::int64_t violations = 0;  // samples beyond a limit by more than 1e-9 of it
  double velocity = 0.0;
  double acceleration = 0.0;
  double jerk = 0.0;
  double beyond_range = 0.0;  // rad or m
};

class TrajectoryCampaign {
 public:
  explicit TrajectoryCampaign(std::uint64_t seed) : random_(seed) {}

  /// `retargets` times: a new target, way of getting there and often a new state or new limits.
  TrajectoryReport run(std::int64_t retargets) {
    TrajectoryReport report;
    for (std::int64_t n = 0; n < retargets; ++n) {
      if (n % 40 == 0) draw_limits();
      if (n % 8 == 0) draw_state();
      const int ticks =
          1 + static_cast<int>(uniform(0.0, 1.0) < 0.2 ? uniform(0.0, 200.0) : uniform(0.0, 12.0));
      GuardedMove move(s_, target(), limits_);
      const double t_q = target(), t_v = uniform(-1.5, 1.5) * limits_.v_max * (n % 3 == 0);
      const int way = static_cast<int>(n % 4);
      for (int k = 1; k <= ticks; ++k) {
        AxisState next;
        if (way == 0) next = move.next(s_, limits_);
        if (way == 1) next = step_to_rest(s_, limits_.a_max, limits_.j_max);
        if (way >= 2) next = step_toward(s_, t_q + t_v * k * kTickS, t_v, 0.0, limits_, 60.0);
        check(next, &report);
        s_ = next;
      }
      ++report.retargets;
    }
    return report;
  }

 private:
  double uniform(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) * 0x1p-53;
  }
  double decade(double low, double high) { return std::pow(10.0, uniform(low, high)); }

  void draw_limits() {
    limits_.q_min = -decade(-2.0, 0.5);
    limits_.q_max = decade(-2.0, 0.5);
    limits_.v_max = decade(-1.5, 1.3);
    limits_.a_max = limits_.v_max * decade(0.3, 1.2);
    limits_.j_max = limits_.a_max * decade(1.0, 2.7);
    draw_state();
  }

  /// A state from which a stop stays inside, half of them near a bound.
  void draw_state() {
    do {
      s_.q = uniform(limits_.q_min, limits_.q_max);
      if (uniform(0.0, 1.0) < 0.5) {
        const double near = decade(-9.0, -1.0) * (limits_.q_max - limits_.q_min);
        s_.q = uniform(0.0, 1.0) < 0.5 ? limits_.q_min + near : limits_.q_max - near;
      }
      s_.v = uniform(-1.0, 1.0) * limits_.v_max * (uniform(0.0, 1.0) < 0.7 ? 1.0 : 0.01);
      s_.a = uniform(-1.0, 1.0) * limits_.a_max * (uniform(0.0, 1.0) < 0.7 ? 1.0 : 0.01);
    } while (!can_stop(s_, limits_));
  }

  double target() {
    const double u = uniform(0.0, 1.0);
    if (u < 0.2) return limits_.q_min;
    if (u < 0.4) return limits_.q_max;
    if (u < 0.6) return std::clamp(s_.q + 0.01 * uniform(-1.0, 1.0), limits_.q_min, limits_.q_max);
    return uniform(limits_.q_min, limits_.q_max);
  }

  void check(const AxisState& next, TrajectoryReport* r) {
    const double v = std::abs(next.v) / limits_.v_max;
    const double a = std::abs(next.a) / limits_.a_max;
    const double j = std::abs(next.a - s_.a) / (limits_.j_max * kTickS);
    const double mean = std::abs(next.v - s_.v) / (limits_.a_max * kTickS);
    const double beyond = std::max(limits_.q_min - next.q, next.q - limits_.q_max);
    r->velocity = std::max(r->velocity, v);
    r->acceleration = std::max({r->acceleration, a, mean});
    r->jerk = std::max(r->jerk, j);
    r->beyond_range = std::max(r->beyond_range, beyond);
    const bool inside = std::max({v, a, j, mean}) <= 1.0 + 1e-9 && beyond <= 1e-9;
    if (!inside) ++r->violations;
    ++r->samples;
  }

  std::mt19937_64 random_;
  AxisLimits limits_{};
  AxisState s_;
};

}  // namespace trocar
