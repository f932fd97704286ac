// SPDX-License-Identifier: Apache-2.0
/// The fastest motion of one axis from any state to rest at a goal, within velocity, acceleration
/// and jerk: at most seven segments.
///
/// Drive as towards full speed (velocity_ramp.hpp), then stop; in between, cruise.  The place where
/// the stop would end grows with the time of driving, so the switching time is the one root of a
/// monotone function; every piece of it is analytic.  A triple integrator needs no other shape
/// (Biagiotti & Melchiorri 2008, chapter 3; durations agree with Ruckig, Berscheid & Kroeger 2021).
/// The range is not looked at; still, from a state that can stop inside it (axis_guard.hpp) to a
/// goal inside, nothing goes farther than that stop or the goal.
#pragma once

#include "trocar/velocity_ramp.hpp"

namespace trocar {

class AxisMove {
 public:
  /// At rest where it is.
  AxisMove() = default;

  /// From `start` to rest at `goal`; finite values, limits > 0, the range is not looked at.
  AxisMove(const AxisState& start, double goal, const AxisLimits& limits)
      : start_(start), goal_(goal), limits_(limits) {
    const double v_max = limits.v_max;
    const double q_stop = end_of_stop(start);
    sign_ = goal >= q_stop ? 1.0 : -1.0;
    const RampSegments go =
        velocity_ramp(start.v, start.a, sign_ * v_max, limits.a_max, limits.j_max);
    std::copy(go.begin(), go.end(), segments_.begin());
    AxisState at = start;
    bool reached = false;
    for (int k = 0; k < 3; ++k) {
      const AxisState next = advance(at, go[k].jerk, go[k].duration);
      reached = ahead(next) >= 0.0;
      if (reached) {
        segments_[k].duration = switching_time(at, go[k]);
        for (int m = k + 1; m < 3; ++m) segments_[m] = {};
        at = advance(at, go[k].jerk, segments_[k].duration);
        break;
      }
      at = next;
    }
    if (!reached) {
      segments_[3] = {0.0, -ahead({at.q, sign_ * v_max, 0.0}) / v_max};
      at = {goal, sign_ * v_max, 0.0};
    }
    const RampSegments stop = velocity_ramp(at.v, at.a, 0.0, limits.a_max, limits.j_max);
    std::copy(stop.begin(), stop.end(), segments_.begin() + 4);
    duration_ = trocar::duration(segments_);
  }

  double duration() const { return duration_; }
  double goal() const { return goal_; }
  const std::array<JerkSegment, 7>& segments() const { return segments_; }

  /// State at `t` seconds; exactly the goal, at rest, from the end on.
  AxisState at(double t) const {
    if (t >= duration_) return {goal_, 0.0, 0.0};
    return advance(start_, segments_, t);
  }

 private:
  double end_of_stop(AxisState s) const {
    for (const JerkSegment& g : velocity_ramp(s.v, s.a, 0.0, limits_.a_max, limits_.j_max)) {
      s = advance(s, g.jerk, g.duration);
    }
    return s.q;
  }

  /// How far beyond the goal a stop from `s` would end, in the direction of the motion.
  double ahead(const AxisState& s) const { return sign_ * (end_of_stop(s) - goal_); }

  /// Root of ahead() within a segment: regula falsi (Illinois) first; halving where that is slow,
  /// which it is near the start, where the end of the stop grows with the third power of time.
  double switching_time(const AxisState& from, const JerkSegment& segment) const {
    const auto f = [&](double t) { return ahead(advance(from, segment.jerk, t)); };
    double low = 0.0, high = segment.duration;
    double f_low = f(low), f_high = f(high);
    if (f_low >= 0.0) return low;
    double t = high;
    int side = 0;
    for (int n = 0; n < 64 && high - low > 1e-15 * (1.0 + high); ++n) {
      t = (low * f_high - high * f_low) / (f_high - f_low);
      if (n >= 12 || !(t > low && t < high)) t = 0.5 * (low + high);
      const double f_t = f(t);
      if (std::abs(f_t) < 1e-16) break;
      if (f_t < 0.0) {
        low = t;
        f_low = f_t;
        if (side == -1) f_high *= 0.5;  // one end stuck: halve its weight
        side = -1;
      } else {
        high = t;
        f_high = f_t;
        if (side == 1) f_low *= 0.5;
        side = 1;
      }
    }
    return t;
  }

  AxisState start_{};
  double goal_ = 0.0;
  AxisLimits limits_{};
  double sign_ = 1.0;
  double duration_ = 0.0;
  std::array<JerkSegment, 7> segments_{};
};

}  // namespace trocar
