// SPDX-License-Identifier: Apache-2.0
/// Every fault of the table, forced: detection in exactly its ticks, its stop category, its record.
#include <doctest/doctest.h>

#include "fault_injections.hpp"
#include "faults.hpp"

using namespace bench;

TEST_CASE("faults: each is seen after the ticks of its row, stops as its row says, is recorded") {
  for (const Injection& injection : injections()) {
    const FaultEntry& row = entry(injection.fault);
    if (row.stop_category == 2) continue;  // latches nothing: below
    CAPTURE(row.name);
    Bench b(config_for(injection));
    set_moving(b);
    if (injection.prepare) injection.prepare(b);
    injection.inject(b);
    CHECK(ticks_to(b, injection.fault) == row.detection_ticks);
    CHECK(b.state.fault_axis == injection.axis);
    CHECK((b.state.causes & bit(injection.fault)) != 0);
    CHECK(b.state.powered == (row.stop_category == 1));
    CHECK(b.command.power == (row.stop_category == 1));
    CHECK((b.silent || b.output.brake == (row.stop_category == 0)));
    check_record(b);
    const std::int64_t fault_tick = b.state.tick;
    if (row.stop_category == 1) {
      b.spoil = nullptr;  // the plant goes on as it is
      check_controlled_stop(b);
    }
    // Latched: nothing moves it but an acknowledgement, and a second fault changes nothing.
    b.arm->press_estop();
    CHECK(b.run(100).operating_state == OperatingState::kFault);
    CHECK(b.state.fault == injection.fault);
    CHECK(b.arm->fault_snapshot().back().tick == fault_tick);
    CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).reason == Reason::kCausePersists);
  }
}

TEST_CASE("faults: the twin without the cause has none") {
  for (const Injection& injection : injections()) {
    CAPTURE(entry(injection.fault).name);
    Bench b(config_for(injection));
    set_moving(b);
    if (injection.prepare) injection.prepare(b);
    CHECK(b.run(300).fault == Fault::kNone);
    CHECK((b.state.causes & ~bit(Fault::kStaleCommand)) == 0);
  }
}

TEST_CASE("faults: a stale command is seen in its tick, held by then, and latches nothing") {
  for (const Injection& injection : injections()) {
    if (injection.fault != Fault::kStaleCommand) continue;
    Bench b;
    b.home();
    stream(b);
    b.run(300);
    const double speed = b.command.setpoint_qd[0];
    injection.inject(b);
    CHECK_FALSE(b.state.stale);
    b.tick();
    CHECK(is_detected(b, Fault::kStaleCommand));
    CHECK(b.state.stale);
    CHECK(std::abs(b.command.setpoint_qd[0]) < 0.1 * speed);  // carried on less far than the limit
    b.run(300);
    CHECK(b.command.setpoint_qd[0] == 0.0);
    CHECK(b.state.powered);
    CHECK(b.state.operating_state == OperatingState::kEnabled);
    CHECK(b.state.fault == Fault::kNone);
  }
}

TEST_CASE("faults: the table is injected whole") {
  std::int64_t injected = 0;
  for (const Injection& injection : injections()) injected |= bit(injection.fault);
  for (const FaultEntry& row : kFaultTable) {
    CAPTURE(row.name);
    if (row.fault != Fault::kNone) CHECK((injected & bit(row.fault)) != 0);
  }
}

TEST_CASE("faults: while the cause persists enable and disable are refused, then accepted") {
  for (const Injection& injection : injections()) {
    const FaultEntry& row = entry(injection.fault);
    if (row.stop_category == 2) continue;
    CAPTURE(row.name);
    Bench b(config_for(injection));
    set_moving(b);
    if (injection.prepare) injection.prepare(b);
    injection.inject(b);
    REQUIRE(ticks_to(b, injection.fault) > 0);
    b.run(500);
    for (const StateCommand c : {StateCommand::kEnable, StateCommand::kDisable}) {
      if (!injection.persists) break;
      const Result refused = b.answer_to(b.arm->post(c));
      CHECK(refused.verdict == Verdict::kRefused);
      CHECK(refused.reason == Reason::kCausePersists);
    }
    CHECK(b.state.operating_state == OperatingState::kFault);
    b.mend();
    b.run(1000);
    CHECK(b.state.operating_state == OperatingState::kFault);  // no recovery by itself
    CHECK(b.state.fault == injection.fault);
    CHECK_FALSE(b.command.power);
    CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).verdict == Verdict::kAccepted);
    CHECK(b.state.fault == Fault::kNone);
    CHECK(b.run(3).powered);
    CHECK_FALSE(b.output.brake);
    CHECK(b.state.is_homed);
  }
}

