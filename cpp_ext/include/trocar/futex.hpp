// SPDX-License-Identifier: Apache-2.0
/// Waiting on a word in shared memory across processes (Linux futex).
///
/// The kernel keeps no state of a futex beyond the wait itself: a side that is killed leaves
/// nothing locked.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <climits>
#include <cstdint>

namespace trocar {

using FutexWord = std::atomic<std::uint32_t>;
static_assert(sizeof(FutexWord) == 4 && FutexWord::is_always_lock_free);

/// Sleep while *word == value, `timeout_ns` at most; may also return early.
inline void futex_wait(const FutexWord* word, std::uint32_t value, std::int64_t timeout_ns) {
  if (timeout_ns <= 0) return;
  timespec t;
  t.tv_sec = timeout_ns / 1'000'000'000;
  t.tv_nsec = timeout_ns % 1'000'000'000;
  syscall(SYS_futex, word, FUTEX_WAIT, value, &t, nullptr, 0);
}

inline void futex_wake(const FutexWord* word) {
  syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

}  // namespace trocar
