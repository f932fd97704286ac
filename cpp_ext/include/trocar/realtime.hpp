// SPDX-License-Identifier: Apache-2.0
/// Clocks and real-time priority of the calling thread.
#pragma once

#include <cstdint>
#include <string>

namespace trocar {

/// CLOCK_MONOTONIC in ns: durations and deadlines.
std::int64_t monotonic_ns();

/// CLOCK_REALTIME in ns: the system time that stamps are in.
std::int64_t system_ns();

/// Put the calling thread on SCHED_FIFO at `priority` (1..99) and lock the process's memory.
/// "" or one line that says why not, and what to grant; threads that it starts do not inherit it.
std::string set_realtime(int priority);

/// Timer slack of 1 ns, denormals to zero, stack touched: what a punctual thread needs besides.
void prepare_punctual_thread();

}  // namespace trocar
