// SPDX-License-Identifier: Apache-2.0
/// The generic chain's dynamics against Lagrange's equation on random chains, and against the PSM
/// written out by hand.
#include <doctest/doctest.h>

#include <Eigen/Cholesky>

#include "random_chain.hpp"
#include "trocar/chain_dynamics.hpp"
#include "trocar/dynamics.hpp"

using namespace trocar;

namespace {

ChainVec random_vector(std::mt19937_64& random, int size, double scale) {
  ChainVec v = ChainVec::Zero();
  for (int i = 0; i < size; ++i) v[i] = oracle::uniform(random, -scale, scale);
  return v;
}

ChainInertia random_inertia(std::mt19937_64& random, int size) {
  ChainInertia masses;
  for (int i = 0; i < size; ++i) {
    LinkInertia& link = masses.links[static_cast<std::size_t>(i)];
    link.mass = oracle::uniform(random, 0.1, 2.0);
    link.com = random_vector(random, 3, 0.1).head<3>();
    link.inertia = Vec3(0.011, 0.015, 0.019).asDiagonal();
    link.inertia(0, 1) = link.inertia(1, 0) = oracle::uniform(random, -0.004, 0.004);
    link.inertia(1, 2) = link.inertia(2, 1) = oracle::uniform(random, -0.004, 0.004);
    masses.armature[i] = oracle::uniform(random, 0.0, 0.01);
  }
  masses.gravity_base = Vec3(3.0, -5.0, -7.0);
  return masses;
}

/// Potential energy in J.
double potential(const Chain& chain, const ChainInertia& masses, const ChainVec& q) {
  const ChainFrames frames = chain_frames(chain, q);
  double energy = 0.0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(chain.size); ++i) {
    const LinkInertia& link = masses.links[i];
    energy -= link.mass * masses.gravity_base.dot(frames.T_base_joint[i] * link.com);
  }
  return energy;
}

/// The PSM with its jaw as a chain.
Chain psm_chain() {
  const DynamicFrames zero = dynamic_frames(Vec7::Zero());
  Chain chain;
  chain.size = kNumAxes;
  Transform T_base_parent;
  for (std::size_t i = 0; i < kNumAxes; ++i) {
    chain.joints[i].type = i == 2 ? JointType::kPrismatic : JointType::kRevolute;
    chain.joints[i].T_parent_joint = inverse(T_base_parent) * zero[i];
    T_base_parent = zero[i];
  }
  return chain;
}

}  // namespace

TEST_CASE("chain dynamics: Lagrange's equation on random chains of both joint types") {
  std::mt19937_64 random(51);
  const double h = 1e-5;
  for (int n = 0; n < 80; ++n) {
    const int size = 1 + n % kMaxJoints;
    const Chain chain = oracle::random_chain(random, size);
    const ChainInertia masses = random_inertia(random, size);
    const ChainVec q = random_vector(random, size, 2.0), qd = random_vector(random, size, 2.0),
                   qdd = random_vector(random, size, 5.0);
    const auto M = [&](const ChainVec& at) { return chain_mass_matrix(chain, masses, at); };
    const auto slope = [&](const ChainVec& along) {
      return ChainMatrix((M(q + h * along) - M(q - h * along)) / (2 * h));
    };
    const ChainVec gravity = chain_gravity(chain, masses, q);
    const ChainMomentum m = chain_momentum(chain, masses, q, qd);
    CHECK((m.p - M(q) * qd).cwiseAbs().maxCoeff() < 1e-11);
    ChainVec expected = M(q) * qdd + slope(qd) * qd + gravity;
    for (int i = 0; i < size; ++i) {
      const ChainVec e = ChainVec::Unit(i);
      const double along_q = 0.5 * qd.dot(slope(e) * qd);
      CHECK(std::abs(m.coriolis_transpose[i] - along_q) < 1e-6);
      expected[i] -= along_q;
      const double rise = potential(chain, masses, q + h * e) - potential(chain, masses, q - h * e);
      CHECK(gravity[i] == doctest::Approx(rise / (2 * h)).epsilon(1e-6));
    }
    const ChainVec tau = chain_inverse_dynamics(chain, masses, q, qd, qdd);
    CHECK((tau - expected).cwiseAbs().maxCoeff() < 1e-6);
    CHECK(tau.tail(kMaxJoints - size).isZero(0.0));
    CHECK(M(q).topLeftCorner(size, size).llt().info() == Eigen::Success);
  }
}

TEST_CASE("chain dynamics: the PSM as a chain is the PSM written out by hand") {
  std::mt19937_64 random(52);
  const Chain chain = psm_chain();
  DynamicParameters p;
  ChainInertia masses;
  masses.gravity_base = p.gravity_base;
  for (int i = 0; i < kNumAxes; ++i) {
    for (int j = 0; j < 3; ++j) {
      p.products(i, j) = 0.2 * p.inertia.row(i).minCoeff() * oracle::uniform(random, -1, 1);
    }
    masses.links[static_cast<std::size_t>(i)] = {p.mass[i], p.com.row(i).transpose(),
                                                 p.inertia_matrix(i)};
    masses.armature[i] = p.armature[i];
  }
  const auto wide = [](const Vec7& v) { return (ChainVec() << v, 0.0).finished(); };
  for (int n = 0; n < 1000; ++n) {
    const Vec7 q = oracle::random_axes(random);
    const ChainVec speed = random_vector(random, 7, 2.0), rate = random_vector(random, 7, 5.0);
    const Vec7 qd = speed.head<7>(), qdd = rate.head<7>();
    const Momentum m = momentum(p, dynamic_frames(q), qd);
    const ChainMomentum c = chain_momentum(chain, masses, wide(q), speed);
    const auto gap = [](const auto& a, const auto& b) { return (a - b).cwiseAbs().maxCoeff(); };
    CHECK(gap(chain_inverse_dynamics(chain, masses, wide(q), speed, rate).head<7>(),
              inverse_dynamics(p, q, qd, qdd)) < 1e-11);
    CHECK(gap(chain_gravity(chain, masses, wide(q)).head<7>(), gravity_effort(p, q)) < 1e-11);
    CHECK(gap(chain_mass_matrix(chain, masses, wide(q)).topLeftCorner<7, 7>(), mass_matrix(p, q)) <
          1e-11);
    CHECK(gap(c.p.head<7>(), m.p) < 1e-11);
    CHECK(gap(c.coriolis_transpose.head<7>(), m.coriolis_transpose) < 1e-11);
  }
}

TEST_CASE("chain dynamics: a wrong size stays inside the arrays, NaN comes out as NaN") {
  std::mt19937_64 random(53);
  Chain chain = oracle::random_chain(random, 8);
  const ChainInertia masses = random_inertia(random, 8);
  const ChainVec q = random_vector(random, 8, 1.0);
  chain.size = 1000;
  CHECK(chain_inverse_dynamics(chain, masses, q, q, q).allFinite());
  chain.size = -3;
  CHECK(chain_inverse_dynamics(chain, masses, q, q, q).isZero(0.0));
  CHECK(chain_mass_matrix(chain, masses, q).isZero(0.0));
  chain.size = 8;
  const ChainVec nan = ChainVec::Constant(std::nan(""));
  CHECK(chain_inverse_dynamics(chain, masses, nan, q, q).hasNaN());
  CHECK(chain_momentum(chain, masses, q, nan).p.hasNaN());
}
