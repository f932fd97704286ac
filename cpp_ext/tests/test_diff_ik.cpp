// SPDX-License-Identifier: Apache-2.0
/// Differential IK as a quadratic program: limits, rows, giving way, and what it does with
/// nonsense.
#include <doctest/doctest.h>

#include "bench.hpp"
#include "trocar/approach_limit.hpp"
#include "trocar/diff_ik.hpp"
#include "trocar/instrument.hpp"
#include "trocar/joint_speed_bounds.hpp"
#include "trocar/reference_limits.hpp"

using namespace bench;

namespace {

using Problem = DiffIkProblem<kNumJoints>;

Problem problem_at(const Vec6& q, const Vec6& twist) {
  const ArmConfig config;
  Problem p;
  p.J = psm::jacobian(q);
  p.twist = twist;
  for (int i = 0; i < kNumJoints; ++i) p.speed[i] = config.velocity_max[i];
  p.lower = -p.speed;
  p.upper = p.speed;
  return p;
}

}  // namespace

TEST_CASE("diff ik: free, it is the inverse of the Jacobian") {
  std::mt19937_64 random(1);
  DiffIk<kNumJoints> ik;
  int n = 0;
  while (n < 200) {
    const Vec6 q = 0.5 * random_joints(random) + (Vec6() << 0, 0, 0.06, 0, 0, 0).finished();
    Vec6 qd;
    for (int i = 0; i < kNumJoints; ++i) qd[i] = uniform(random, -0.3, 0.3) * Problem().speed[i];
    qd[2] *= 0.1;
    Problem p = problem_at(q, psm::jacobian(q) * qd);
    p.damping = 1e-9;
    const auto r = ik.solve(p);
    REQUIRE(r.status == QpStatus::kOptimal);
    CHECK((r.qd - qd).norm() < 1e-5);
    ++n;
  }
}

TEST_CASE("diff ik: along a joint's limit more than 90 % of what is free of it is travelled") {
  // Yaw at its limit, a twist of the tip that asks for yaw and insertion: the insertion goes on.
  const Vec6 q = (Vec6() << 0.0, 0.0, 0.15, 0.0, 0.0, 0.0).finished();
  Vec6 wanted = Vec6::Zero();
  wanted[0] = 0.1;
  wanted[2] = 0.02;
  Problem p = problem_at(q, psm::jacobian(q) * wanted);
  p.upper[0] = 0.0;
  DiffIk<kNumJoints> ik;
  const auto r = ik.solve(p);
  REQUIRE(r.status == QpStatus::kOptimal);
  CHECK(r.qd[0] <= 1e-12);
  CHECK(r.qd[2] > 0.9 * wanted[2]);
}

TEST_CASE("diff ik: rows that cannot be met give way, retreats first, bounds never") {
  const Vec6 q = (Vec6() << 0.1, -0.1, 0.15, 0.2, 0.1, -0.1).finished();
  const Instrument arm(q);
  DiffIk<kNumJoints> ik;
  std::mt19937_64 random(2);
  for (int n = 0; n < 2000; ++n) {
    Vec6 twist;
    for (int i = 0; i < 6; ++i) twist[i] = uniform(random, -0.2, 0.2);
    Problem p = problem_at(q, twist);
    const int rows = 1 + static_cast<int>(random() % 6);
    for (int k = 0; k < rows; ++k) {
      const Vec3 d = Vec3(uniform(random, -1, 1), uniform(random, -1, 1), uniform(random, -1, 1));
      p.add_row(arm.speed_row(Piece::kLink, 1.0, d.normalized()), uniform(random, -0.05, 0.3));
    }
    const auto r = ik.solve(p);
    CAPTURE(n);
    REQUIRE(r.qd.allFinite());
    for (int i = 0; i < kNumJoints; ++i) {
      REQUIRE(r.qd[i] >= p.lower[i]);
      REQUIRE(r.qd[i] <= p.upper[i]);
    }
    REQUIRE((r.status == QpStatus::kOptimal) == (r.yielding == Yielding::kNone));
    REQUIRE(r.yielding != Yielding::kHeld);
    for (int k = 0; k < rows; ++k) {
      const double met = p.A.row(k).dot(r.qd.transpose()) - p.b[k];
      if (r.yielding == Yielding::kNone) REQUIRE(met >= -1e-9);
      if (r.yielding == Yielding::kRetreats && p.b[k] <= 0.0) REQUIRE(met >= -1e-9);
    }
  }
}

