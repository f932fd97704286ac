// SPDX-License-Identifier: Apache-2.0
/// In-process seam: one call = one tick of the arm and of the plant-side supervisor.
#pragma once

#include "trocar/arm.hpp"
#include "trocar/plant_supervisor.hpp"

namespace trocar {

/// Bit-repeatable: nothing in it looks at a clock.  Drives `arm` from the thread that calls.
class LockstepPort {
 public:
  explicit LockstepPort(Arm& arm) : arm_(arm) {}

  PlantOutput exchange(const Axes& q, const Axes& qd, const Axes& tau, std::int64_t stamp_ns) {
    MeasuredState m;
    m.sequence = ++sequence_;
    m.stamp_ns = stamp_ns;
    m.q = q;
    m.qd = qd;
    m.tau = tau;
    m.enable_counter = supervisor_.enable_counter();
    m.missed = supervisor_.missed();
    m.plant_reason = supervisor_.reason();
    return supervisor_.advance(&arm_.tick(m), qd, stamp_ns, false, false);
  }

 private:
  Arm& arm_;
  PlantSupervisor supervisor_;
  std::int64_t sequence_ = 0;
};

}  // namespace trocar
