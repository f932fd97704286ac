// SPDX-License-Identifier: Apache-2.0
/// What one group of checks found in a tick.
#pragma once

#include <array>
#include <cmath>

#include "trocar/arm_state.hpp"
#include "trocar/fault_table.hpp"

namespace trocar {

struct Finding {
  Fault fault = Fault::kNone;
  int axis = -1;  // -1: none in particular

  explicit operator bool() const { return fault != Fault::kNone; }
};

/// One bit for each fault, as in ArmState::causes.
constexpr std::int64_t bit(Fault fault) {
  return fault == Fault::kNone ? 0 : std::int64_t{1} << static_cast<int>(fault);
}

/// First axis that is not finite, or -1.
inline int first_not_finite(const Axes& values) {
  for (int i = 0; i < kNumAxes; ++i) {
    if (!std::isfinite(values[i])) return i;
  }
  return -1;
}

/// Counts ticks without a break, an axis each; true from the tick that makes `ticks` of them.
class Debounce {
 public:
  explicit Debounce(int ticks) : ticks_(ticks) {}
  void reset() { count_.fill(0); }
  bool add(int axis, bool shows) {
    count_[axis] = shows ? count_[axis] + 1 : 0;
    return count_[axis] >= ticks_;
  }

 private:
  int ticks_;
  std::array<int, kNumAxes> count_{};
};

}  // namespace trocar
