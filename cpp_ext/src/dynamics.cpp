// SPDX-License-Identifier: Apache-2.0
/// The recursions of newton_euler.hpp for the PSM.
#include "trocar/dynamics.hpp"

#include <cmath>

#include "trocar/newton_euler.hpp"
#include "trocar/psm_bodies.hpp"

namespace trocar {

DynamicFrames dynamic_frames(const Vec7& q) {
  DynamicFrames T = psm::link_frames(q.head<kNumJoints>());
  const Transform& wrist_yaw = T[kNumJoints - 1];
  const double s = std::sin(q[kNumJoints]), c = std::cos(q[kNumJoints]);
  Transform& jaw = T[kNumJoints];  // replaces the tool frame
  jaw.R.col(0) = c * wrist_yaw.R.col(0) + s * wrist_yaw.R.col(1);
  jaw.R.col(1) = c * wrist_yaw.R.col(1) - s * wrist_yaw.R.col(0);
  jaw.R.col(2) = wrist_yaw.R.col(2);
  jaw.p = wrist_yaw.p;
  return T;
}

Vec7 gravity_effort(const DynamicParameters& p, const DynamicFrames& T) {
  Vec7 tau;
  gravity_effort(PsmBodies(p), T, p.gravity_base, &tau);
  return tau;
}

Vec7 gravity_effort(const DynamicParameters& p, const Vec7& q) {
  return gravity_effort(p, dynamic_frames(q));
}

Vec7 inverse_dynamics(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd,
                      const Vec7& qdd) {
  Vec7 tau;
  newton_euler(PsmBodies(p), T, p.gravity_base, qd, qdd, &tau);
  return tau;
}

Vec7 inverse_dynamics(const DynamicParameters& p, const Vec7& q, const Vec7& qd, const Vec7& qdd) {
  return inverse_dynamics(p, dynamic_frames(q), qd, qdd);
}

Momentum momentum(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd) {
  Momentum m;
  momentum(PsmBodies(p), T, qd, &m.p, &m.coriolis_transpose);
  return m;
}

Mat7 mass_matrix(const DynamicParameters& p, const DynamicFrames& T) {
  Mat7 M;
  mass_matrix(PsmBodies(p), T, &M);
  return M;
}

Mat7 mass_matrix(const DynamicParameters& p, const Vec7& q) {
  return mass_matrix(p, dynamic_frames(q));
}

}  // namespace trocar
