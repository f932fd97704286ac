// SPDX-License-Identifier: Apache-2.0
/// The PSM as a table of modified DH rows, from which the peers' models are made.
#pragma once

#include <Eigen/Geometry>

#include "trocar/psm_model.hpp"
#include "trocar/se3.hpp"

namespace bench {

using namespace trocar;

/// Fixed part of a row, Rx(alpha) Tx(a) Rz(theta) Tz(d); the joint then turns about or slides along
/// z, which commutes with Rz and Tz.
struct Row {
  double alpha, a, d, theta;
  bool prismatic;
};

/// psm_model.hpp, then the jaw about the wrist-yaw axis.
inline const std::array<Row, kNumAxes> kRows = {{
    {psm::kPi / 2, 0, 0, psm::kPi / 2, false},
    {-psm::kPi / 2, 0, 0, -psm::kPi / 2, false},
    {psm::kPi / 2, 0, -psm::kInsertionOffset, 0, true},
    {0, 0, psm::kShaftLength, 0, false},
    {-psm::kPi / 2, 0, 0, -psm::kPi / 2, false},
    {-psm::kPi / 2, psm::kWristLength, 0, -psm::kPi / 2, false},
    {0, 0, 0, 0, false},
}};

/// T_previous_joint at joint position zero.
inline Transform fixed_part(const Row& row) {
  using Eigen::AngleAxisd;
  const Mat3 Rx = AngleAxisd(row.alpha, Vec3::UnitX()).toRotationMatrix();
  Transform T;
  T.R = Rx * AngleAxisd(row.theta, Vec3::UnitZ()).toRotationMatrix();
  T.p = Rx * Vec3(row.a, 0.0, row.d);
  return T;
}

/// T_wrist_yaw_cp: the tool frame only turns.
inline Mat3 tool_rotation() {
  Mat3 R;
  R << 0, -1, 0, 0, 0, 1, -1, 0, 0;
  return R;
}

}  // namespace bench