TEST_CASE("diff ik: nonsense holds, inside the bounds") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Vec6 q = (Vec6() << 0.1, -0.1, 0.15, 0.2, 0.1, -0.1).finished();
  for (const double bad : {nan, std::numeric_limits<double>::infinity(), 1e300}) {
    for (int where = 0; where < 4; ++where) {
      Problem p = problem_at(q, Vec6::Constant(0.01));
      if (where == 0) p.twist[1] = bad;
      if (where == 1) p.J(2, 3) = bad;
      if (where == 2) p.add_row(Vec6::Constant(bad), 0.0);
      if (where == 3) p.add_row(Vec6::Ones(), bad);
      DiffIk<kNumJoints> ik;
      const auto r = ik.solve(p);
      CAPTURE(bad);
      CAPTURE(where);
      CHECK(r.qd.allFinite());
      CHECK((r.qd.array() >= p.lower.array()).all());
      CHECK((r.qd.array() <= p.upper.array()).all());
    }
  }
}

TEST_CASE("diff ik: a count of rows that the table has not holds") {
  for (const int rows : {-1, kMaxQpRows + 1, 1'000'000}) {
    Problem p =
        problem_at((Vec6() << 0.1, -0.1, 0.15, 0.2, 0.1, -0.1).finished(), Vec6::Constant(0.01));
    p.lower[1] = 0.1;
    p.rows = rows;
    DiffIk<kNumJoints> ik;
    const auto r = ik.solve(p);
    CHECK(r.yielding == Yielding::kHeld);
    CHECK(r.qd == Vec6(0.1 * Vec6::Unit(1)));
  }
}

TEST_CASE("diff ik: a software remote centre of motion is kept by a pair of rows") {
  // The PSM as if its mechanics did not see to it: a trocar 30 mm along the shaft.
  const Vec6 q = (Vec6() << 0.2, -0.1, 0.15, 0.2, 0.1, -0.1).finished();
  const Instrument arm(q);
  const Vec3 trocar = Vec3(0.0005, 0.0, 0.0) + 0.03 * arm.axes.z3;
  Problem p = problem_at(q, (Vec6() << 0.02, 0.01, -0.01, 0, 0, 0).finished());
  Eigen::Matrix<double, 6, kNumJoints> J;
  for (int i = 0; i < 3; ++i) {
    J.row(i) = arm.speed_row(Piece::kShaft, 1.0, Vec3::Unit(i)).transpose();
  }
  J.bottomRows<3>().setZero();
  J.col(0).tail<3>() = -Vec3::UnitY();
  J.col(1).tail<3>() = arm.axes.y3;
  REQUIRE(add_rcm_rows(&p, J, arm.wrist, arm.axes.z3, trocar, 10.0));
  DiffIk<kNumJoints> ik;
  const auto r = ik.solve(p);
  REQUIRE(r.status == QpStatus::kOptimal);
  const Vec3 at = arm.axes.z3 * arm.axes.z3.dot(trocar);  // of the shaft, nearest to it
  const Vec3 v = (J * r.qd).head<3>() + (J * r.qd).tail<3>().cross(at - arm.wrist);
  const Vec3 error = at - trocar;
  const Vec3 lateral = v - arm.axes.z3 * arm.axes.z3.dot(v);
  CHECK((lateral + 10.0 * error).norm() < 1e-6);
}

TEST_CASE("diff ik: the speed bounds always leave a stop inside range and speed") {
  const ArmConfig config;
  std::mt19937_64 random(3);
  for (int i = 0; i < kNumJoints; ++i) {
    const AxisLimits l = motion_limits(config, i);
    AxisState s{0.5 * (l.q_min + l.q_max), 0.0, 0.0};
    for (int n = 0; n < 20'000; ++n) {
      const SpeedBounds b = joint_speed_bounds(s, l);
      REQUIRE(b.lower <= b.upper);
      const double v = random() % 4 == 0  ? uniform(random, b.lower, b.upper)
                       : n / 500 % 2 == 0 ? b.upper
                                          : b.lower;
      REQUIRE(std::abs(v - s.v) <= l.a_max * kTickS * (1.0 + 1e-9));
      s = {s.q + v * kTickS, v, std::clamp((v - s.v) / kTickS, -l.a_max, l.a_max)};
      CAPTURE(i);
      CAPTURE(n);
      REQUIRE(s.q >= l.q_min - 1e-9);
      REQUIRE(s.q <= l.q_max + 1e-9);
      REQUIRE(std::abs(s.v) <= l.v_max * (1.0 + 1e-9));
    }
  }
}

TEST_CASE("approach limit: falls to zero at the edge, without a jump, and is its own inverse") {
  for (const double a : {0.05, 0.5, 5.0}) {
    double last = 0.0;
    for (int k = 0; k <= 10'000; ++k) {
      const double d = 1e-5 * k, v = approach_limit(d, a, 0.02);
      REQUIRE(v >= last);
      REQUIRE(v - last <= kRegionRate * 1e-5 + 1e-12);
      REQUIRE(braking_distance(v, a) == doctest::Approx(d).epsilon(1e-9));
      last = v;
    }
    CHECK(approach_limit(-1.0, a, 0.02) == -0.02);
    CHECK(approach_limit(-1e-4, a, 0.02) == doctest::Approx(-0.0025));
  }
}
