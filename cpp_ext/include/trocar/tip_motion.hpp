// SPDX-License-Identifier: Apache-2.0
/// Pose, twist and acceleration of the control point from the joints' own (base axes).
#pragma once

#include "trocar/axis_state.hpp"
#include "trocar/kinematics.hpp"

namespace trocar {

struct TipMotion {
  Transform T;
  Vec6 twist;         // (linear, angular), m/s, rad/s
  Vec6 acceleration;  // m/s2, rad/s2
};

/// J qdd + (dJ/dt) qd, the rate of J by a central difference along the motion.
inline TipMotion tip_motion(const Vec6& q, const Vec6& qd, const Vec6& qdd) {
  constexpr double kStep = 1e-4;  // s
  TipMotion m;
  m.T = psm::forward_kinematics(q);
  const Mat6 J = psm::jacobian(q);
  m.twist = J * qd;
  const Mat6 dJ = psm::jacobian(q + kStep * qd) - psm::jacobian(q - kStep * qd);
  m.acceleration = J * qdd + dJ * qd / (2.0 * kStep);
  return m;
}

template <std::size_t N>
TipMotion tip_motion(const std::array<AxisState, N>& axes) {
  Vec6 q, qd, qdd;
  for (int i = 0; i < kNumJoints; ++i) {
    q[i] = axes[i].q;
    qd[i] = axes[i].v;
    qdd[i] = axes[i].a;
  }
  return tip_motion(q, qd, qdd);
}

}  // namespace trocar
