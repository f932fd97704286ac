// SPDX-License-Identifier: Apache-2.0
/// The groups of checks of the safety unit, at their bounds, and its last word on the output.
#include <doctest/doctest.h>

#include <limits>

#include "faults.hpp"

using namespace bench;

namespace {

/// An output that may leave: at rest at home.
TorqueCommand fair_output() {
  TorqueCommand c;
  c.power = 1;
  c.setpoint_q = to_axes(ArmConfig{}.home_q);
  return c;
}

}  // namespace

TEST_CASE("safety output: what is beyond the limits or jumps does not leave") {
  struct Case {
    Fault fault;
    int axis;
    std::function<void(TorqueCommand*)> spoil;
  };
  const double inf = std::numeric_limits<double>::infinity();
  const Case cases[] = {
      {Fault::kNonFinite, 2, [&](TorqueCommand* c) { c->torque[2] = inf; }},
      {Fault::kNonFinite, 6, [&](TorqueCommand* c) { c->setpoint_q[6] = -inf; }},
      {Fault::kNonFinite, 0, [&](TorqueCommand* c) { c->setpoint_qd[0] = std::nan(""); }},
      {Fault::kOutputLimit, 1, [](TorqueCommand* c) { c->torque[1] = 1.001 * psm::kEffortMax[1]; }},
      {Fault::kOutputLimit, 5,
       [](TorqueCommand* c) { c->setpoint_qd[5] = -1.001 * psm::kVelocityMax[5]; }},
      {Fault::kOutputLimit, 0, [](TorqueCommand* c) { c->setpoint_q[0] = psm::kQMax[0] + 1e-3; }},
      {Fault::kSetpointJump, 2, [](TorqueCommand* c) { c->setpoint_q[2] += 0.2 * 1.6e-3; }},
      {Fault::kSetpointJump, 3, [](TorqueCommand* c) { c->setpoint_qd[3] = 0.2; }},
  };
  for (const Case& k : cases) {
    CAPTURE(entry(k.fault).name);
    SafetyUnit unit(ArmConfig{});
    CHECK_FALSE(unit.release(fair_output(), {}));
    CHECK(unit.output().power == 1);
    TorqueCommand bad = fair_output();
    k.spoil(&bad);
    const Axes q = to_axes(ArmConfig{}.home_q);
    const Finding found = unit.release(bad, q);  // in the same tick
    CHECK(found.fault == k.fault);
    CHECK(found.axis == k.axis);
    CHECK(entry(found.fault).detection_ticks == 1);
    CHECK(entry(found.fault).stop_category == 0);
    CHECK(unit.output().power == 0);
    CHECK(unit.output().torque == Axes{});
    CHECK(unit.output().setpoint_q == q);
  }
}

TEST_CASE("safety output: an arm found outside its range may come back, not go on") {
  SafetyUnit unit(ArmConfig{});
  TorqueCommand c = fair_output();
  c.setpoint_q[0] = psm::kQMax[0] + 0.05;
  CHECK_FALSE(unit.release(c, {}));
  c.setpoint_q[0] -= 1e-3;
  CHECK_FALSE(unit.release(c, {}));
  c.setpoint_q[0] += 5e-4;
  CHECK(unit.release(c, {}).fault == Fault::kOutputLimit);
}

TEST_CASE("safety output: a controller that computes NaN never writes it") {
  ArmConfig config;
  config.dynamics.mass[1] = std::numeric_limits<double>::infinity();
  Bench b(config);
  b.arm->post(StateCommand::kEnable);
  CHECK(b.tick().fault == Fault::kNonFinite);
  CHECK(b.output.brake);
  for (const double tau : b.state.setpoint_tau) CHECK(tau == 0.0);
}

TEST_CASE("safety: a set-point that jumps in the tick cuts the power in that tick") {
  ArmConfig config;
  config.safety.setpoint_margin = 1e-3;  // every motion is a jump by that
  Bench b(config);
  b.arm->post(StateCommand::kHome);
  CHECK(ticks_to(b, Fault::kSetpointJump) > 0);
  CHECK_FALSE(b.state.powered);
  CHECK(b.output.brake);
  CHECK(b.state.causes == bit(Fault::kSetpointJump));
}

TEST_CASE("safety: a forbidden region's breach by the measured arm, once it has been outside") {
  GeometryWatch watch(ArmConfig{});
  for (int n = 0; n < 20; ++n)
    CHECK_FALSE(watch.check_regions(0.003));  // enabled inside: may leave
  CHECK_FALSE(watch.check_regions(0.001));
  int n = 1;
  while (!watch.check_regions(0.0021) && n < 100) ++n;
  CHECK(n == entry(Fault::kFixtureBreach).detection_ticks);
  watch.reset();
  CHECK_FALSE(watch.check_regions(-1.0));
}

