// SPDX-License-Identifier: Apache-2.0
/// A stream of position set-points without velocities, at any rate, as a continuous target.
///
/// The target glides from where it is to the newest set-point in the time that the last set-points
/// were apart, so it is late by one period and never passes a commanded position.  A first or a
/// lone set-point is taken at once; the velocity and acceleration limits come after this.
#pragma once

#include <array>
#include <cstdint>

#include "trocar/elapsed.hpp"
#include "trocar/types.hpp"

namespace trocar {

template <int N>
class SetPointStream {
 public:
  using Values = std::array<double, N>;

  /// Target of one tick: position now, and its velocity over the coming tick.
  struct Target {
    Values q{};
    Values v{};
  };

  /// Start anew at `q`; the next set-point is taken at once.
  void reset(const Values& q) {
    target_ = goal_ = q;
    remaining_s_ = period_s_ = 0.0;
    last_ns_ = 0;
  }

  /// Glide from `q` next, the measured period kept.
  void set_target(const Values& q) { target_ = q; }

  void push(const Values& goal, std::int64_t now_ns) {
    const double gap = elapsed_s(now_ns, last_ns_);
    if (last_ns_ == 0 || gap <= 0.0 || gap > kLongestPeriod) {
      period_s_ = 0.0;
    } else {
      period_s_ = period_s_ == 0.0 ? gap : period_s_ + kSmoothing * (gap - period_s_);
    }
    last_ns_ = now_ns;
    goal_ = goal;
    remaining_s_ = period_s_;
    if (remaining_s_ < kTickS) target_ = goal_;
  }

  /// Advance by one tick.
  Target next() {
    Target t;
    t.q = target_;
    if (remaining_s_ < 1.5 * kTickS) {
      for (int i = 0; i < N; ++i) t.v[i] = (goal_[i] - target_[i]) / kTickS;
      target_ = goal_;
      remaining_s_ = 0.0;
      return t;
    }
    for (int i = 0; i < N; ++i) {
      t.v[i] = (goal_[i] - target_[i]) / remaining_s_;
      target_[i] += t.v[i] * kTickS;
    }
    remaining_s_ -= kTickS;
    return t;
  }

  const Values& goal() const { return goal_; }
  double period_s() const { return period_s_; }

 private:
  static constexpr double kLongestPeriod = 0.15;  // s; a gap beyond it starts a new stream
  static constexpr double kSmoothing = 0.2;       // of the measured period, per set-point
  Values target_{};
  Values goal_{};
  double remaining_s_ = 0.0;
  double period_s_ = 0.0;
  std::int64_t last_ns_ = 0;
};

}  // namespace trocar