TEST_CASE("faults: the last finite values stand while a sensor is bad") {
  Bench b;
  b.home();
  b.spoil = [](MeasuredState* m) { m->qd[3] = std::nan(""); };
  b.run(3);
  CHECK(std::isfinite(b.state.qd[3]));
  CHECK(std::isnan(b.arm->fault_snapshot().back().qd[3]));  // the record keeps what came
}

TEST_CASE("faults: no state from the plant") {
  Bench b;
  b.home();
  b.arm->tick_without_plant(b.now_ns());
  CHECK(b.arm->state().fault == Fault::kPlantLost);
  CHECK_FALSE(b.arm->state().powered);
  b.arm->post(StateCommand::kEnable);
  b.arm->tick_without_plant(b.now_ns());
  CHECK(b.arm->take_results().back().reason == Reason::kCausePersists);
  b.ticks = 0;  // another plant, counting from 1 again
  CHECK(b.answer_to(b.arm->post(StateCommand::kEnable)).verdict == Verdict::kAccepted);
  CHECK(b.run(5).fault == Fault::kNone);
}

TEST_CASE("faults: where a joint did not follow, the stop starts from the arm") {
  ArmConfig config;
  config.effort_limit_ticks = 100000;  // so that this one is not first
  Bench b(config);
  b.home();
  b.blocked = true;
  Vec6 goal = setpoint(b.state);
  goal[0] += 0.5;
  b.arm->post(joints(MotionKind::kMoveJp, goal));
  REQUIRE(ticks_to(b, Fault::kTrackingError) > 0);
  CHECK(b.state.fault_axis == 0);
  CHECK(std::abs(b.state.setpoint_q[0] - b.state.q[0]) < 1e-3);
  CHECK(b.run(50).powered == 0);
  check_record(b);
}

TEST_CASE("faults: a second one of category 0 during a controlled stop cuts the power") {
  Bench b;
  set_moving(b);
  b.arm->press_estop();
  b.tick();
  REQUIRE(b.state.powered);
  b.spoil = [](MeasuredState* m) { m->q[0] = std::nan(""); };
  b.tick();
  CHECK_FALSE(b.state.powered);
  CHECK(b.output.brake);
  CHECK(b.state.fault == Fault::kEstop);  // the first stays
  CHECK((b.state.causes & bit(Fault::kNonFinite)) != 0);
}

TEST_CASE("faults: a stop among walls comes to rest and speeds no joint up to get round them") {
  std::mt19937_64 random(3);
  int bent = 0;
  for (int n = 0; n < 40; ++n) {
    Bench b;
    b.home();
    Vec6 goal = random_joints(random);
    goal[0] = n % 2 == 0 ? 1.0 : -1.0;
    b.arm->post(joints(MotionKind::kMoveJp, goal));
    b.run(static_cast<int>(uniform(random, 300.0, 700.0)));
    build_walls(b, 0.01);
    b.arm->press_estop();
    Axes before = b.command.setpoint_qd;
    int ticks = 0;
    while (b.tick().powered && ++ticks < 1000) {
      bent += b.state.constraint.bent;
      for (int i = 0; i < kNumAxes; ++i) {
        // The jerk limit: 3 ticks to end an acceleration, and one that ends late swings back a bit.
        const bool same = std::abs(b.command.setpoint_qd[i]) <= std::abs(before[i]) + 1e-9;
        CHECK((ticks <= 3 || same || std::abs(b.command.setpoint_qd[i]) < 0.02));
      }
      before = b.command.setpoint_qd;
    }
    CHECK(ticks < 500);
  }
  CHECK(bent > 100);
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
