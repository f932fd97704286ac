// SPDX-License-Identifier: Apache-2.0
/// A perfect arm, paced by the wall at 1 kHz: it is where its set-point is, one tick later.
#pragma once

#include "trocar/periodic_timer.hpp"
#include "trocar/seam.hpp"

namespace trocar {

class MockArm final : public Seam {
 public:
  explicit MockArm(const Axes& q) : timer_(kTickNs) { measured_.q = q; }

  bool wait(std::int64_t) override {
    skipped_ += timer_.wait();
    return true;
  }

  bool read(MeasuredState* measured) override {
    ++measured_.sequence;
    measured_.stamp_ns = system_ns();
    measured_.publish_ns = timer_.due_ns();
    if (measured_.sequence == 1) skipped_ = 0;  // of the time before the first
    *measured = measured_;
    return true;
  }

  void write(const TorqueCommand& command) override {
    measured_.qd.fill(0.0);
    measured_.tau.fill(0.0);
    measured_.plant_reason = command.power ? PlantReason::kNone : PlantReason::kNotPowered;
    if (!command.power) return;
    measured_.enable_counter = command.enable_counter;
    measured_.q = command.setpoint_q;
    measured_.qd = command.setpoint_qd;
    measured_.tau = command.torque;
  }

  std::int64_t skipped() const override { return skipped_; }
  void reconnect() override {}
  void set_realtime(bool) override {}
  void stop() override {}

 private:
  MeasuredState measured_;
  PeriodicTimer timer_;
  std::int64_t skipped_ = 0;  // ticks that were never run
};

}  // namespace trocar
