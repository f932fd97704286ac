// SPDX-License-Identifier: Apache-2.0
/// An AxisMove played tick by tick inside the range.
///
/// A plan made inside the range stays inside (axis_move.hpp).  One made outside it, or before the
/// range shrank, does not: such a tick is left to the guard, and the way is planned anew from
/// there.
#pragma once

#include "trocar/axis_move.hpp"
#include "trocar/axis_profile.hpp"

namespace trocar {

class GuardedMove {
 public:
  GuardedMove() = default;
  GuardedMove(const AxisState& start, double goal, const AxisLimits& limits)
      : move_(start, goal, limits), limits_(limits) {}

  /// The next tick's state from `s`, the last one, inside `range` (a stop inside it is possible).
  AxisState next(const AxisState& s, const AxisLimits& range) {
    t_ += kTickS;
    const AxisState planned = move_.at(t_);
    if (can_stop(planned, range)) return planned;
    const AxisState guarded = step_toward(s, move_.goal(), 0.0, 0.0, range, kRate);
    *this = GuardedMove(guarded, move_.goal(), limits_);
    return guarded;
  }

  bool done() const { return t_ >= move_.duration(); }
  double duration() const { return move_.duration(); }

 private:
  static constexpr double kRate = 60.0;  // 1/s, of the guarded ticks
  AxisMove move_;
  AxisLimits limits_{};
  double t_ = 0.0;
};

}  // namespace trocar
