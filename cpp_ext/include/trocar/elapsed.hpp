// SPDX-License-Identifier: Apache-2.0
/// Time between two stamps that others have written: any two, so the difference saturates where it
/// would overflow.
#pragma once

#include <cstdint>
#include <limits>

namespace trocar {

/// From `then` to `now`; for counters too.
inline std::int64_t elapsed_ns(std::int64_t now, std::int64_t then) {
  std::int64_t difference = 0;
  if (!__builtin_sub_overflow(now, then, &difference)) return difference;
  using Limits = std::numeric_limits<std::int64_t>;
  return now < then ? Limits::min() : Limits::max();
}

inline double elapsed_s(std::int64_t now_ns, std::int64_t then_ns) {
  return 1e-9 * static_cast<double>(elapsed_ns(now_ns, then_ns));
}

}  // namespace trocar
