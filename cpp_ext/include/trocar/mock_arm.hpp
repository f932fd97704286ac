// SPDX-License-Identifier: Apache-2.0
/// A perfect arm, paced by the wall at 1 kHz: it is where its set-point is, one tick later.
#pragma once

#include <time.h>

#include <cerrno>

#include "trocar/realtime.hpp"
#include "trocar/seam.hpp"

namespace trocar {

class MockArm final : public Seam {
 public:
  explicit MockArm(const Axes& q) {
    measured_.q = q;
    next_ns_ = monotonic_ns();
  }

  bool wait(std::int64_t) override {
    next_ns_ += kTickNs;
    const std::int64_t late = monotonic_ns() - next_ns_;
    if (late > 0) next_ns_ += late / kTickNs * kTickNs;  // skip whole periods, keep the phase
    timespec t;
    t.tv_sec = next_ns_ / 1'000'000'000;
    t.tv_nsec = next_ns_ % 1'000'000'000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) == EINTR) {
    }
    return true;
  }

  bool read(MeasuredState* measured) override {
    ++measured_.sequence;
    measured_.stamp_ns = system_ns();
    measured_.publish_ns = next_ns_;
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

  void reconnect() override {}
  void set_realtime(bool) override {}
  void stop() override {}

 private:
  MeasuredState measured_;
  std::int64_t next_ns_ = 0;
};

}  // namespace trocar
