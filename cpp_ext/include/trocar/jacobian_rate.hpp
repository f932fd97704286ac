// SPDX-License-Identifier: Apache-2.0
/// Time derivative of the PSM's Jacobian: the control point's acceleration is J qdd + Jdot qd.
///
/// Each column of `psm::jacobian` differentiated with d(u)/dt = w x u, w the angular velocity of
/// the link that carries the axis u (Siciliano et al., "Robotics" (2009), section 3.1):
///   w2 = q1' z1 + q2' z2,  w4 = w2 + q4' z3,  w5 = w4 + q5' y4     (z5 = y4)
#pragma once

#include "trocar/kinematics.hpp"

namespace trocar::psm {

/// Jdot (6, 6) at joint speeds qd (rad/s, insertion m/s), base axes.
inline Mat6 jacobian_rate(const ChainAxes& a, const Vec6& qd) {
  const Vec3 w2 = Vec3(0.0, -qd[0], 0.0) + qd[1] * a.y3;  // z1 = (0, -1, 0), z2 = y3
  const Vec3 w4 = w2 + qd[3] * a.z3;
  const Vec3 w5 = w4 + qd[4] * a.y4;
  const Vec3 z2_rate(a.s1 * qd[0], 0.0, -a.c1 * qd[0]);
  const Vec3 z3_rate = w2.cross(a.z3);
  const Vec3 y4_rate = w4.cross(a.y4);
  const Vec3 x5_rate = w5.cross(a.x5);
  const Vec3 y5_rate = w5.cross(a.y5);
  const Vec3 p = control_point(a);
  const Vec3 v = qd[2] * a.z3 + a.depth * z3_rate + kWristLength * x5_rate;

  Mat6 rate;
  rate.col(0) << -v.z(), 0.0, v.x(), Vec3::Zero();
  rate.col(1) << z2_rate.cross(p) + a.y3.cross(v), z2_rate;
  rate.col(2) << z3_rate, Vec3::Zero();
  rate.col(3) << kWristLength * (z3_rate.cross(a.x5) + a.z3.cross(x5_rate)), z3_rate;
  rate.col(4) << kWristLength * y5_rate, y4_rate;
  rate.col(5) << Vec3::Zero(), y5_rate;
  return rate;
}

inline Mat6 jacobian_rate(const Vec6& q, const Vec6& qd) {
  return jacobian_rate(chain_axes(q), qd);
}

}  // namespace trocar::psm
