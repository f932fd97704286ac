// SPDX-License-Identifier: Apache-2.0
/// The three control laws on a simulated arm: stiffness, damping, changes without a jump, limits.
#include <doctest/doctest.h>

#include <Eigen/Eigenvalues>

#include "dh_chain.hpp"
#include "simulated_arm.hpp"
#include "trocar/controller.hpp"

using namespace trocar;
using oracle::SimulatedArm;

namespace {

std::array<AxisState, kNumAxes> at_rest(const Vec7& q) {
  std::array<AxisState, kNumAxes> reference;
  for (std::size_t i = 0; i < kNumAxes; ++i) {
    reference[i] = {q[static_cast<Eigen::Index>(i)], 0.0, 0.0};
  }
  return reference;
}

ControllerSettings settings_of(ControlMode mode) {
  ControllerSettings s;
  s.mode = mode;
  return s;
}

struct Loop {
  SimulatedArm arm;
  Controller controller;
  std::array<AxisState, kNumAxes> reference;
  Vec7 last = Vec7::Zero();
  double largest_step = 0.0;  // of torque between ticks, as a share of the limits

  explicit Loop(const ArmConfig& config = {}) : controller(config), reference(at_rest(arm.q)) {}

  /// Model and plant alike, their dry friction (and viscous) scaled down.
  explicit Loop(double coulomb, double viscous = 1.0) : controller(ArmConfig()) {
    arm.p.coulomb *= coulomb;
    arm.p.viscous *= viscous;
    ArmConfig config;
    config.dynamics = arm.p;
    controller = Controller(config);
    reference = at_rest(arm.q);
  }

  template <typename Force>
  void run(int ticks, Force force) {
    const Vec7 limit = psm::vector(psm::kEffortMax);
    for (int n = 0; n < ticks; ++n) {
      const Vec7 tau = controller.effort(arm.q, arm.qd, reference);
      largest_step =
          std::max(largest_step, (tau - last).cwiseQuotient(limit).cwiseAbs().maxCoeff());
      last = tau;
      arm.step(tau, force);
    }
  }
  void run(int ticks) {
    run(ticks, [](const Vec3&, const Vec3&) { return Vec3(Vec3::Zero()); });
  }
};

}  // namespace

TEST_CASE("controller: the impedance is the stiffness that was asked for") {
  for (const double stiffness : {200.0, 1000.0}) {
    Loop loop(0.1);  // a dry joint would creep for minutes
    ControllerSettings s = settings_of(ControlMode::kImpedance);
    s.stiffness = {stiffness, 0.5 * stiffness, 2.0 * stiffness, 0.5, 0.5, 0.5};
    s.friction_share = 0.9;
    loop.controller.select(s);
    loop.run(2000);
    for (int axis = 0; axis < 3; ++axis) {
      const auto settle = [&](double newton) {
        loop.run(6000, [&](const Vec3&, const Vec3&) { return Vec3(newton * Vec3::Unit(axis)); });
        return loop.arm.position()[axis];
      };
      const double up = settle(1.0), down = settle(-1.0);
      INFO("axis ", axis, " wanted ", s.stiffness[static_cast<std::size_t>(axis)]);
      CHECK(2.0 / (up - down) ==
            doctest::Approx(s.stiffness[static_cast<std::size_t>(axis)]).epsilon(0.05));
      settle(0.0);
    }
  }
}

TEST_CASE("controller: double diagonalisation gives every mode the damping that was asked for") {
  std::mt19937_64 random(71);
  const DynamicParameters p;
  for (int n = 0; n < 200; ++n) {
    Vec7 q = oracle::random_axes(random);
    q[2] = std::max(q[2], 0.061);
    const Mat6 M = mass_matrix(p, q).topLeftCorner<6, 6>();
    const Mat6 J = psm::jacobian(q.head<6>());
    Vec6 k;
    for (int i = 0; i < 6; ++i) k[i] = oracle::uniform(random, 0.1, i < 3 ? 3000.0 : 2.0);
    const Mat6 K = J.transpose() * k.asDiagonal() * J;
    const Mat6 D = DoubleDiagonal().damping(M, K, 0.7);
    // In the modal coordinates of (M, K) the damping is diagonal: 2 zeta omega.
    const Eigen::GeneralizedSelfAdjointEigenSolver<Mat6> modes(K, M);
    const Mat6 V = modes.eigenvectors();
    const Mat6 modal = V.transpose() * D * V;
    for (int i = 0; i < 6; ++i) {
      const double omega = std::sqrt(std::max(modes.eigenvalues()[i], 25.0));
      for (int j = 0; j < 6; ++j) {
        CHECK(std::abs(modal(i, j) - (i == j ? 1.4 * omega : 0.0)) < 1e-7 * (1.0 + omega));
      }
    }
    CHECK((D - D.transpose()).cwiseAbs().maxCoeff() < 1e-9 * D.cwiseAbs().maxCoeff());
  }
  CHECK(DoubleDiagonal()
            .damping(mass_matrix(p, Vec7::Zero()).topLeftCorner<6, 6>(), Mat6::Zero(), 0.7)
            .allFinite());
}

