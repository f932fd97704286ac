// SPDX-License-Identifier: Apache-2.0
/// How motors move joints through tendons: q = C m, and for efforts tau_m = C^T tau_q.
/// Source: jhu-dvrk/sawIntuitiveResearchKit, share/tool/*.json and share/kinematic/MTM*.json.
///
/// Every coupling here is triangular apart from one sum-and-difference pair, so the inverse is
/// written out: no factorisation, and C C^-1 is 1 to the last bit or two.
#pragma once

#include "trocar/types.hpp"

namespace trocar {

/// Eight axes at most: the joints, then the jaw where there is one; unused axes are 1:1.
using CouplingMatrix = Eigen::Matrix<double, 8, 8>;

/// Discs 4..7 of an instrument to roll, wrist pitch, wrist yaw and jaw:
///   | c11  0    0    0   |
///   | 0    c22  0    0   |
///   | 0    c32  c33  c33 |
///   | 0    0    c43 -c43 |
struct ToolCoupling {
  double c11, c22, c32, c33, c43;

  Mat4 matrix() const {
    Mat4 C;
    C << c11, 0, 0, 0, 0, c22, 0, 0, 0, c32, c33, c33, 0, 0, c43, -c43;
    return C;
  }

  /// d6 = (s + t) / 2 and d7 = (s - t) / 2 with the sum s = (yaw - c32 d5) / c33 and the
  /// difference t = jaw / c43.
  Mat4 inverse() const {
    const double yaw = 0.5 / c33, pitch = -0.5 * c32 / (c33 * c22), jaw = 0.5 / c43;
    Mat4 D;
    D << 1.0 / c11, 0, 0, 0, 0, 1.0 / c22, 0, 0, 0, pitch, yaw, jaw, 0, pitch, yaw, -jaw;
    return D;
  }
};

/// Large Needle Driver 400006 and 420006, and the other 9.1 mm wrists of both generations.
inline constexpr ToolCoupling kNeedleDriverCoupling = {-1.5632, 1.0186, -0.8306, 0.6089, -1.2177};

/// MTM: the elbow's motor sits before the shoulder, the platform's tendon runs over both.
inline constexpr double kMtmPlatformRatio = 0.6697;

enum class Coupling : std::int32_t { kNotGiven = 0, kNeedleDriver = 1, kMtm = 2 };

/// Joint positions of motor positions, q = C m; identity where the sources give none.
inline CouplingMatrix joint_from_motor(Coupling coupling) {
  CouplingMatrix C = CouplingMatrix::Identity();
  if (coupling == Coupling::kNeedleDriver) C.block<4, 4>(3, 3) = kNeedleDriverCoupling.matrix();
  if (coupling == Coupling::kMtm) {
    C(2, 1) = -1.0;  // q3 = m3 - m2
    C(3, 1) = kMtmPlatformRatio;
    C(3, 2) = -kMtmPlatformRatio;  // q4 = m4 + 0.6697 (m2 - m3)
  }
  return C;
}

/// Motor positions of joint positions, m = C^-1 q.
inline CouplingMatrix motor_from_joint(Coupling coupling) {
  CouplingMatrix D = CouplingMatrix::Identity();
  if (coupling == Coupling::kNeedleDriver) D.block<4, 4>(3, 3) = kNeedleDriverCoupling.inverse();
  if (coupling == Coupling::kMtm) {
    D(2, 1) = 1.0;                // m3 = q3 + q2
    D(3, 2) = kMtmPlatformRatio;  // m4 = q4 + 0.6697 q3
  }
  return D;
}

}  // namespace trocar
