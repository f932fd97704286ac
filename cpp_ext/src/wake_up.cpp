// SPDX-License-Identifier: Apache-2.0
#include "trocar/wake_up.hpp"

#include <cmath>
#include <thread>

#include "trocar/periodic_timer.hpp"
#include "trocar/types.hpp"

namespace trocar {

void measure_wake_up(double seconds, int priority, WakeUp* result) {
  const auto ticks = static_cast<std::int64_t>(std::llround(seconds / kTickS));
  std::thread thread([ticks, priority, result] {
    if (priority > 0) result->refused = set_realtime(priority);
    prepare_punctual_thread();
    PeriodicTimer timer(kTickNs);
    timer.wait();  // the first sleep also pages code in
    for (std::int64_t n = 0; n < ticks; ++n) {
      result->skipped += timer.wait();
      result->late.add(monotonic_ns() - timer.due_ns());
    }
  });
  thread.join();
}

}  // namespace trocar
