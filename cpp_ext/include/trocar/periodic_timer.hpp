// SPDX-License-Identifier: Apache-2.0
/// Absolute-time pacing, for arms that do not pace the loop themselves.
#pragma once

#include <time.h>

#include <cerrno>

#include "trocar/realtime.hpp"

namespace trocar {

/// Wakes at start + n period.  After a late wake-up whole periods are skipped and counted: the
/// phase is kept, and nothing is caught up in a burst.
class PeriodicTimer {
 public:
  explicit PeriodicTimer(std::int64_t period_ns)
      : period_ns_(period_ns), next_ns_(monotonic_ns()) {}

  /// The next wake-up after `now_ns`, which is not slept for; returns the periods skipped.
  std::int64_t advance(std::int64_t now_ns) {
    next_ns_ += period_ns_;
    const std::int64_t late = now_ns - next_ns_;
    const std::int64_t skipped = late >= 0 ? late / period_ns_ + 1 : 0;
    next_ns_ += skipped * period_ns_;
    return skipped;
  }

  /// Sleep until then; returns the periods skipped on the way.
  std::int64_t wait() {
    const std::int64_t skipped = advance(monotonic_ns());
    timespec t;
    t.tv_sec = next_ns_ / 1'000'000'000;
    t.tv_nsec = next_ns_ % 1'000'000'000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
    }
    return skipped;
  }

  /// CLOCK_MONOTONIC of the wake-up that wait() slept for.
  std::int64_t due_ns() const { return next_ns_; }

 private:
  std::int64_t period_ns_;
  std::int64_t next_ns_;
};

}  // namespace trocar
