// SPDX-License-Identifier: Apache-2.0
/// Counts what this thread allocates while a Counting is alive: malloc, calloc, realloc, and with
/// them operator new.
#pragma once

namespace bench {

long allocations();  // of this thread, while counting

struct Counting {
  Counting();
  ~Counting();
};

}  // namespace bench