TEST_CASE("safety: a stop that does not end is cut") {
  ArmConfig config;
  config.safety.stop_overrun_s = 0.05;
  config.stop_time_s = 0.5;
  Bench b(config);
  set_moving(b);
  b.arm->post(StateCommand::kDisable);
  b.tick();
  CHECK(b.state.operating_state == OperatingState::kDisabled);
  CHECK(ticks_to(b, Fault::kStopOverrun) == 50);  // the 51st of the stop
  CHECK_FALSE(b.state.powered);
  CHECK(b.output.brake);
}

TEST_CASE("safety: the shaft's distance from the trocar is |p x z|") {
  std::mt19937_64 random(5);
  for (int n = 0; n < 1000; ++n) {
    const Vec6 q = random_joints(random);
    const psm::LinkFrames T = psm::link_frames(q);
    Vec3 p;
    for (int i = 0; i < 3; ++i) p[i] = uniform(random, -0.05, 0.05);
    const Vec3 z = T[3].R.col(2);
    const double expected = (p - T[3].p - z * z.dot(p - T[3].p)).norm();
    Axes axes{};
    Eigen::Map<Vec6>(axes.data()) = q;
    CHECK(std::abs(shaft_drift(axes, {{p.x(), p.y(), p.z()}}) - expected) < 1e-15);
    CHECK(shaft_drift(axes, {}) < 1e-15);  // for this arm the RCM is an invariant
  }
}

TEST_CASE("safety: the trocar is refused where it is not finite or far away") {
  Bench b;
  CHECK_FALSE(b.arm->set_trocar({{std::nan(""), 0.0, 0.0}}));
  CHECK_FALSE(b.arm->set_trocar({{0.0, 0.0, 0.11}}));
  CHECK(b.arm->set_trocar({{0.0, 0.005, 0.0}}));
  b.home();
  CHECK(b.run(100).fault == Fault::kNone);
  CHECK(b.state.rcm_drift == doctest::Approx(0.005).epsilon(0.01));
}

TEST_CASE("safety: deadlines missed, n without a break or m in 1000") {
  SafetyLimits limits;
  DeadlineWatch watch(limits);
  std::int64_t missed = 7;
  CHECK_FALSE(watch.check(missed));  // what was before does not count
  CHECK_FALSE(watch.check(missed += 29));
  CHECK(watch.check(missed += 30).fault == Fault::kMissedDeadline);
  watch.reset();
  watch.check(missed);
  int ticks = 0;
  for (int n = 0; n < 4000; ++n) {  // one in 5: 200 of 1000
    if (watch.check(missed += n % 5 == 0)) ++ticks;
  }
  CHECK(ticks == 0);
  int n = 0;  // one in 2
  while (!watch.check(missed += n % 2 == 0) && n < 1000) ++n;
  CHECK(n > 90);
  CHECK(n < 500);
}

TEST_CASE("safety: a source that falls silent is held in the tick after its limit, power stays") {
  struct Case {
    Source source;
    std::int64_t limit_ns;
  };
  const ArmConfig config;
  for (const Case& k : {Case{Source::kTeleop, 100'000'000},
                        {Source::kFollow, std::llround(1e9 * config.follow_hold_s)}}) {
    Bench b;
    b.home();
    Vec6 goal = setpoint(b.state);
    for (int n = 0; n < 200; ++n) {
      goal[0] += 2e-4;
      b.arm->post(joints(MotionKind::kServoJp, goal, k.source));
      b.tick();
    }
    const std::int64_t last_ns = b.now_ns();
    while (!b.state.stale && b.ticks < 100000) b.tick();
    const std::int64_t late = b.now_ns() - last_ns - k.limit_ns;
    CHECK(late > 0);
    CHECK(late <= kTickNs * entry(Fault::kStaleCommand).detection_ticks);
    CHECK((b.state.causes & bit(Fault::kStaleCommand)) != 0);
    b.run(300);
    for (const double v : b.state.setpoint_qd) CHECK(v == 0.0);
    CHECK(b.state.operating_state == OperatingState::kEnabled);
    CHECK(b.state.powered);
    CHECK(b.state.fault == Fault::kNone);
    CHECK(b.answer_to(b.arm->post(joints(MotionKind::kServoJp, goal, k.source))).verdict ==
          Verdict::kAccepted);
    CHECK_FALSE(b.state.stale);
  }
}

TEST_CASE("seal: any changed bit is noticed") {
  std::mt19937_64 random(11);
  MeasuredState m;
  for (int i = 0; i < kNumAxes; ++i) m.q[i] = uniform(random, -1.0, 1.0);
  m.sequence = 12345;
  CHECK(is_whole(m));
  CHECK_FALSE(is_sealed(m));
  seal(&m);
  CHECK(is_sealed(m));
  const std::size_t bytes = offsetof(MeasuredState, estop);
  for (std::size_t bit_index = 0; bit_index < 8 * bytes; ++bit_index) {
    MeasuredState damaged = m;
    reinterpret_cast<unsigned char*>(&damaged)[bit_index / 8] ^= 1u << (bit_index % 8);
    CHECK_FALSE(is_whole(damaged));
  }
  m.estop = 1;  // added by the receiver
  CHECK(is_whole(m));
}
