// SPDX-License-Identifier: Apache-2.0
/// Every fault of the table, forced: detection in exactly its ticks, its stop category, its record.
#include <doctest/doctest.h>

#include <limits>

#include "faults.hpp"

using namespace bench;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Makes the cause of one fault appear in the next tick and stay.
struct Injection {
  Fault fault;
  std::function<void(Bench&)> inject;
  int axis;
  std::function<void(ArmConfig*)> configure = nullptr;
};

void spoil(Bench& b, std::function<void(MeasuredState*)> how) { b.spoil = std::move(how); }

const std::vector<Injection>& injections() {
  static const std::vector<Injection> all = {
      {Fault::kEstop, [](Bench& b) { b.arm->press_estop(); }, -1},
      {Fault::kEstop, [](Bench& b) { b.estop = 1; }, -1},
      {Fault::kTrackingError,
       [](Bench& b) {
         spoil(b, [at = b.q[0]](MeasuredState* m) mutable { m->q[0] = (at -= 0.004) - 0.1; });
         // The first of them is 0.104 rad behind: no jump, as the margin is 5 here and 0.1 there.
       },
       0, [](ArmConfig* c) { c->encoder_jump_margin = 100.0; }},
      {Fault::kNonFinite, [](Bench& b) { spoil(b, [](auto* m) { m->qd[3] = kNaN; }); }, 3},
      {Fault::kEncoderJump, [](Bench& b) { spoil(b, [](auto* m) { m->q[1] += 0.02; }); }, 1},
      {Fault::kMissedDeadline,
       [](Bench& b) { spoil(b, [](auto* m) { m->plant_reason = PlantReason::kNoCommand30Ms; }); },
       -1},
      {Fault::kMissedDeadline,
       [](Bench& b) {
         spoil(b, [](auto* m) { m->plant_reason = PlantReason::kConsecutiveMisses; });
       },
       -1},
      {Fault::kMissedDeadline, [](Bench& b) { b.missed += 30; }, -1},
      {Fault::kEffortLimit,
       [](Bench& b) {
         // Its plant stands still 0.5 rad behind: the first output of that is at the limit.
         spoil(b, [at = b.q](MeasuredState* m) {
           m->q = at;
           m->q[0] -= 0.5;
           m->qd.fill(0.0);
         });
       },
       0,
       [](ArmConfig* c) {
         c->tracking_error_max.setConstant(10.0);
         c->encoder_jump_margin = 1e6;
       }},
      {Fault::kNearRcm,
       [](Bench& b) { spoil(b, [](auto* m) { m->q[2] = psm::kWristOffset + 0.0429; }); }, 2,
       [](ArmConfig* c) {
         c->encoder_jump_margin = 1e6;
         c->tracking_error_max.setConstant(10.0);
       }},
      {Fault::kOverspeed,
       [](Bench& b) { spoil(b, [](auto* m) { m->qd[4] = 1.51 * psm::kVelocityMax[4]; }); }, 4},
      {Fault::kOveracceleration,
       [](Bench& b) {
         spoil(b, [n = 0](MeasuredState* m) mutable { m->qd[5] = 1.0 * (++n % 2); });
       },
       5},
      {Fault::kOvereffort,
       [](Bench& b) { spoil(b, [](auto* m) { m->tau[6] = 1.26 * psm::kEffortMax[6]; }); }, 6},
      {Fault::kRcmDrift, [](Bench& b) { b.arm->set_trocar({{0.0, 0.03, 0.0}}); }, -1},
      {Fault::kModelRange,
       [](Bench& b) { spoil(b, [](auto* m) { m->q[6] = psm::kQMax[6] + 0.101; }); }, 6,
       [](ArmConfig* c) { c->encoder_jump_margin = 1e6; }},
      {Fault::kStateSequence, [](Bench& b) { spoil(b, [](auto* m) { m->sequence -= 1; }); }, -1},
      {Fault::kStateChecksum,
       [](Bench& b) {
         b.reseal = false;
         spoil(b, [](auto* m) { m->q[2] += 1e-12; });
       },
       -1},
  };
  return all;
}

}  // namespace

TEST_CASE("faults: each is seen after the ticks of its row, stops as its row says, is recorded") {
  for (const Injection& injection : injections()) {
    const FaultEntry& row = entry(injection.fault);
    CAPTURE(row.name);
    ArmConfig config;
    if (injection.configure) injection.configure(&config);
    Bench b(config);
    set_moving(b);
    injection.inject(b);
    CHECK(ticks_to(b, injection.fault) == row.detection_ticks);
    CHECK(b.state.fault_axis == injection.axis);
    CHECK((b.state.causes & bit(injection.fault)) != 0);
    CHECK(b.state.powered == (row.stop_category == 1));
    CHECK(b.output.brake == (row.stop_category == 0));
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

TEST_CASE("faults: the table is tested whole") {
  std::int64_t tested = bit(Fault::kPlantLost) | bit(Fault::kFixtureBreach) |
                        bit(Fault::kOutputLimit) | bit(Fault::kSetpointJump) |
                        bit(Fault::kStopOverrun) | bit(Fault::kStaleCommand);  // below, test_safety
  for (const Injection& injection : injections()) tested |= bit(injection.fault);
  for (const FaultEntry& row : kFaultTable) {
    CAPTURE(row.name);
    if (row.fault != Fault::kNone) CHECK((tested & bit(row.fault)) != 0);
  }
}

TEST_CASE("faults: while the cause persists enable and disable are refused, then accepted") {
  for (const Injection& injection : injections()) {
    const Fault fault = injection.fault;
    const bool persists = fault == Fault::kEstop || fault == Fault::kNonFinite ||
                          fault == Fault::kRcmDrift || fault == Fault::kModelRange ||
                          fault == Fault::kStateChecksum;
    if (!persists) continue;
    CAPTURE(entry(fault).name);
    ArmConfig config;
    if (injection.configure) injection.configure(&config);
    Bench b(config);
    b.home();
    injection.inject(b);
    REQUIRE(ticks_to(b, fault) > 0);
    b.run(500);
    for (const StateCommand c : {StateCommand::kEnable, StateCommand::kDisable}) {
      const Result refused = b.answer_to(b.arm->post(c));
      CHECK(refused.verdict == Verdict::kRefused);
      CHECK(refused.reason == Reason::kCausePersists);
    }
    CHECK(b.state.operating_state == OperatingState::kFault);
    b.spoil = nullptr;
    b.estop = 0;
    b.arm->release_estop();
    b.arm->set_trocar({});
    b.run(2);
    CHECK(b.state.operating_state == OperatingState::kFault);  // no recovery by itself
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
  b.spoil = [](MeasuredState* m) { m->qd[3] = kNaN; };
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
  b.spoil = [](MeasuredState* m) { m->q[0] = kNaN; };
  b.tick();
  CHECK_FALSE(b.state.powered);
  CHECK(b.output.brake);
  CHECK(b.state.fault == Fault::kEstop);  // the first stays
  CHECK((b.state.causes & bit(Fault::kNonFinite)) != 0);
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
