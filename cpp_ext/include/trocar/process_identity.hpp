// SPDX-License-Identifier: Apache-2.0
/// Which process it was, so that a number used again by another process is not mistaken for it.
#pragma once

#include <cstdint>

namespace trocar {

struct ProcessIdentity {
  std::int64_t pid = 0;
  std::uint64_t start = 0;  // clock ticks after boot: field 22 of /proc/<pid>/stat
};

/// Of the calling process.
ProcessIdentity this_process();

/// Whether exactly that process still runs (a zombie does not).
bool is_alive(const ProcessIdentity& process);

}  // namespace trocar
