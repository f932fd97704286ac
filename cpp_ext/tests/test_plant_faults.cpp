// SPDX-License-Identifier: Apache-2.0
/// What an arm and the plant's own side make of every fault of the plant and of the link.
#include <doctest/doctest.h>

#include "plant_rig.hpp"

using namespace trocar;
using plant_rig::Rig;

namespace {

void move_by(Arm& arm, const ArmState& from, int axis, double distance) {
  MotionCommand c;
  c.kind = MotionKind::kMoveJp;
  c.source = Source::kCrtk;
  for (std::size_t i = 0; i < kNumJoints; ++i) c.joints[i] = from.setpoint_q[i];
  c.joints[static_cast<std::size_t>(axis)] += distance;
  arm.post(c);
}

/// Homed and at rest, so that it takes moves.
ArmState homed(Rig& rig) {
  rig.run(10);
  rig.arm->post(StateCommand::kHome);
  for (int n = 0; n < 6000 && !(rig.arm->state().is_homed && !rig.arm->state().is_busy); ++n) {
    REQUIRE(rig.cell.tick());
  }
  REQUIRE(rig.arm->state().is_homed);
  return rig.arm->state();
}

}  // namespace

TEST_CASE("plant faults: an encoder that jumps is named, and the arm is braked") {
  Rig rig;
  rig.enabled();
  CHECK(rig.arm->state().operating_state == OperatingState::kEnabled);
  rig.plant.faults().encoder_jump[3] = 0.2;
  rig.run(2);
  const ArmState s = rig.arm->state();
  CHECK(s.fault == Fault::kEncoderJump);
  CHECK(s.fault_axis == 3);
  CHECK(rig.plant.braked());
  const ChainVec at = rig.plant.q_true();
  rig.plant.faults() = {};
  rig.run(50);
  CHECK((rig.plant.q_true() - at).cwiseAbs().maxCoeff() < 1e-9);
  rig.arm->post(StateCommand::kEnable);  // the cause is gone
  rig.run(20);
  CHECK(rig.arm->state().operating_state == OperatingState::kEnabled);
}

TEST_CASE("plant faults: a joint that is stuck: its motor stays at the limit, which is named") {
  Rig rig;
  const ArmState start = homed(rig);
  rig.plant.faults().is_stuck[1] = true;
  const double at = rig.plant.theta_true()[1];
  move_by(*rig.arm, start, 1, 0.3);
  int n = 0;
  for (; n < 3000 && rig.arm->state().fault == Fault::kNone; ++n) {
    REQUIRE(rig.cell.tick());
    CHECK(std::abs(rig.plant.q_true()[1] - at) < 1e-9);
  }
  CHECK(rig.arm->state().fault == Fault::kEffortLimit);
  CHECK(rig.arm->state().fault_axis == 1);
  rig.run(800);
  CHECK(rig.plant.braked());
  rig.plant.faults().is_stuck[1] = false;
  rig.arm->post(StateCommand::kEnable);
  rig.run(50);
  CHECK(rig.arm->state().operating_state == OperatingState::kEnabled);
}

TEST_CASE("plant faults: a motor without strength lets the arm fall: named, then braked") {
  Rig rig;
  homed(rig);
  rig.plant.faults().effort_share[2] = 0.05;  // 0.5 N: less than the weight that slides
  for (int n = 0; n < 3000 && rig.arm->state().fault == Fault::kNone; ++n) {
    REQUIRE(rig.cell.tick());
    CHECK(std::abs(rig.plant.tau_applied()[2]) <= 0.05 * psm::kEffortMax[2] + 1e-12);
  }
  CHECK(rig.arm->state().fault != Fault::kNone);
  CHECK(rig.arm->state().fault_axis == 2);
  rig.run(600);
  CHECK(rig.plant.braked());
}

TEST_CASE("plant faults: a cable that slips is seen by nothing but the truth") {
  Rig rig;
  rig.enabled();
  const ArmState before = rig.arm->state();
  const Vec3 tip = rig.plant.T_world_cp().p;
  rig.plant.faults().cable_slip[4] = 0.15;
  rig.run(500);
  const ArmState s = rig.arm->state();
  CHECK(s.fault == Fault::kNone);
  CHECK(std::abs(s.q[4] - before.q[4]) < 1e-4);  // the encoder stays
  CHECK(rig.plant.q_true()[4] - rig.plant.theta_true()[4] == doctest::Approx(0.15));
  CHECK((rig.plant.T_world_cp().p - tip).norm() > 1e-3);
  rig.plant.faults() = {};
  rig.run(1);
  CHECK(rig.plant.q_true()[4] == rig.plant.theta_true()[4]);
}

