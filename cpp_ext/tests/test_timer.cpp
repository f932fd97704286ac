// SPDX-License-Identifier: Apache-2.0
/// Absolute-time pacing: phase kept, whole periods skipped, nothing caught up.
#include <doctest/doctest.h>

#include "trocar/periodic_timer.hpp"
#include "trocar/wake_up.hpp"

using namespace trocar;

TEST_CASE("timer: on time nothing is skipped; late, whole periods are, and the phase stays") {
  constexpr std::int64_t kPeriod = 1'000'000;
  PeriodicTimer timer(kPeriod);
  const std::int64_t start = timer.due_ns();
  CHECK(timer.advance(start + 10) == 0);
  CHECK(timer.due_ns() == start + kPeriod);
  CHECK(timer.advance(start + kPeriod + 999'999) == 0);
  CHECK(timer.due_ns() == start + 2 * kPeriod);
  CHECK(timer.advance(start + 7 * kPeriod + 300'000) == 5);  // 3, 4, 5, 6 and 7 have passed
  CHECK(timer.due_ns() == start + 8 * kPeriod);
  CHECK(timer.advance(start + 9 * kPeriod) == 1);  // a wake-up of this very moment has passed too
  CHECK(timer.due_ns() == start + 10 * kPeriod);
}

TEST_CASE("timer: sleeps until the moment, never before it") {
  PeriodicTimer timer(200'000);
  std::int64_t last = timer.due_ns();
  for (int n = 0; n < 50; ++n) {
    const std::int64_t skipped = timer.wait();
    CHECK(monotonic_ns() >= timer.due_ns());
    CHECK(timer.due_ns() == last + 200'000 * (1 + skipped));
    last = timer.due_ns();
  }
}

TEST_CASE("wake-up: every tick is measured, and a refusal of priority is said") {
  WakeUp result;
  measure_wake_up(0.05, 0, &result);
  CHECK(result.late.count() == 50);
  CHECK(result.refused.empty());
  WakeUp with_priority;
  measure_wake_up(0.02, 80, &with_priority);
  CHECK(with_priority.late.count() == 20);
  MESSAGE("SCHED_FIFO: " << (with_priority.refused.empty() ? "granted" : with_priority.refused));
}
