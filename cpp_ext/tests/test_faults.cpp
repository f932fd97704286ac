// SPDX-License-Identifier: Apache-2.0
/// Every fault, forced; how many ticks until it is seen; what happens to the power; how it is left.
#include <doctest/doctest.h>

#include <limits>

#include "bench.hpp"

using namespace bench;

namespace {

int push = 0;  // ticks that spoil_rcm has pushed

void spoil_nan(MeasuredState* m) { m->qd[3] = std::numeric_limits<double>::quiet_NaN(); }
void spoil_jump(MeasuredState* m) { m->q[1] += 0.02; }
void spoil_rcm(MeasuredState* m) { m->q[2] -= 0.0005 * ++push; }  // too slow for a jump
void spoil_missed(MeasuredState* m) { m->plant_reason = PlantReason::kNoCommand30Ms; }

/// Ticks until FAULT with that reason, -1 for none within a second.
int ticks_to(Bench& b, Fault fault) {
  for (int n = 1; n <= 1000; ++n) {
    if (b.tick().operating_state == OperatingState::kFault) return b.state.fault == fault ? n : -2;
  }
  return -1;
}

void check_record(Bench& b) {
  const std::vector<ArmState> record = b.arm->fault_snapshot();
  REQUIRE(record.size() == kRecorderSize);
  CHECK(record.back().fault == b.state.fault);
  CHECK(record.front().fault == Fault::kNone);
  for (std::size_t i = 1; i < record.size(); ++i) CHECK(record[i].tick == record[i - 1].tick + 1);
}

}  // namespace

TEST_CASE("fault: not finite and encoder jump are seen in the same tick and power off at once") {
  struct Case {
    void (*spoil)(MeasuredState*);
    Fault fault;
    int axis;
  };
  for (const Case& c :
       {Case{&spoil_nan, Fault::kNonFinite, 3}, {&spoil_jump, Fault::kEncoderJump, 1}}) {
    Bench b;
    b.home();
    b.spoil = c.spoil;
    CHECK(ticks_to(b, c.fault) == 1);
    CHECK(b.state.fault_axis == c.axis);
    CHECK_FALSE(b.state.powered);
    CHECK(b.output.brake);
    CHECK(std::isfinite(b.state.qd[3]));  // the last finite values stand
    check_record(b);
    b.spoil = nullptr;
    b.tick();
    CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).verdict == Verdict::kAccepted);
    CHECK(b.state.fault == Fault::kNone);
  }
}

TEST_CASE("fault: while the sensor stays bad, enable is refused") {
  Bench b;
  b.home();
  b.spoil = &spoil_nan;
  b.run(3);
  CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).reason == Reason::kCausePersists);
  CHECK(b.answer_to(b.arm->post(StateCommand::kDisable)).reason == Reason::kCausePersists);
  CHECK(b.state.operating_state == OperatingState::kFault);
}

TEST_CASE("fault: a blocked joint is a tracking error after the debounce") {
  ArmConfig config;
  config.effort_limit_ticks = 100000;  // so that this one is not first
  Bench b(config);
  b.home();
  b.blocked = true;
  Vec6 goal = setpoint(b.state);
  goal[0] += 0.5;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  int late = 0;
  while (b.tick().operating_state != OperatingState::kFault && late < 50 && b.ticks < 10000) {
    if (std::abs(b.state.setpoint_q[0] - b.state.q[0]) > 0.1) ++late;
  }
  CHECK(b.state.fault == Fault::kTrackingError);
  CHECK(b.state.fault_axis == 0);
  CHECK(late == 10);
  CHECK(std::abs(b.state.setpoint_q[0] - b.state.q[0]) < 1e-3);  // the stop starts from the arm
  CHECK(b.run(50).powered == 0);
  check_record(b);
}

TEST_CASE("fault: effort at its limit for 200 ms") {
  ArmConfig config;
  config.tracking_error_max.setConstant(10.0);
  config.integral_share = 10.0;
  Bench b(config);
  b.home();
  b.blocked = true;
  Vec6 goal = setpoint(b.state);
  goal[0] += 1.0;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  CHECK(ticks_to(b, Fault::kEffortLimit) > 200);
  CHECK(b.state.fault_axis == 0);
}

