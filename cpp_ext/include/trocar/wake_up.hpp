// SPDX-License-Identifier: Apache-2.0
/// How punctually this machine wakes a thread of the loop's kind.
#pragma once

#include <string>

#include "trocar/histogram.hpp"

namespace trocar {

/// From the moment asked for to the moment the thread ran.
struct WakeUp {
  Histogram late;            // ns
  std::int64_t skipped = 0;  // periods that passed while it slept too long
  std::string refused;       // why real-time priority was not given; "" where it was, or not asked
};

/// Sleep `seconds` away in ticks of 1 ms on a thread of its own, SCHED_FIFO at `priority` (0: not
/// asked for), memory locked, and do nothing else.  Blocks meanwhile.
void measure_wake_up(double seconds, int priority, WakeUp* result);

}  // namespace trocar
