// SPDX-License-Identifier: Apache-2.0
/// Injecting a fault on the bench and counting the ticks until it is seen.
#pragma once

#include <doctest/doctest.h>

#include "bench.hpp"

namespace bench {

/// Ticks until FAULT with that reason: 1 is the next tick; -1 none within 2 s, -2 another.
inline int ticks_to(Bench& b, Fault fault, int most = 2000) {
  for (int n = 1; n <= most; ++n) {
    if (b.tick().operating_state == OperatingState::kFault) return b.state.fault == fault ? n : -2;
  }
  return -1;
}

/// The record of the newest fault: at least 50 ticks without a gap, the last is the fault's.
inline void check_record(Bench& b) {
  const std::vector<ArmState> record = b.arm->fault_snapshot();
  REQUIRE(record.size() >= 50);
  CHECK(record.back().fault == b.state.fault);
  CHECK(record.front().fault == Fault::kNone);
  for (std::size_t i = 1; i < record.size(); ++i) CHECK(record[i].tick == record[i - 1].tick + 1);
}

/// Homed, then in the middle of a joint move of axis 0.
inline void set_moving(Bench& b) {
  b.home();
  Vec6 goal = setpoint(b.state);
  goal[0] += 1.0;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  b.run(400);
  REQUIRE(std::abs(b.state.setpoint_qd[0]) > 0.2);
}

/// Speed falls in every tick from the one after the detection on (a jerk-limited stop may keep its
/// speed in the first), and ends in power off.
inline void check_controlled_stop(Bench& b) {
  CHECK(b.state.powered);
  double speed = std::abs(b.state.setpoint_qd[0]);
  const double start = speed;
  int n = 0;
  while (b.tick().powered && n < 1000) {
    CHECK(std::abs(b.state.setpoint_qd[0]) <= speed + 1e-12);
    if (n == 2 && start > 0.0) CHECK(std::abs(b.state.setpoint_qd[0]) < start);
    speed = std::abs(b.state.setpoint_qd[0]);
    ++n;
  }
  CHECK(n < 400);
  CHECK(b.output.brake);
}

}  // namespace bench