TEST_CASE("controller: no torque jumps where one law follows another") {
  const ControlMode modes[] = {ControlMode::kImpedance,      ControlMode::kJointPd,
                               ControlMode::kComputedTorque, ControlMode::kImpedance,
                               ControlMode::kComputedTorque, ControlMode::kJointPd,
                               ControlMode::kImpedance};
  ArmConfig config;
  config.dynamics = config.dynamics.perturbed(0.1, 4);
  Loop loop(config);
  loop.run(2000);  // the integral has taken what the model is wrong by
  const auto push = [](const Vec3&, const Vec3&) { return Vec3(1.5, -1.0, 1.0); };
  for (const ControlMode mode : modes) {
    loop.controller.select(settings_of(mode));
    loop.largest_step = 0.0;
    loop.run(1000, push);
    INFO("to mode ", static_cast<int>(mode));
    CHECK(loop.controller.mode() == mode);
    CHECK(loop.largest_step < 0.02);
  }
  CHECK((loop.arm.position() - psm::forward_kinematics(SimulatedArm().q.head<6>()).p).norm() <
        0.02);
}

TEST_CASE("controller: the first torque of a new law is the last of the old one") {
  ArmConfig config;
  config.dynamics = config.dynamics.perturbed(0.1, 4);
  Loop loop(config);
  loop.run(1500);
  const Vec7 before = loop.last;
  loop.controller.select(settings_of(ControlMode::kImpedance));
  const Vec7 first = loop.controller.effort(loop.arm.q, loop.arm.qd, loop.reference);
  CHECK((first - before).cwiseAbs().maxCoeff() < 1e-12);
}

TEST_CASE("controller: settings that change in every tick neither freeze nor shake the arm") {
  Loop loop;
  loop.run(500);
  loop.largest_step = 0.0;
  for (int n = 0; n < 2000; ++n) {
    ControllerSettings s = settings_of(static_cast<ControlMode>(n % 3));
    s.stiffness[0] = n % 2 == 0 ? 0.0 : kStiffnessMax;
    loop.controller.select(s);
    loop.run(1);
  }
  CHECK(loop.largest_step < 0.05);
  CHECK((loop.arm.q - SimulatedArm().q).cwiseAbs().maxCoeff() < 0.01);
}

TEST_CASE("controller: the largest gains are stable from the shallowest to the deepest pose") {
  for (const double insertion : {0.065, 0.15, 0.235}) {
    for (const ControlMode mode : {ControlMode::kJointPd, ControlMode::kImpedance}) {
      Loop loop(0.01, 0.1);  // friction hides an instability
      loop.arm.q[2] = insertion;
      loop.reference = at_rest(loop.arm.q);
      ControllerSettings s = settings_of(mode);
      s.kp = kKpMax;
      for (std::size_t i = 0; i < kNumAxes; ++i) s.kd[i] = 0.7 * kKdMax[i];
      s.stiffness = {3000.0, 3000.0, 3000.0, 2.0, 2.0, 2.0};
      loop.controller.select(s);
      loop.arm.qd << 0.2, -0.2, 0.02, 0.5, -0.5, 0.5, 0.3;
      loop.run(1500);
      INFO("insertion ", insertion, " mode ", static_cast<int>(mode));
      CHECK(loop.arm.qd.cwiseAbs().maxCoeff() < 1e-3);
    }
  }
}

TEST_CASE("controller: no law asks for more than the effort limit, and says so") {
  for (const ControlMode mode :
       {ControlMode::kComputedTorque, ControlMode::kJointPd, ControlMode::kImpedance}) {
    Loop loop;
    loop.controller.select(settings_of(mode));
    loop.run(400);
    Vec7 far = loop.arm.q;
    far[2] += 0.1;
    Vec7 tau;
    for (int n = 0; n < 5; ++n) tau = loop.controller.effort(loop.arm.q, loop.arm.qd, at_rest(far));
    CHECK((tau.cwiseAbs() - psm::vector(psm::kEffortMax)).maxCoeff() <= 0.0);
    CHECK(loop.controller.ticks_at_limit(2) == 5);
  }
}

TEST_CASE("controller: bad settings are named, the defaults and the limits are good") {
  CHECK(find_fault(ControllerSettings{}) == nullptr);
  const double bad[] = {std::nan(""), HUGE_VAL, -HUGE_VAL, -1e-9, 1e300};
  for (const double value : bad) {
    for (int field = 0; field < 5; ++field) {
      ControllerSettings s;
      double* fields[] = {&s.kp[3], &s.kd[6], &s.stiffness[4], &s.damping_ratio, &s.friction_share};
      *fields[field] = value;
      CHECK(find_fault(s) != nullptr);
    }
  }
  ControllerSettings s;
  s.mode = static_cast<ControlMode>(7);
  CHECK(find_fault(s) != nullptr);
}
