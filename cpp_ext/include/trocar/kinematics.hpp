// SPDX-License-Identifier: Apache-2.0
/// Forward kinematics and Jacobian of the PSM, written out by hand from the table in psm_model.hpp.
///
/// Every column below follows from the row before it: with alpha = +-pi/2 and the offsets of
/// +-pi/2 in theta, a modified DH row only swaps two axes, then turns them about the third.
/// No allocation, no branch; q in rad, insertion in m; NaN in gives NaN out.
#pragma once

#include <array>
#include <cmath>

#include "trocar/psm_model.hpp"
#include "trocar/se3.hpp"

namespace trocar::psm {

/// Frames of DH rows 1..6, then the tool frame, all in the base frame.
using LinkFrames = std::array<Transform, kNumJoints + 1>;

/// Axes of the chain in base axes, shared by everything below; trailing numbers are DH rows.
struct ChainAxes {
  Vec3 x3, y3, z3;  // x3 = x2, y3 = z2 (pitch axis), z3 = shaft, away from the arm
  Vec3 y4;          // x4 is not kept; z4 = z3
  Vec3 x5, y5;      // z5 = y4
  Vec3 x6, y6;      // z6 = y5
  double s5;        // sine of the wrist pitch
  double c1, s1, depth;
};

inline ChainAxes chain_axes(const Vec6& q) {
  const double s1 = std::sin(q[0]), c1 = std::cos(q[0]);
  const double s2 = std::sin(q[1]), c2 = std::cos(q[1]);
  const double s4 = std::sin(q[3]), c4 = std::cos(q[3]);
  const double s5 = std::sin(q[4]), c5 = std::cos(q[4]);
  const double s6 = std::sin(q[5]), c6 = std::cos(q[5]);
  ChainAxes a;
  a.x3 << -s1 * s2, -c2, c1 * s2;
  a.y3 << -c1, 0.0, -s1;
  a.z3 << s1 * c2, -s2, -c1 * c2;
  const Vec3 x4 = c4 * a.x3 + s4 * a.y3;
  a.y4 = c4 * a.y3 - s4 * a.x3;
  a.x5 = s5 * x4 + c5 * a.z3;
  a.y5 = c5 * x4 - s5 * a.z3;
  a.x6 = s6 * a.x5 + c6 * a.y4;
  a.y6 = c6 * a.x5 - s6 * a.y4;
  a.s5 = s5;
  a.c1 = c1;
  a.s1 = s1;
  a.depth = q[2] - kWristOffset;
  return a;
}

/// Position of the control point (the wrist-yaw axis) in the base frame, m.
inline Vec3 control_point(const ChainAxes& a) { return a.depth * a.z3 + kWristLength * a.x5; }

inline Transform tool_frame(const ChainAxes& a) {
  Transform T_base_cp;
  T_base_cp.R.col(0) = -a.y5;
  T_base_cp.R.col(1) = -a.x6;
  T_base_cp.R.col(2) = a.y6;
  T_base_cp.p = control_point(a);
  return T_base_cp;
}

/// T_base_cp of joints q.
inline Transform forward_kinematics(const Vec6& q) { return tool_frame(chain_axes(q)); }

/// Every frame of the chain; the last is T_base_cp.
inline LinkFrames link_frames(const Vec6& q) {
  const ChainAxes a = chain_axes(q);
  LinkFrames T;
  T[0].R.col(0) << -a.s1, 0.0, a.c1;
  T[0].R.col(1) = a.y3;
  T[0].R.col(2) << 0.0, -1.0, 0.0;
  T[1].R.col(0) = a.x3;
  T[1].R.col(1) = -a.z3;
  T[1].R.col(2) = a.y3;
  T[2].R.col(0) = a.x3;
  T[2].R.col(1) = a.y3;
  T[2].R.col(2) = a.z3;
  T[2].p = (q[2] - kInsertionOffset) * a.z3;
  T[3].R.col(0) = a.y4.cross(a.z3);
  T[3].R.col(1) = a.y4;
  T[3].R.col(2) = a.z3;
  T[3].p = a.depth * a.z3;
  T[4].R.col(0) = a.x5;
  T[4].R.col(1) = a.y5;
  T[4].R.col(2) = a.y4;
  T[4].p = T[3].p;
  T[5].R.col(0) = a.x6;
  T[5].R.col(1) = a.y6;
  T[5].R.col(2) = a.y5;
  T[5].p = control_point(a);
  T[6] = tool_frame(a);
  return T;
}

/// Jacobian (6, 6): twist (linear, angular) of the control point in base axes = J qd.
///
/// Column i of a revolute joint is (z_i x (p - p_i), z_i), of the insertion (z_3, 0); the cross
/// products of the base-fixed and wrist axes are written out.
inline Mat6 jacobian(const ChainAxes& a) {
  const Vec3 p = control_point(a);
  Mat6 J;
  J.col(0) << -p.z(), 0.0, p.x(), 0.0, -1.0, 0.0;
  J.col(1) << a.s1 * p.y(), a.c1 * p.z() - a.s1 * p.x(), -a.c1 * p.y(), a.y3;
  J.col(2) << a.z3, Vec3::Zero();
  J.col(3) << (kWristLength * a.s5) * a.y4, a.z3;  // z3 x x5 = sin(q5) y4
  J.col(4) << kWristLength * a.y5, a.y4;           // y4 x x5 = y5
  J.col(5) << Vec3::Zero(), a.y5;
  return J;
}

inline Mat6 jacobian(const Vec6& q) { return jacobian(chain_axes(q)); }

}  // namespace trocar::psm
