// SPDX-License-Identifier: Apache-2.0
/// How deep set-points get into forbidden regions: every kind, corners, random commands.
#include <doctest/doctest.h>

#include "constraint_cell.hpp"

using namespace bench;

TEST_CASE("constraint: every region, still and moving, is kept to 0.05 mm at 20 mm/s") {
  std::mt19937_64 random(5);
  const auto ball = grid_of(ball_mesh(Vec3::Zero(), 0.01, 40), 0.001, 0.006);
  const auto cavity =
      grid_of(box_mesh(Vec3(-0.01, -0.01, -0.01), Vec3(0.01, 0.01, 0.01), true), 0.001, 0.006);
  for (int n = 0; n < 14; ++n) {
    Cell c;
    const Vec3 d = random_point(random).normalized();
    const Vec3 at = c.tip.p + 0.015 * d;
    Fixture f;
    switch (n % 7) {
      case 0:
        f = plane(c.tip.p + 0.005 * d, -d);
        break;
      case 1:
        f = sphere(at, 0.01);
        break;
      case 2:
        f = tube(at + 0.03 * across(d), at - 0.03 * across(d), 0.01);
        break;
      case 3:
        f = cone(c.tip.p + 0.006 * d, d, 0.5);
        break;
      case 4:
        f = sphere(c.tip.p, 0.006);
        f.keep_in = 1;
        break;
      case 5:
        f = mesh(ball);
        f.position = three(at);
        break;
      default:
        f = mesh(cavity);
        f.position = three(c.tip.p);
        break;
    }
    f.shaft = 0;
    if (n >= 7) f = moving(f, -0.005 * d, c.now_ns());
    c.fix({{f, n % 7 == 5 ? ball : n % 7 == 6 ? cavity : nullptr}});
    const double breach = c.push(d, 700);
    CAPTURE(n);
    CHECK(breach <= kBreach);
    CHECK(c.bent > 50);
    CHECK(c.nearest < 2e-4);
  }
}

TEST_CASE("constraint: a mesh's second wall is not hidden by the first") {
  const auto cavity =
      grid_of(box_mesh(Vec3(-0.02, -0.02, -0.02), Vec3(0.02, 0.02, 0.02), true), 0.001, 0.006);
  for (const double speed : {0.02, 0.05}) {
    Cell c;
    Fixture f = mesh(cavity);
    f.shaft = 0;
    f.position = three(c.tip.p + Vec3(0.0, 0.0, 0.0185));  // 1.5 mm above the floor
    c.fix({{f, cavity}});
    // Down to the floor, along it into the wall x = -20 mm, then into the corner.
    CHECK(c.push(Vec3(-1.0, -0.3, -0.3).normalized(), static_cast<int>(40.0 / speed), speed) <=
          kBreach);
    CHECK(c.position().x() - c.tip.p.x() < -0.0195);
  }
}

TEST_CASE("constraint: limits hold and no fault comes of random commands among regions") {
  Cell c;
  std::mt19937_64 random(9);
  const ArmConfig config;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  constexpr int kTicks = 20'000;
#else
  constexpr int kTicks = 120'000;
#endif
  double deepest = 0.0;
  int bent = 0;
  const auto start = [&] {
    const Vec3 t = c.tip.p;
    c.fix({post(plane(t - Vec3(0, 0, 0.03), {0, 0, 1})), post(sphere(t + Vec3(0.04, 0, 0), 0.02)),
           post(tube(t + Vec3(-0.03, -0.05, 0), t + Vec3(-0.03, 0.05, -0.02), 0.008))});
  };
  start();
  Axes last_v = c.state.setpoint_qd;
  for (int n = 0; n < kTicks; ++n) {
    if (n % 3 == 0 && random() % 20 == 0) {
      Vec6 q = random_joints(random, 0.2);
      if (random() % 2 == 0) q = kStart + 0.3 * (q - kStart);
      const bool move = random() % 3 == 0;
      c.arm->post(joints(move ? MotionKind::kMoveJp : MotionKind::kServoJp, q));
    }
    if (n % 200 == 0) c.arm->take_results();
    const ArmState& s = c.tick();
    CAPTURE(n);
    CAPTURE(s.fault_axis);
    REQUIRE(s.fault == Fault::kNone);
    deepest = std::max(deepest, s.constraint.breach());
    bent += s.constraint.bent;
    for (int i = 0; i < kNumJoints; ++i) {
      REQUIRE(s.setpoint_q[i] >= config.q_min[i] - 1e-9);
      REQUIRE(s.setpoint_q[i] <= config.q_max[i] + 1e-9);
      REQUIRE(std::abs(s.setpoint_qd[i]) <= config.velocity_max[i] * (1.0 + 1e-9));
      const double dv = std::max(config.acceleration_max[i],
                                 config.velocity_max[i] / (config.stop_time_s - 0.002));
      REQUIRE(std::abs(s.setpoint_qd[i] - last_v[i]) <= 1.001 * dv * kTickS);
    }
    last_v = s.setpoint_qd;
  }
  MESSAGE("deepest breach at up to full speed: ", 1e3 * deepest, " mm; bent ticks: ", bent);
  CHECK(bent > kTicks / 100);
  CHECK(deepest <= 1e-3);  // full speed: 0.2 m/s insertion, 1.6 rad/s
}

TEST_CASE("constraint: what the nearest wall hides from the wrist is seen as well") {
  // A cube of 20 mm around the tip: the wrist, 9 mm behind it, turns into its corners.
  const auto cavity =
      grid_of(box_mesh(Vec3::Constant(-0.01), Vec3::Constant(0.01), true), 1e-3, 6e-3);
  std::mt19937_64 random(8);
  for (int n = 0; n < 12; ++n) {
    Cell c;
    Fixture f = mesh(cavity);
    f.shaft = 0;
    f.position = three(c.tip.p);
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(f.rotation.data()) =
        exp_so3(10.0 * random_point(random));
    c.fix({{f, cavity}});
    CHECK(c.push(random_point(random).normalized(), 700) <= kBreach);
  }
}