TEST_CASE("fault: the wrist pushed nearer than 43 mm to the RCM") {
  Bench b;
  b.home();
  Vec6 goal = setpoint(b.state);
  goal[2] = 0.065;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  b.run(2000);
  REQUIRE(std::abs(b.state.q[2] - 0.065) < 1e-5);
  push = 0;
  b.spoil = &spoil_rcm;
  CHECK(ticks_to(b, Fault::kNearRcm) == 13);  // 65 - 13 * 0.5 mm is the first below 58.6 mm
  CHECK(b.state.fault_axis == 2);
}

TEST_CASE("fault: the plant side braked") {
  Bench b;
  b.home();
  b.spoil = &spoil_missed;
  CHECK(ticks_to(b, Fault::kMissedDeadline) == 1);
  CHECK_FALSE(b.state.powered);
}

TEST_CASE("fault: no state from the plant") {
  Bench b;
  b.home();
  b.arm->tick_without_plant(b.now_ns());
  CHECK(b.arm->state().fault == Fault::kPlantLost);
  CHECK_FALSE(b.arm->state().powered);
  b.arm->post(StateCommand::kEnable);
  b.arm->tick_without_plant(b.now_ns());
  CHECK(b.arm->take_results().back().reason == Reason::kCausePersists);
  CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).verdict == Verdict::kAccepted);
}

TEST_CASE("e-stop: controlled stop, then power off; latched until released and enabled") {
  for (const bool in_segment : {false, true}) {
    Bench b;
    b.home();
    Vec6 goal = setpoint(b.state);
    goal[1] += 0.6;
    b.arm->post(joints(MotionKind::kMoveJp, goal));
    b.run(300);
    if (in_segment)
      b.estop = 1;
    else
      b.arm->press_estop();
    CHECK(ticks_to(b, Fault::kEstop) == 1);
    CHECK(b.state.powered);  // stopping under control
    double speed = std::abs(b.state.setpoint_qd[1]);
    int n = 0;
    while (b.tick().powered && n < 1000) {
      CHECK(std::abs(b.state.setpoint_qd[1]) <= speed);
      speed = std::abs(b.state.setpoint_qd[1]);
      ++n;
    }
    CHECK(n < 300);
    CHECK(b.output.brake);
    CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).reason == Reason::kCausePersists);
    CHECK(b.answer_to(b.arm->post(StateCommand::kDisable)).reason == Reason::kCausePersists);
    CHECK(b.answer_to(b.arm->post(joints(MotionKind::kMoveJp, goal))).reason == Reason::kInFault);
    b.estop = 0;
    b.arm->release_estop();
    CHECK(b.run(5).operating_state == OperatingState::kFault);
    CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).verdict == Verdict::kAccepted);
    CHECK(b.run(2).powered);
    CHECK_FALSE(b.output.brake);
    CHECK(b.state.is_homed);
  }
}

TEST_CASE("e-stop: refused to enable from DISABLED too") {
  Bench b;
  b.tick();
  b.arm->press_estop();
  CHECK(b.tick().operating_state == OperatingState::kFault);
  for (const StateCommand c : {StateCommand::kEnable, StateCommand::kDisable}) {
    CHECK(b.answer_to(b.arm->post(c)).reason == Reason::kCausePersists);
  }
  CHECK_FALSE(b.state.powered);
}

TEST_CASE("finite check: a controller that computes NaN never writes it") {
  ArmConfig config;
  config.dynamics.mass[1] = std::numeric_limits<double>::infinity();
  Bench b(config);
  b.arm->post(StateCommand::kEnable);
  b.run(3);
  CHECK(b.state.fault == Fault::kNonFinite);
  CHECK(b.output.brake);
  for (const double tau : b.state.setpoint_tau) CHECK(tau == 0.0);
}
