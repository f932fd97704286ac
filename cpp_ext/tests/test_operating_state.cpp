// SPDX-License-Identifier: Apache-2.0
/// The CRTK table, executed row by row against a ticking arm.
#include <doctest/doctest.h>

#include "bench.hpp"

using namespace bench;
using S = OperatingState;
using C = StateCommand;

namespace {

/// A bench brought to `state`; FAULT by an emergency stop that was released again.
std::unique_ptr<Bench> bench_in(S state) {
  auto b = std::make_unique<Bench>();
  b->tick();
  if (state == S::kDisabled) return b;
  b->home();
  if (state == S::kPaused) b->arm->post(C::kPause);
  if (state == S::kFault) {
    b->arm->press_estop();
    b->run(100);
    b->arm->release_estop();
  }
  b->tick();
  b->arm->take_results();
  return b;
}

struct Row {
  S from;
  C command;
  Verdict verdict;
  S to;
};

// Written out by hand, not derived from the table under test.
const Row kRows[] = {
    {S::kDisabled, C::kEnable, Verdict::kAccepted, S::kEnabled},
    {S::kDisabled, C::kDisable, Verdict::kAccepted, S::kDisabled},
    {S::kDisabled, C::kPause, Verdict::kRefused, S::kDisabled},
    {S::kDisabled, C::kResume, Verdict::kRefused, S::kDisabled},
    {S::kDisabled, C::kHome, Verdict::kAccepted, S::kEnabled},
    {S::kDisabled, C::kUnhome, Verdict::kAccepted, S::kDisabled},
    {S::kEnabled, C::kEnable, Verdict::kAccepted, S::kEnabled},
    {S::kEnabled, C::kDisable, Verdict::kAccepted, S::kDisabled},
    {S::kEnabled, C::kPause, Verdict::kAccepted, S::kPaused},
    {S::kEnabled, C::kResume, Verdict::kRefused, S::kEnabled},
    {S::kEnabled, C::kHome, Verdict::kAccepted, S::kEnabled},
    {S::kEnabled, C::kUnhome, Verdict::kAccepted, S::kEnabled},
    {S::kPaused, C::kEnable, Verdict::kRefused, S::kPaused},
    {S::kPaused, C::kDisable, Verdict::kAccepted, S::kDisabled},
    {S::kPaused, C::kPause, Verdict::kAccepted, S::kPaused},
    {S::kPaused, C::kResume, Verdict::kAccepted, S::kEnabled},
    {S::kPaused, C::kHome, Verdict::kRefused, S::kPaused},
    {S::kPaused, C::kUnhome, Verdict::kRefused, S::kPaused},
    {S::kFault, C::kEnable, Verdict::kAccepted, S::kEnabled},
    {S::kFault, C::kDisable, Verdict::kAccepted, S::kDisabled},
    {S::kFault, C::kPause, Verdict::kRefused, S::kFault},
    {S::kFault, C::kResume, Verdict::kRefused, S::kFault},
    {S::kFault, C::kHome, Verdict::kRefused, S::kFault},
    {S::kFault, C::kUnhome, Verdict::kRefused, S::kFault},
};

}  // namespace

TEST_CASE("operating state: every row of the table") {
  for (const Row& row : kRows) {
    CAPTURE(static_cast<int>(row.from));
    CAPTURE(static_cast<int>(row.command));
    const auto b = bench_in(row.from);
    REQUIRE(b->state.operating_state == row.from);
    const Result result = b->answer_to(b->arm->post(row.command));
    CHECK(result.verdict == row.verdict);
    CHECK(b->state.operating_state == row.to);
    if (row.verdict == Verdict::kRefused) {
      CHECK(result.reason == (row.from == S::kFault ? Reason::kInFault : Reason::kBadTransition));
    }
  }
}

TEST_CASE("operating state: home moves to home_q, is busy meanwhile, and sets is_homed") {
  Bench b;
  b.arm->post(C::kEnable);
  CHECK_FALSE(b.run(3).is_homed);
  const Result early = b.answer_to(b.arm->post(joints(MotionKind::kServoJp, Vec6::Zero())));
  CHECK(early.verdict == Verdict::kRefused);
  CHECK(early.reason == Reason::kNotReady);
  b.arm->post(C::kHome);
  b.run(5);
  CHECK(b.state.is_busy);
  CHECK_FALSE(b.state.is_homed);
  b.run(2000);
  CHECK(b.state.is_homed);
  CHECK_FALSE(b.state.is_busy);
  CHECK(std::abs(b.state.q[2] - 0.12) < 1e-5);
  b.arm->post(C::kUnhome);
  CHECK_FALSE(b.run(2).is_homed);
}

TEST_CASE(
    "operating state: disable stops within the deceleration, then powers off; pause keeps power") {
  for (const C command : {C::kDisable, C::kPause}) {
    Bench b;
    b.home();
    Vec6 goal = setpoint(b.state);
    goal[0] += 0.8;
    b.arm->post(joints(MotionKind::kMoveJp, goal));
    b.run(300);
    REQUIRE(std::abs(b.state.setpoint_qd[0]) > 0.3);
    b.arm->post(command);
    const double bound = 1.0001 * stop_limits(b.arm->config(), 0).a_max;
    double before = b.state.setpoint_qd[0];
    int ticks = 0;
    while (b.tick().setpoint_qd[0] != 0.0 && ticks < 1000) {
      CHECK(std::abs(b.state.setpoint_qd[0] - before) <= bound * kTickS);
      CHECK(b.state.powered);
      before = b.state.setpoint_qd[0];
      ++ticks;
    }
    CHECK(ticks < 250);
    b.run(50);
    CHECK(b.state.powered == (command == C::kPause));
    CHECK(b.output.brake == (command == C::kDisable));
    if (command == C::kPause) {
      const Result r = b.answer_to(b.arm->post(joints(MotionKind::kServoJp, goal)));
      CHECK(r.reason == Reason::kNotReady);
    }
  }
}

TEST_CASE("operating state: the end of the process finds no phase that ends in a fault") {
  int early = 0, homing = 0, homed = 0;
  for (int after = 0; after < 2600; after += 13) {
    Bench b;
    b.arm->post(C::kHome);
    b.run(after);
    (b.state.is_homed ? homed : b.state.is_busy ? homing : early)++;
    b.arm->request_shutdown();
    b.run(1000);
    CAPTURE(after);
    CHECK(b.state.operating_state == S::kDisabled);
    CHECK(b.state.fault == Fault::kNone);
    CHECK_FALSE(b.state.powered);
    const Result again = b.answer_to(b.arm->post(C::kEnable));
    CHECK(again.verdict == Verdict::kRefused);
  }
  CHECK(std::min({early, homing, homed}) > 0);
}
