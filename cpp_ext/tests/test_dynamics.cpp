// SPDX-License-Identifier: Apache-2.0
/// The equation of motion against energy: what Newton-Euler says must agree with potential and
/// kinetic energy, written down independently from the DH product.
#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "dh_chain.hpp"
#include "trocar/dynamics.hpp"

using namespace trocar;

namespace {

/// Potential energy in J.
double potential(const DynamicParameters& p, const Vec7& q) {
  const auto T = oracle::frames(q);
  double energy = 0.0;
  for (int i = 0; i < 7; ++i) {
    const Mat4& frame = T[i < 6 ? i : 7];
    const Vec3 com =
        frame.topLeftCorner<3, 3>() * p.com.row(i).transpose() + frame.topRightCorner<3, 1>();
    energy -= p.mass[i] * p.gravity_base.dot(com);
  }
  return energy;
}

/// Kinetic energy in J at q, qd, the speeds by central differences of the DH product.
double kinetic(const DynamicParameters& p, const Vec7& q, const Vec7& qd) {
  const double h = 1e-6;
  const auto ahead = oracle::frames(q + h * qd), behind = oracle::frames(q - h * qd);
  double energy = 0.0;
  for (int i = 0; i < 7; ++i) {
    const Mat4 &a = ahead[i < 6 ? i : 7], &b = behind[i < 6 ? i : 7];
    const Vec3 com = p.com.row(i).transpose();
    const Vec3 v = ((a.topLeftCorner<3, 3>() - b.topLeftCorner<3, 3>()) * com +
                    (a.topRightCorner<3, 1>() - b.topRightCorner<3, 1>())) /
                   (2 * h);
    const Mat3 body = b.topLeftCorner<3, 3>().transpose() * a.topLeftCorner<3, 3>();
    const Vec3 omega = log_so3(body) / (2 * h);  // in body axes
    energy += 0.5 * p.mass[i] * v.squaredNorm();
    energy += 0.5 * omega.dot(p.inertia_matrix(i) * omega);
    energy += 0.5 * p.armature[i] * qd[i] * qd[i];
  }
  return energy;
}

Vec7 random_vector(std::mt19937_64& random, double scale) {
  Vec7 v;
  for (int i = 0; i < 7; ++i) v[i] = oracle::uniform(random, -scale, scale);
  return v;
}

/// Parameters with a tilted gravity and every number moved, so that no symmetry hides a mistake.
DynamicParameters skewed(std::mt19937_64& random) {
  DynamicParameters p;
  for (int i = 0; i < 7; ++i) {
    p.mass[i] = oracle::uniform(random, 0.1, 2.0);
    for (int j = 0; j < 3; ++j) {
      p.com(i, j) = oracle::uniform(random, -0.1, 0.1);
      p.inertia(i, j) = oracle::uniform(random, 0.010, 0.019);
      p.products(i, j) = oracle::uniform(random, -0.003, 0.003);
    }
  }
  p.gravity_base = Vec3(3.0, -5.0, -7.0);
  return p;
}

}  // namespace

