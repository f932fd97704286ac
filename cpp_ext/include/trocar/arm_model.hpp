// SPDX-License-Identifier: Apache-2.0
/// An arm as data: DH table, limits, tip frames, gripping axis and coupling, each with its source
/// in the file that fills it (psm_models.hpp, ecm_models.hpp, mtm_models.hpp).
#pragma once

#include "trocar/coupling.hpp"
#include "trocar/dh.hpp"

namespace trocar {

/// A named point of the tool: a translation (m) in the tool frame, no rotation.
struct TipFrame {
  const char* name = "";  // empty: not there
  double z = 0.0;         // along the tool frame's z
};

/// The jaw of an instrument or the gripper of a master, which moves no frame of the chain.
struct GripAxis {
  const char* name = "";  // empty: the arm has none
  double q_min = 0.0, q_max = 0.0;
  double velocity_max = 0.0, acceleration_max = 0.0, effort_max = 0.0;  // 0: not known, no motor
};

struct ArmModel {
  const char* name = "";
  const char* description = "";
  DhConvention convention = DhConvention::kModified;
  int size = 0;
  std::array<DhRow, kMaxJoints> rows;
  std::array<const char*, kMaxJoints> joint_names{};
  std::array<double, kMaxJoints> acceleration_max{};             // rad/s2, m/s2
  std::array<double, 9> R_last_tool{1, 0, 0, 0, 1, 0, 0, 0, 1};  // by rows
  double view_tilt = 0.0;  // rad, about the tool frame's own x, after R_last_tool: slanted scopes
  std::array<TipFrame, 2> tips;  // the first is the tip of the chain and of measured_cp
  GripAxis grip;
  Coupling coupling = Coupling::kNotGiven;
};

/// Rotation from the last DH row's frame to the tool frame.
inline Mat3 tool_rotation(const ArmModel& model) {
  const Mat3 R_last_tool =
      Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(model.R_last_tool.data());
  return R_last_tool * dh_link(model.view_tilt, 0.0).R;
}

/// The model's chain; its tip is the model's first tip frame.
inline Chain chain_of(const ArmModel& model) {
  Transform T_last_tip{tool_rotation(model), Vec3::Zero()};
  T_last_tip.p = T_last_tip.R.col(2) * model.tips[0].z;
  return dh_chain(model.convention, model.rows.data(), model.size, T_last_tip);
}

}  // namespace trocar