TEST_CASE("plant faults: a link that is cut: damped, braked after 30 ms, lost after 100 ms") {
  Rig rig;
  const ArmState start = homed(rig);
  move_by(*rig.arm, start, 0, 0.6);
  rig.run(300);
  CHECK(std::abs(rig.plant.qd_true()[0]) > 0.2);
  rig.cell.set_packet_loss(1.0);
  int braked_after = 0;
  while (!rig.cell.output().brake && braked_after < 100) {
    REQUIRE(rig.cell.tick());
    ++braked_after;
  }
  CHECK(braked_after == 30);
  CHECK(rig.cell.output().reason == PlantReason::kNoCommand30Ms);
  rig.run(69);
  CHECK(rig.arm->state().fault == Fault::kNone);  // it has heard nothing, not even silence
  rig.run(1);
  CHECK(rig.arm->state().fault == Fault::kPlantLost);
  rig.cell.set_packet_loss(0.0);
  rig.run(10);
  rig.arm->post(StateCommand::kEnable);
  rig.run(50);
  CHECK(rig.arm->state().operating_state == OperatingState::kEnabled);
  CHECK_FALSE(rig.plant.braked());
}

TEST_CASE("plant link: packets take their ticks, a lost one never comes") {
  DelayLine<int> line(3);
  for (int n = 0; n < 200; ++n) {
    const int* out = line.pass(n % 5 == 0 ? nullptr : &n);
    const bool expected = n >= 3 && (n - 3) % 5 != 0;
    REQUIRE((out != nullptr) == expected);
    if (expected) CHECK(*out == n - 3);
  }
  DelayLine<int> none(0), longest(LinkSettings::kMostDelay);
  for (int n = 0; n < 200; ++n) {
    CHECK(*none.pass(&n) == n);
    const int* late = longest.pass(&n);
    CHECK((late == nullptr ? -1 : *late) == (n < 63 ? -1 : n - 63));
  }
}

TEST_CASE("plant link: losses are as many as asked for, and each is a miss") {
  LinkSettings link;
  link.loss = 0.02;
  Rig rig({}, link, {}, 11);
  rig.enabled();
  const std::int64_t before = rig.cell.missed();
  constexpr int kTicks = 5000;
  int missed = 0;
  for (int n = 0; n < kTicks; ++n) {
    REQUIRE(rig.cell.tick());
    missed += rig.cell.output().missed;
  }
  CHECK(rig.cell.missed() - before == missed);
  // A tick is missed where the state or the command is lost: 3.96 %; five standard deviations.
  CHECK(std::abs(missed - 0.0396 * kTicks) < 5.0 * std::sqrt(0.0396 * kTicks));
}

TEST_CASE("plant link: an arm behind a delay of two ticks each way still follows") {
  LinkSettings link;
  link.state_delay = link.command_delay = 2;
  Rig rig({}, link);
  const ArmState start = homed(rig);
  move_by(*rig.arm, start, 0, 0.4);
  rig.run(3000);
  const ArmState s = rig.arm->state();
  CHECK(s.fault == Fault::kNone);
  CHECK(s.setpoint_q[0] == doctest::Approx(start.setpoint_q[0] + 0.4));
  CHECK(std::abs(rig.plant.q_true()[0] - s.setpoint_q[0]) < 2e-3);
}

TEST_CASE("plant link: a long delay is told by what the arm does, not hidden") {
  LinkSettings link;
  link.state_delay = link.command_delay = 15;  // 30 ms in the loop: beyond 1 / natural frequency
  Rig rig({}, link);
  rig.run(100);
  rig.arm->post(StateCommand::kHome);
  rig.run(5000);
  CHECK(rig.arm->state().operating_state == OperatingState::kFault);
}

TEST_CASE("plant: two runs with one seed are the same bits, another seed others") {
  const auto trace = [](std::uint64_t seed) {
    EncoderSettings e;
    e.noise.fill(1e-5);
    e.velocity_noise.fill(1e-3);
    DriveSettings d;
    d.stiffness[4] = 0.37;
    d.backlash[4] = 0.02;
    LinkSettings link;
    link.loss = 0.005;
    link.state_delay = 1;
    Rig rig(d, link, e, seed);
    rig.arm->post(StateCommand::kHome);
    ChainVec sum = ChainVec::Zero();
    for (int n = 0; n < 2000; ++n) {
      rig.cell.tick();
      sum += rig.plant.q_true() + to_vector(rig.cell.output().torque).norm() * ChainVec::Ones();
    }
    return sum;
  };
  const ChainVec a = trace(4), b = trace(4), c = trace(5);
  CHECK((a - b).isZero(0.0));
  CHECK_FALSE((a - c).isZero(0.0));
}
