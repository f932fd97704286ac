// SPDX-License-Identifier: Apache-2.0
/// A servo and its plant in one process: one tick = measure, servo, step.  Bit-repeatable.
#pragma once

#include "trocar/plant/arm_plant.hpp"
#include "trocar/plant/joint_servo.hpp"

namespace trocar {

class LockstepServo {
 public:
  /// Of the same number of joints; both must outlive this.
  LockstepServo(JointServo& servo, ArmPlant& plant) : servo_(servo), plant_(plant) {}

  /// One millisecond; false: the plant diverged.
  bool tick() {
    const MeasuredJoints m = plant_.measure();
    output_ = servo_.tick(m.q, m.qd);
    ++ticks_;
    return plant_.step(output_.torque, output_.brake);
  }

  /// What the plant was told in the last tick.
  const ServoOutput& output() const { return output_; }
  std::int64_t ticks() const { return ticks_; }

 private:
  JointServo& servo_;
  ArmPlant& plant_;
  ServoOutput output_;
  std::int64_t ticks_ = 0;
};

}  // namespace trocar
