// SPDX-License-Identifier: Apache-2.0
/// The momentum observer on a simulated arm, and the stated limit of the wrench's validity.
#include <doctest/doctest.h>

#include <Eigen/Cholesky>
#include <Eigen/Eigenvalues>

#include "dh_chain.hpp"
#include "trocar/force_observer.hpp"
#include "trocar/tip_wrench.hpp"

using namespace trocar;

namespace {

/// An arm without a controller: held by gravity compensation, braked by viscous friction.
struct FreeArm {
  DynamicParameters p;
  Vec7 q, qd = Vec7::Zero(), tau = Vec7::Zero();

  FreeArm() {
    p.coulomb.setZero();
    q << 0.3, -0.2, 0.13, 0.4, 0.5, -0.3, 0.2;
  }

  void step(const Vec7& external) {
    constexpr int kSubsteps = 20;
    tau = gravity_effort(p, q);
    for (int n = 0; n < kSubsteps; ++n) {
      const Vec7 bias = inverse_dynamics(p, q, qd, Vec7::Zero()) + friction_effort(p, qd);
      qd += kTickS / kSubsteps * mass_matrix(p, q).llt().solve(tau + external - bias);
      q += kTickS / kSubsteps * qd;
    }
  }
};

}  // namespace

TEST_CASE("force observer: a step of effort is answered with the time constant 1/K") {
  for (const double gain : {30.0, 100.0, 250.0}) {
    for (int axis = 0; axis < kNumAxes; ++axis) {
      FreeArm arm;
      ForceObserver observer(arm.p, Vec7::Constant(gain));
      const Vec7 external =
          0.05 * psm::kEffortMax[static_cast<std::size_t>(axis)] * Vec7::Unit(axis);
      observer.step(arm.q, arm.qd, arm.tau, kTickS);
      double reached = 0.0;  // s until 1 - 1/e of the step
      double last = 0.0;
      for (int tick = 1; tick <= 400 && reached == 0.0; ++tick) {
        arm.step(external);
        const double now = observer.step(arm.q, arm.qd, arm.tau, kTickS)[axis] / external[axis];
        const double goal = 1.0 - std::exp(-1.0);
        if (now >= goal) reached = kTickS * (tick - (now - goal) / (now - last));
        last = now;
      }
      INFO("axis ", axis, " gain ", gain);
      CHECK(reached == doctest::Approx(1.0 / gain).epsilon(0.10));
    }
  }
}

TEST_CASE("force observer: it finds any effort in motion, and nothing where nothing pushes") {
  std::mt19937_64 random(61);
  FreeArm arm;
  ForceObserver observer(arm.p, Vec7::Constant(100.0));
  const Vec7 limit = psm::vector(psm::kEffortMax);
  for (int trial = 0; trial < 8; ++trial) {
    Vec7 external = Vec7::Zero();
    for (int i = 0; trial > 0 && i < kNumAxes; ++i) {
      external[i] = 0.03 * oracle::uniform(random, -limit[i], limit[i]);
    }
    for (int tick = 0; tick < 150; ++tick) {
      arm.step(external);
      observer.step(arm.q, arm.qd, arm.tau, kTickS);
    }
    CHECK((observer.tau_external() - external).cwiseQuotient(limit).cwiseAbs().maxCoeff() < 1e-3);
    CHECK(observer.is_settled());
  }
  CHECK(arm.qd.cwiseAbs().maxCoeff() > 0.05);  // it did move
}

TEST_CASE("force observer: reset forgets, NaN stays until then, long gaps stay stable") {
  FreeArm arm;
  ForceObserver observer(arm.p, Vec7::Constant(100.0));
  CHECK(observer.step(arm.q, arm.qd, Vec7::Ones(), kTickS).isZero(0.0));
  CHECK_FALSE(observer.is_settled());
  CHECK(observer.step(Vec7::Constant(std::nan("")), arm.qd, arm.tau, kTickS).hasNaN());
  observer.reset();
  CHECK(observer.step(arm.q, arm.qd, arm.tau, kTickS).isZero(0.0));
  const Vec7 hold = gravity_effort(arm.p, arm.q);
  for (int n = 0; n < 100; ++n) observer.step(arm.q, Vec7::Zero(), hold, 0.050);
  CHECK(observer.tau_external().cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("tip wrench: a wrench comes back from its joint effort inside the stated limit") {
  std::mt19937_64 random(62);
  double smallest = 1.0;
  int valid = 0;
  for (int n = 0; n < 20000; ++n) {
    Vec6 q = oracle::random_axes(random).head<6>();
    if (n % 10 == 0) q[2] = 0.0607;  // the corners of the limit too
    if (n % 20 == 0) q[4] = std::copysign(74.9 * psm::kPi / 180.0, q[4]);
    Vec6 w;
    for (int i = 0; i < 6; ++i) w[i] = oracle::uniform(random, -5.0, 5.0);
    const Mat6 J = psm::jacobian(q);
    const TipWrench tip = tip_wrench(q, J.transpose() * w);
    const bool inside = q[2] >= 0.0606 && std::abs(q[4]) <= 75.0 * psm::kPi / 180.0;
    CHECK(tip.valid == inside);
    if (!tip.valid) {
      CHECK(tip.wrench.isZero(0.0));
      continue;
    }
    ++valid;
    CHECK((tip.wrench - w).cwiseAbs().maxCoeff() < 1e-10);
    Mat6 scaled = J;  // lengths in units of 0.1 m
    scaled.topRows<3>() *= 10.0;
    scaled.col(2) *= 0.1;
    const Eigen::SelfAdjointEigenSolver<Mat6> eigen(scaled * scaled.transpose());
    smallest = std::min(smallest, std::sqrt(eigen.eigenvalues()[0]));
  }
  CHECK(valid > 5000);
  INFO("smallest singular value ", smallest);
  CHECK(smallest >= kWrenchSigmaMin);
  CHECK(smallest < 1.05 * kWrenchSigmaMin);  // the statement is not an empty one
}

TEST_CASE("tip wrench: nothing but a finite wrench is ever called valid") {
  const Vec6 q = (Vec6() << 0.1, 0.1, 0.12, 0.0, 0.2, 0.1).finished();
  for (const double bad : {std::nan(""), HUGE_VAL, -HUGE_VAL}) {
    CHECK_FALSE(tip_wrench(q, Vec6::Constant(bad)).valid);
    CHECK_FALSE(tip_wrench(Vec6::Constant(bad), Vec6::Ones()).valid);
    Vec6 roll = q;
    roll[3] = bad;
    CHECK_FALSE(tip_wrench(roll, Vec6::Ones()).valid);
  }
  CHECK(tip_wrench(q, Vec6::Ones()).valid);
}
