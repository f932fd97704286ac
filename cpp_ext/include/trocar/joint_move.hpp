// SPDX-License-Identifier: Apache-2.0
/// A move of the six joints to rest at a goal.
///
/// From rest all run one common profile, scaled by their distances: a straight joint line on which
/// they arrive together, as fast as the slowest allows.  In motion each takes its own fastest way.
#pragma once

#include "trocar/guarded_move.hpp"

namespace trocar {

class JointMove {
 public:
  /// From `axes` (six at least) to `goal`; limits (six at least) as they are now, of which moves
  /// have `share` of acceleration and jerk.
  void plan(const std::array<AxisState, kNumAxes>& axes, const Vec6& goal,
            const std::array<AxisLimits, kNumAxes>& limits, double share) {
    t_ = duration_ = 0.0;
    goal_ = goal;
    bool rest = true;
    AxisLimits common{-1.0, 2.0, kFar, kFar, kFar};
    for (int i = 0; i < kNumJoints; ++i) {
      start_[i] = axes[i].q;
      rest = rest && axes[i].v == 0.0 && axes[i].a == 0.0;
      const double distance = std::abs(goal[i] - start_[i]) + kTiny;
      const AxisLimits l = scaled(limits[i], share);
      common.v_max = std::min(common.v_max, l.v_max / distance);
      common.a_max = std::min(common.a_max, l.a_max / distance);
      common.j_max = std::min(common.j_max, l.j_max / distance);
    }
    straight_ = rest;
    if (rest) {
      common_ = AxisMove({}, 1.0, common);
      duration_ = common_.duration();
      return;
    }
    for (int i = 0; i < kNumJoints; ++i) {
      AxisLimits l = scaled(limits[i], share);
      if (!can_stop(axes[i], l)) l = limits[i];  // it brakes with all it has
      moves_[i] = GuardedMove(axes[i], goal[i], l);
      duration_ = std::max(duration_, moves_[i].duration());
    }
  }

  /// The next tick's states after `axes`; exactly the goal, at rest, from the end on.
  std::array<AxisState, kNumJoints> next(const std::array<AxisState, kNumAxes>& axes,
                                         const std::array<AxisLimits, kNumAxes>& limits) {
    t_ += kTickS;
    std::array<AxisState, kNumJoints> out;
    if (straight_) {
      const AxisState s = common_.at(t_);
      for (int i = 0; i < kNumJoints; ++i) {
        const double d = goal_[i] - start_[i];
        out[i] = {start_[i] + s.q * d, s.v * d, s.a * d};
        if (done()) out[i] = {goal_[i], 0.0, 0.0};
      }
      return out;
    }
    for (int i = 0; i < kNumJoints; ++i) out[i] = moves_[i].next(axes[i], limits[i]);
    return out;
  }

  bool done() const {
    if (straight_) return t_ >= duration_;
    return std::all_of(moves_.begin(), moves_.end(), [](const auto& m) { return m.done(); });
  }
  double duration() const { return duration_; }

 private:
  static AxisLimits scaled(const AxisLimits& l, double share) {
    return {l.q_min, l.q_max, l.v_max, share * l.a_max, share * l.j_max};
  }

  static constexpr double kFar = 1e9;
  static constexpr double kTiny = 1e-12;
  Vec6 start_ = Vec6::Zero();
  Vec6 goal_ = Vec6::Zero();
  AxisMove common_;
  std::array<GuardedMove, kNumJoints> moves_{};
  bool straight_ = true;
  double t_ = 0.0;
  double duration_ = 0.0;
};

}  // namespace trocar
