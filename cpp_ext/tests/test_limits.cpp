// SPDX-License-Identifier: Apache-2.0
/// Velocity, acceleration and range on seeded random sweeps of every command.
#include <doctest/doctest.h>

#include "bench.hpp"

using namespace bench;

namespace {

void random_command(Bench& b, std::mt19937_64& random, bool with_stops) {
  const double kind = uniform(random, 0.0, 1.0);
  const Source source =
      with_stops && uniform(random, 0.0, 1.0) < 0.5 ? Source::kTeleop : Source::kCrtk;
  MotionCommand c;
  Vec6 q = random_joints(random, 0.2);
  const bool near = uniform(random, 0.0, 1.0) < 0.5;
  if (near) q = setpoint(b.state) + 0.02 * (q - setpoint(b.state));
  if (kind < 0.3)
    c = joints(MotionKind::kServoJp, q, source);
  else if (kind < 0.5)
    c = joints(MotionKind::kMoveJp, q, source);
  else if (kind < 0.75)
    c = pose(MotionKind::kServoCp, psm::forward_kinematics(q), source);
  else if (kind < 0.95 || !with_stops)
    c = pose(MotionKind::kMoveCp, psm::forward_kinematics(q), source);
  if (uniform(random, 0.0, 1.0) < 0.5) {
    c.has_velocity = 1;
    for (double& v : c.velocity) v = uniform(random, -3.0, 3.0);
  }
  b.arm->post(c);
  JawCommand jaw;
  jaw.angle = uniform(random, -2.0, 3.0);
  jaw.is_move = kind < 0.5;
  b.arm->post(jaw);
}

/// Worst share of the limits over a sweep, and whether the range was kept.
void sweep(std::uint64_t seed, bool with_stops) {
  const ArmConfig config;
  Bench b(config);
  b.home();
  std::mt19937_64 random(seed);
  Axes before = b.state.setpoint_qd, rate_before{};
  double worst_v = 0.0, worst_a = 0.0, worst_j = 0.0;
  bool inside = true;
  for (int n = 0; n < 100000; ++n) {
    if (n % static_cast<int>(uniform(random, 1.0, 200.0)) == 0)
      random_command(b, random, with_stops);
    if (with_stops && n % 977 == 0) b.arm->post(StateCommand::kPause);
    if (with_stops && n % 977 == 300) b.arm->post(StateCommand::kResume);
    b.tick();
    for (int i = 0; i < kNumAxes; ++i) {
      const double v = b.state.setpoint_qd[i];
      const AxisLimits limits = with_stops ? stop_limits(config, i) : motion_limits(config, i);
      const double a = (v - before[i]) / kTickS;
      worst_v = std::max(worst_v, std::abs(v) / limits.v_max);
      worst_a = std::max(worst_a, std::abs(a) / limits.a_max);
      worst_j = std::max(worst_j, std::abs(a - rate_before[i]) / kTickS / limits.j_max);
      rate_before[i] = a;
      const double low = i == 2 ? 0.0606 : config.q_min[i];
      inside = inside && b.state.setpoint_q[i] >= low - 1e-9 &&
               b.state.setpoint_q[i] <= config.q_max[i] + 1e-9;
    }
    before = b.state.setpoint_qd;
    if (n % 100 == 0) b.arm->take_results();
  }
  CHECK(b.state.fault == Fault::kNone);
  CHECK(worst_v <= 1.0 + 1e-9);
  CHECK(worst_v > 0.5);  // the sweep does go to the limits
  CHECK(worst_a <= 1.0 + 1e-9);
  CHECK(worst_a > 0.99);
  CHECK(worst_j <= 1.0 + 1e-5);  // of second differences
  CHECK(worst_j > 0.99);
  CHECK(inside);
}

}  // namespace

TEST_CASE("limits: never exceeded, commands only") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) sweep(seed, false);
}

TEST_CASE("limits: never exceeded, with holds, pauses and operators who fall silent") {
  for (const std::uint64_t seed : {4u, 5u, 6u}) sweep(seed, true);
}

TEST_CASE("limits: a reference that starts outside its range comes back slowly, not by a jump") {
  Bench b;
  b.q[0] = psm::kQMax[0] + 0.02;
  b.home();
  CHECK(b.state.is_homed);
  CHECK(std::abs(b.state.q[0]) < 1e-4);
}
