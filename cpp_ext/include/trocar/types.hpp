// SPDX-License-Identifier: Apache-2.0
/// Sizes and fixed-size matrices of the core.  SI units; twists and tangent vectors are
/// (linear, angular); axes are the six joints, then the jaw.
#pragma once

#include <Eigen/Core>
#include <Eigen/Geometry>
#include <cstdint>

namespace trocar {

inline constexpr int kNumJoints = 6;  // yaw, pitch, insertion, roll, wrist_pitch, wrist_yaw
inline constexpr int kNumAxes = 7;    // the joints, then the jaw
inline constexpr std::int64_t kTickNs = 1'000'000;
inline constexpr double kTickS = 1e-3;

using Vec3 = Eigen::Matrix<double, 3, 1>;
using Vec6 = Eigen::Matrix<double, kNumJoints, 1>;
using Vec7 = Eigen::Matrix<double, kNumAxes, 1>;
using Mat3 = Eigen::Matrix<double, 3, 3>;
using Mat4 = Eigen::Matrix<double, 4, 4>;
using Mat6 = Eigen::Matrix<double, 6, 6>;
using Mat7 = Eigen::Matrix<double, kNumAxes, kNumAxes>;
using Mat73 = Eigen::Matrix<double, kNumAxes, 3, Eigen::RowMajor>;  // one row per link

}  // namespace trocar
