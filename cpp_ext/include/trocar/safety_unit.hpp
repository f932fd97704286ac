// SPDX-License-Identifier: Apache-2.0
/// The safety unit: first look at what was measured, last word on what leaves.
///
/// It owns the only TorqueCommand that an arm hands out, and release() is the only function that
/// writes one, so nothing reaches the seam unchecked.  Checks are in one file a group; what they
/// can find is in fault_table.hpp; what is done about it (stop, power, latch) is the arm's.
#pragma once

#include "trocar/safety_age.hpp"
#include "trocar/safety_deadline.hpp"
#include "trocar/safety_geometry.hpp"
#include "trocar/safety_motion.hpp"
#include "trocar/safety_output.hpp"
#include "trocar/safety_sensors.hpp"

namespace trocar {

class SafetyUnit {
 public:
  explicit SafetyUnit(const ArmConfig& config)
      : sensors(config),
        motion(config),
        geometry(config),
        deadlines(config.safety),
        age(config),
        output_(config),
        stop_longest_(static_cast<int>(config.safety.stop_overrun_s / kTickS)) {}

  /// Forget history: called when the arm is enabled.
  void reset() {
    motion.reset();
    geometry.reset();
    deadlines.reset();
    output_.reset();
    stopping_ticks_ = 0;
  }

  /// The set-point starts anew from where the arm is.
  void rebase() { output_.rebase(); }

  /// A tick of a controlled stop (or none): does it end?
  Finding check_stop(bool stopping) {
    stopping_ticks_ = stopping ? stopping_ticks_ + 1 : 0;
    if (stopping_ticks_ > stop_longest_) return {Fault::kStopOverrun, -1};
    return {};
  }

  Finding check_effort() const { return output_.check_effort(); }

  /// Judge `wanted` and, where nothing is wrong with it, let it out; else what leaves is braked.
  /// `q`: measured, for the set-point of an arm whose power is off.
  Finding release(const TorqueCommand& wanted, const Axes& q) {
    out_ = wanted;
    const Finding finding = wanted.power != 0 ? output_.check(wanted) : Finding{};
    if (finding || wanted.power == 0) {
      output_.rebase();
      out_.power = 0;
      out_.torque.fill(0.0);
      out_.setpoint_q = q;
      out_.setpoint_qd.fill(0.0);
    }
    return finding;
  }

  /// What leaves in this tick.
  const TorqueCommand& output() const { return out_; }

  SensorWatch sensors;
  MotionWatch motion;
  GeometryWatch geometry;
  DeadlineWatch deadlines;
  AgeWatch age;

 private:
  OutputWatch output_;
  TorqueCommand out_;
  int stop_longest_;
  int stopping_ticks_ = 0;
};

}  // namespace trocar
