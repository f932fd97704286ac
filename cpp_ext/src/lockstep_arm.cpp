// SPDX-License-Identifier: Apache-2.0
#include "trocar/plant/lockstep_arm.hpp"

namespace trocar {

MeasuredState LockstepArm::measured() {
  const MeasuredJoints joints = plant_.measure();
  MeasuredState m;
  m.sequence = ticks_ + 1;
  m.stamp_ns = stamp_ns();
  m.q = to_axes(joints.q.head<kNumAxes>());
  m.qd = to_axes(joints.qd.head<kNumAxes>());
  m.tau = to_axes(joints.tau.head<kNumAxes>());
  m.enable_counter = supervisor_.enable_counter();
  m.missed = supervisor_.missed();
  m.plant_reason = supervisor_.reason();
  return m;
}

bool LockstepArm::tick() {
  const MeasuredState now = measured();
  const TorqueCommand* answer = nullptr;
  if (const MeasuredState* arrived = link_.to_controller(now)) {
    silent_ = 0;
    answer = &arm_.tick(*arrived);
  } else if (++silent_ >= kPlantLostTicks) {  // as the loop's thread does it (loop.cpp)
    arm_.tick_without_plant(now.stamp_ns);
  }
  // Damping is the plant side's own: it looks at its own speeds, not at what was delivered.
  output_ = supervisor_.advance(link_.to_plant(answer), now.qd, now.stamp_ns, false, false);
  ++ticks_;
  return plant_.step(output_);
}

}  // namespace trocar
