// SPDX-License-Identifier: Apache-2.0
/// Test oracle: the PSM as a plain product of modified DH matrices, straight from the table of
/// psm_model.hpp, and seeded joint vectors that are the same on every platform.
#pragma once

#include <array>
#include <cmath>
#include <random>

#include "trocar/psm_model.hpp"
#include "trocar/se3.hpp"

namespace oracle {

using namespace trocar;

inline Mat4 modified_dh(double alpha, double a, double d, double theta) {
  const double ca = std::cos(alpha), sa = std::sin(alpha), ct = std::cos(theta),
               st = std::sin(theta);
  Mat4 T;
  T << ct, -st, 0.0, a,                //
      st * ca, ct * ca, -sa, -d * sa,  //
      st * sa, ct * sa, ca, d * ca,    //
      0.0, 0.0, 0.0, 1.0;
  return T;
}

/// Frames of rows 1..6, the tool, then the jaw (row 6 turned by the jaw angle).
inline std::array<Mat4, 8> frames(const Vec7& q) {
  const double h = 0.5 * psm::kPi;
  const std::array<Mat4, 6> rows = {
      modified_dh(h, 0.0, 0.0, q[0] + h),      modified_dh(-h, 0.0, 0.0, q[1] - h),
      modified_dh(h, 0.0, q[2] - 0.4318, 0.0), modified_dh(0.0, 0.0, 0.4162, q[3]),
      modified_dh(-h, 0.0, 0.0, q[4] - h),     modified_dh(-h, 0.0091, 0.0, q[5] - h)};
  std::array<Mat4, 8> T;
  Mat4 product = Mat4::Identity();
  for (std::size_t i = 0; i < rows.size(); ++i) T[i] = product = product * rows[i];
  Mat4 tool;
  tool << 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0;
  T[6] = product * tool;
  T[7] = product * modified_dh(0.0, 0.0, 0.0, q[6]);
  return T;
}

/// Uniform in [lo, hi); std::uniform_real_distribution differs between libraries.
inline double uniform(std::mt19937_64& random, double lo, double hi) {
  return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1.0p-53;
}

/// Axes inside their limits, the insertion at least `insertion_min`.
inline Vec7 random_axes(std::mt19937_64& random, double insertion_min = 0.0) {
  Vec7 q;
  for (int i = 0; i < kNumAxes; ++i) {
    const double lo = i == 2 ? insertion_min : psm::kQMin[i];
    q[i] = uniform(random, lo, psm::kQMax[i]);
  }
  return q;
}

/// Insertion at which the wrist-pitch axis is 45 mm beyond the RCM, and a hair.
inline constexpr double kClearInsertion = psm::kRcmClearance + psm::kWristOffset + 1e-9;

}  // namespace oracle
