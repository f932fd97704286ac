// SPDX-License-Identifier: Apache-2.0
/// Rigid transforms as a rotation matrix and a translation.  `T_a_b` is the pose of b in a.
/// Equations: Murray, Li, Sastry, "A Mathematical Introduction to Robotic Manipulation" (1994),
/// ch. 2.
#pragma once

#include <cmath>

#include "trocar/types.hpp"

namespace trocar {

/// Pose of b in a: p_a = R p_b + p (translation in m).  Plain data, default: identity.
struct Transform {
  Mat3 R = Mat3::Identity();
  Vec3 p = Vec3::Zero();

  Mat4 matrix() const {
    Mat4 T = Mat4::Identity();
    T.topLeftCorner<3, 3>() = R;
    T.topRightCorner<3, 1>() = p;
    return T;
  }

  /// Takes the upper three rows; the last row is not looked at.
  static Transform from_matrix(const Mat4& T) {
    return {T.topLeftCorner<3, 3>(), T.topRightCorner<3, 1>()};
  }
};

inline Transform operator*(const Transform& T_a_b, const Transform& T_b_c) {
  return {T_a_b.R * T_b_c.R, T_a_b.R * T_b_c.p + T_a_b.p};
}

inline Vec3 operator*(const Transform& T_a_b, const Vec3& p_b) { return T_a_b.R * p_b + T_a_b.p; }

inline Transform inverse(const Transform& T_a_b) {
  return {T_a_b.R.transpose(), -(T_a_b.R.transpose() * T_a_b.p)};
}

/// Cross-product matrix of v.
inline Mat3 skew(const Vec3& v) {
  Mat3 S;
  S << 0.0, -v.z(), v.y(), v.z(), 0.0, -v.x(), -v.y(), v.x(), 0.0;
  return S;
}

/// True where R is finite, orthonormal and right-handed to `tolerance` in every entry.
inline bool is_rotation(const Mat3& R, double tolerance = 1e-6) {
  const Vec3 x = R.col(0);
  const Vec3 y = R.col(1);
  const Vec3 handed = x.cross(y) - R.col(2);
  // Written so that a NaN anywhere makes a comparison false.
  return std::abs(x.squaredNorm() - 1.0) <= tolerance &&
         std::abs(y.squaredNorm() - 1.0) <= tolerance && std::abs(x.dot(y)) <= tolerance &&
         std::abs(handed.x()) <= tolerance && std::abs(handed.y()) <= tolerance &&
         std::abs(handed.z()) <= tolerance;
}

/// Rotation matrix of the rotation vector w in rad (Rodrigues).
inline Mat3 exp_so3(const Vec3& w) {
  const double angle = w.norm();
  const Mat3 K = skew(w);
  if (angle < 1e-8) return Mat3::Identity() + K + 0.5 * K * K;  // exact to double precision there
  const double half_sin = std::sin(0.5 * angle);
  return Mat3::Identity() + (std::sin(angle) / angle) * K +
         (2.0 * half_sin * half_sin / (angle * angle)) * K * K;
}

/// Rotation vector in rad, angle in [0, pi], of a rotation matrix, by the quaternion of
/// Shepperd (1978) with the largest component first, so that angles near pi are exact too.
inline Vec3 log_so3(const Mat3& R) {
  const double trace = R.trace();
  int i = 0;
  if (R(1, 1) > R(0, 0)) i = 1;
  if (R(2, 2) > R(i, i)) i = 2;
  Vec3 v;
  double w;
  if (trace >= R(i, i)) {
    w = 1.0 + trace;
    v = Vec3(R(2, 1) - R(1, 2), R(0, 2) - R(2, 0), R(1, 0) - R(0, 1));
  } else {
    const int j = (i + 1) % 3;
    const int k = (i + 2) % 3;
    v(i) = 1.0 + R(i, i) - R(j, j) - R(k, k);
    v(j) = R(j, i) + R(i, j);
    v(k) = R(k, i) + R(i, k);
    w = R(k, j) - R(j, k);
  }
  if (w < 0.0) {
    v = -v;
    w = -w;
  }
  const double n = v.norm();
  return n < 1e-12 * w ? Vec3(2.0 / w * v) : Vec3(2.0 * std::atan2(n, w) / n * v);
}

}  // namespace trocar
