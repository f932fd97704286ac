// SPDX-License-Identifier: Apache-2.0
/// Test plant: the PSM under torque and a wrench at its control point, integrated in fine steps.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>

#include "trocar/dynamics.hpp"

namespace oracle {

using namespace trocar;

struct SimulatedArm {
  static constexpr int kSubsteps = 10;
  DynamicParameters p;
  Vec7 q, qd = Vec7::Zero();
  double work = 0.0;  // J that the wrench has put into the arm

  SimulatedArm() { q << 0.3, -0.2, 0.13, 0.4, 0.5, -0.3, 0.2; }

  Vec3 position() const { return psm::forward_kinematics(q.head<6>()).p; }

  /// One millisecond under tau (7,); wrench(position, velocity) gives the force (3,) on the tip.
  template <typename Force>
  void step(const Vec7& tau, Force force) {
    const double h = kTickS / kSubsteps;
    for (int n = 0; n < kSubsteps; ++n) {
      const Mat6 J = psm::jacobian(q.head<6>());
      const Vec3 v = (J * qd.head<6>()).head<3>();
      const Vec3 f = force(position(), v);
      Vec7 effort = tau - inverse_dynamics(p, q, qd, Vec7::Zero()) - friction_effort(p, qd);
      effort.head<6>() += J.topRows<3>().transpose() * f;
      Mat7 M = mass_matrix(p, q);
      for (int i = 0; i < kNumAxes; ++i) {  // friction is stiff at rest: its slope is implicit
        const double c = std::cosh(std::min(20.0, std::abs(qd[i]) / p.friction_speed[i]));
        M(i, i) += h * (p.viscous[i] + p.coulomb[i] / p.friction_speed[i] / (c * c));
      }
      const Vec7 before = qd;
      qd += h * M.llt().solve(effort);
      work += h * f.dot((J * (0.5 * (before + qd)).head<6>()).head<3>());
      q += h * qd;
    }
  }

  void step(const Vec7& tau) {
    step(tau, [](const Vec3&, const Vec3&) { return Vec3(Vec3::Zero()); });
  }
};

}  // namespace oracle
