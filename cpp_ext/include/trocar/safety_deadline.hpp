// SPDX-License-Identifier: Apache-2.0
/// Deadlines that the plant saw pass: n without a break, or m among the last 1000 ticks.
#pragma once

#include <algorithm>
#include <array>

#include "trocar/elapsed.hpp"
#include "trocar/safety_finding.hpp"
#include "trocar/safety_limits.hpp"

namespace trocar {

class DeadlineWatch {
 public:
  explicit DeadlineWatch(const SafetyLimits& limits)
      : consecutive_max_(limits.missed_consecutive_max), window_max_(limits.missed_window_max) {}

  void reset() {
    window_.fill(0);
    sum_ = 0;
    has_last_ = false;
  }

  /// While powered; `missed` is the plant's count, so what passed between two states has no break.
  Finding check(std::int64_t missed) {
    const std::int64_t since =
        has_last_ ? std::clamp<std::int64_t>(elapsed_ns(missed, last_), 0, kMost) : 0;
    last_ = missed;
    has_last_ = true;
    sum_ += static_cast<int>(since) - window_[next_];
    window_[next_] = static_cast<std::uint8_t>(since);
    next_ = (next_ + 1) % kWindow;
    if (since >= consecutive_max_ || sum_ >= window_max_) return {Fault::kMissedDeadline, -1};
    return {};
  }

 private:
  static constexpr std::size_t kWindow = 1000;  // ticks
  static constexpr std::int64_t kMost = 255;
  int consecutive_max_, window_max_;
  std::array<std::uint8_t, kWindow> window_{};
  std::size_t next_ = 0;
  int sum_ = 0;
  std::int64_t last_ = 0;
  bool has_last_ = false;
};

}  // namespace trocar