TEST_CASE("dynamics: gravity is the slope of the potential energy") {
  std::mt19937_64 random(21);
  for (int n = 0; n < 200; ++n) {
    const DynamicParameters p = skewed(random);
    const Vec7 q = oracle::random_axes(random);
    const Vec7 g = gravity_effort(p, q);
    for (int i = 0; i < 7; ++i) {
      const Vec7 dq = 1e-5 * Vec7::Unit(i);
      CHECK(g[i] ==
            doctest::Approx((potential(p, q + dq) - potential(p, q - dq)) / 2e-5).epsilon(1e-7));
    }
    CHECK((inverse_dynamics(p, q, Vec7::Zero(), Vec7::Zero()) - g).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("dynamics: the mass matrix holds the kinetic energy and the accelerations") {
  std::mt19937_64 random(22);
  for (int n = 0; n < 200; ++n) {
    const DynamicParameters p = skewed(random);
    const Vec7 q = oracle::random_axes(random), qd = random_vector(random, 1.0);
    const Mat7 M = mass_matrix(p, q);
    CHECK(0.5 * qd.dot(M * qd) == doctest::Approx(kinetic(p, q, qd)).epsilon(1e-7));
    CHECK(M == M.transpose());
    CHECK(M.llt().info() == Eigen::Success);
    const Vec7 qdd = random_vector(random, 5.0);
    const Vec7 difference =
        inverse_dynamics(p, q, qd, qdd) - inverse_dynamics(p, q, qd, Vec7::Zero());
    CHECK((difference - M * qdd).cwiseAbs().maxCoeff() < 1e-12);
  }
}

TEST_CASE("dynamics: Lagrange's equation, velocity terms included") {
  // tau = M qdd + Mdot qd - d/dq (qd M qd / 2) + g.  A power balance would miss the gyroscopic
  // terms, which do no work.
  std::mt19937_64 random(23);
  const double h = 1e-5;
  for (int n = 0; n < 200; ++n) {
    const DynamicParameters p = skewed(random);
    const Vec7 q = oracle::random_axes(random), qd = random_vector(random, 2.0),
               qdd = random_vector(random, 5.0);
    const auto slope = [&](const Vec7& along) {
      return Mat7((mass_matrix(p, q + h * along) - mass_matrix(p, q - h * along)) / (2 * h));
    };
    Vec7 expected = mass_matrix(p, q) * qdd + slope(qd) * qd + gravity_effort(p, q);
    for (int i = 0; i < 7; ++i) expected[i] -= 0.5 * qd.dot(slope(Vec7::Unit(i)) * qd);
    CHECK((inverse_dynamics(p, q, qd, qdd) - expected).cwiseAbs().maxCoeff() < 1e-7);
  }
}

TEST_CASE("dynamics: momentum is M qd, and C^T qd the slope of the kinetic energy") {
  std::mt19937_64 random(25);
  const double h = 1e-5;
  for (int n = 0; n < 200; ++n) {
    const DynamicParameters p = skewed(random);
    const Vec7 q = oracle::random_axes(random), qd = random_vector(random, 2.0);
    const Momentum m = momentum(p, dynamic_frames(q), qd);
    CHECK((m.p - mass_matrix(p, q) * qd).cwiseAbs().maxCoeff() < 1e-12);
    for (int i = 0; i < 7; ++i) {
      const Vec7 dq = h * Vec7::Unit(i);
      const Mat7 slope = (mass_matrix(p, q + dq) - mass_matrix(p, q - dq)) / (2.0 * h);
      CHECK(std::abs(m.coriolis_transpose[i] - 0.5 * qd.dot(slope * qd)) < 1e-7);
    }
  }
}

TEST_CASE("dynamics: the defaults are a possible body that the motors can hold") {
  const DynamicParameters p;
  CHECK(p.mass.minCoeff() > 0.0);
  for (int i = 0; i < 7; ++i) {
    const Vec3 I = p.inertia.row(i);
    CHECK(I.minCoeff() > 0.0);
    CHECK(2.0 * I.maxCoeff() <= I.sum());  // no real body breaks the triangle inequality
  }
  CHECK(p.armature.tail<4>().minCoeff() >= 1e-4);
  // Any mounting: gravity along any direction takes less than 40 % of the Classic motors.
  std::mt19937_64 random(24);
  DynamicParameters mounted;
  Vec7 worst = Vec7::Zero();
  for (int n = 0; n < 20000; ++n) {
    const Vec3 down(oracle::uniform(random, -1, 1), oracle::uniform(random, -1, 1),
                    oracle::uniform(random, -1, 1));
    mounted.gravity_base = 9.81 * down.normalized();
    worst = worst.cwiseMax(gravity_effort(mounted, oracle::random_axes(random)).cwiseAbs());
  }
  const Vec7 share = worst.cwiseQuotient(psm::vector(psm::kEffortMax));
  CHECK(share.maxCoeff() < 0.40);
  CHECK(share.head<3>().minCoeff() > 0.10);  // nor is gravity compensation a formality
}

TEST_CASE("dynamics: perturbed is seeded, exact and leaves the rest alone") {
  const DynamicParameters p;
  const DynamicParameters wrong = p.perturbed(0.1, 7), again = p.perturbed(0.1, 7);
  CHECK(wrong.mass == again.mass);
  CHECK(wrong.coulomb == again.coulomb);
  for (int i = 0; i < 7; ++i) {
    CHECK(std::abs(wrong.mass[i] / p.mass[i] - 1.0) == doctest::Approx(0.1));
    CHECK(std::abs(wrong.viscous[i] / p.viscous[i] - 1.0) == doctest::Approx(0.1));
    CHECK(std::abs(wrong.coulomb[i] / p.coulomb[i] - 1.0) == doctest::Approx(0.1));
    CHECK(wrong.inertia(i, 0) / p.inertia(i, 0) == doctest::Approx(wrong.mass[i] / p.mass[i]));
  }
  CHECK(wrong.com == p.com);
  CHECK(wrong.armature == p.armature);
  CHECK(p.perturbed(0.0, 7).mass == p.mass);
  int up = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed)
    up += p.perturbed(0.1, seed).mass[1] > p.mass[1];
  CHECK(up > 420);
  CHECK(up < 580);
  // The same signs on every machine: seed 7, masses 1..7 (checked once against splitmix64 in
  // Python).
  const bool heavier[] = {false, true, false, false, true, true, true};
  for (int i = 0; i < 7; ++i) CHECK((wrong.mass[i] > p.mass[i]) == heavier[i]);
}

TEST_CASE("dynamics: friction opposes motion and vanishes at rest") {
  const DynamicParameters p;
  CHECK(friction_effort(p, Vec7::Zero()) == Vec7::Zero());
  const Vec7 qd = Vec7::Constant(1.0);
  const Vec7 tau = friction_effort(p, qd);
  CHECK((tau - p.viscous - p.coulomb).cwiseAbs().maxCoeff() < 1e-12);
  CHECK(friction_effort(p, -qd) == -tau);
  DynamicParameters sticky;  // breaks loose harder than it slides
  sticky.stribeck = 0.5 * sticky.coulomb;
  const Vec7 slow = friction_effort(sticky, 0.2 * sticky.stribeck_speed);
  CHECK((slow - friction_effort(p, 0.2 * sticky.stribeck_speed)).minCoeff() > 0.0);
  CHECK((friction_effort(sticky, 10.0 * sticky.stribeck_speed) -
         friction_effort(p, 10.0 * sticky.stribeck_speed))
            .cwiseAbs()
            .maxCoeff() < 1e-12);
}
