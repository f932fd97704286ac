// SPDX-License-Identifier: Apache-2.0
/// A chain from arrays: what is wrong is said in one line that names the joint.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "batch.hpp"
#include "number_text.hpp"
#include "trocar/chain.hpp"
#include "trocar/dh.hpp"

namespace trocar::bindings {

inline std::vector<JointType> types_in(const py::object& types) {
  const ArrayIn a = shaped_in<1>(types, "types", {-1});
  if (a.shape(0) < 1 || a.shape(0) > kMaxJoints) {
    throw py::value_error("the chain has " + std::to_string(a.shape(0)) + " joints, allowed 1 to " +
                          std::to_string(kMaxJoints));
  }
  std::vector<JointType> out;
  for (py::ssize_t i = 0; i < a.shape(0); ++i) {
    if (a.at(i) != 0.0 && a.at(i) != 1.0) {
      throw py::value_error("types[" + std::to_string(i) +
                            "] is no JointType; allowed 0 REVOLUTE, "
                            "1 PRISMATIC");
    }
    out.push_back(a.at(i) == 0.0 ? JointType::kRevolute : JointType::kPrismatic);
  }
  return out;
}

/// Sets one number of each joint; nothing given leaves the default.
inline void set_each(Chain& chain, const py::object& values, const char* what,
                     double ChainJoint::* to) {
  if (values.is_none()) return;
  const ArrayIn a = shaped_in<1>(values, what, {chain.size});
  for (int i = 0; i < chain.size; ++i) chain.joints[static_cast<std::size_t>(i)].*to = a.at(i);
}

/// Names what `is_valid` found wrong.
inline void check(const Chain& chain) {
  const auto rigid = [](const Transform& T) { return T.p.allFinite() && is_rotation(T.R); };
  if (!rigid(chain.T_last_tip)) {
    throw py::value_error("T_last_tip is no rigid transform; allowed: finite, rotation to 1e-6");
  }
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& j = chain.joints[static_cast<std::size_t>(i)];
    const std::string joint = "joint " + std::to_string(i) + ": ";
    if (!rigid(j.T_parent_joint)) {
      throw py::value_error(joint +
                            "T_parent_joint is no rigid transform; allowed: finite, "
                            "rotation to 1e-6");
    }
    if (!(j.q_min <= j.q_max) || !(j.q_min < HUGE_VAL) || !(j.q_max > -HUGE_VAL)) {
      throw py::value_error(joint + "q_min " + number_text(j.q_min) + ", q_max " +
                            number_text(j.q_max) + " are no range; allowed q_min <= q_max");
    }
    if (!(j.velocity_max >= 0.0) || !(j.effort_max >= 0.0)) {
      throw py::value_error(joint + "velocity_max and effort_max must be >= 0 (0: not known)");
    }
  }
}

inline Chain make_chain(const py::object& types, const py::object& T_parent_joint,
                        const py::object& T_last_tip, const py::object& q_min,
                        const py::object& q_max, const py::object& velocity_max,
                        const py::object& effort_max) {
  const std::vector<JointType> kinds = types_in(types);
  Chain chain;
  chain.size = static_cast<int>(kinds.size());
  const ArrayIn T = shaped_in<3>(T_parent_joint, "T_parent_joint", {chain.size, 4, 4});
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    chain.joints[i].type = kinds[i];
    chain.joints[i].T_parent_joint = pose_in(T.data(static_cast<py::ssize_t>(i)));
  }
  if (!T_last_tip.is_none()) {
    const ArrayIn tip = shaped_in<2>(T_last_tip, "T_last_tip", {4, 4});
    chain.T_last_tip = pose_in(tip.data());
  }
  set_each(chain, q_min, "q_min", &ChainJoint::q_min);
  set_each(chain, q_max, "q_max", &ChainJoint::q_max);
  set_each(chain, velocity_max, "velocity_max", &ChainJoint::velocity_max);
  set_each(chain, effort_max, "effort_max", &ChainJoint::effort_max);
  check(chain);
  return chain;
}

inline Chain from_dh(DhConvention convention, const py::object& types, const py::object& rows,
                     const py::object& T_last_tip, const py::object& q_min, const py::object& q_max,
                     const py::object& velocity_max, const py::object& effort_max) {
  const std::vector<JointType> kinds = types_in(types);
  const int size = static_cast<int>(kinds.size());
  const ArrayIn table = shaped_in<2>(rows, "rows", {size, 4});
  std::array<DhRow, kMaxJoints> dh;
  for (int i = 0; i < size; ++i) {
    for (int j = 0; j < 4; ++j) {
      if (std::isfinite(table.at(i, j))) continue;
      throw py::value_error("rows[" + std::to_string(i) + "] is not finite");
    }
    DhRow& row = dh[static_cast<std::size_t>(i)];
    row.type = kinds[static_cast<std::size_t>(i)];
    row.alpha = table.at(i, 0), row.a = table.at(i, 1);
    row.d = table.at(i, 2), row.theta = table.at(i, 3);
  }
  Transform tip;
  if (!T_last_tip.is_none()) {
    tip = pose_in(shaped_in<2>(T_last_tip, "T_last_tip", {4, 4}).data());
  }
  Chain chain = dh_chain(convention, dh.data(), size, tip);
  set_each(chain, q_min, "q_min", &ChainJoint::q_min);
  set_each(chain, q_max, "q_max", &ChainJoint::q_max);
  set_each(chain, velocity_max, "velocity_max", &ChainJoint::velocity_max);
  set_each(chain, effort_max, "effort_max", &ChainJoint::effort_max);
  check(chain);
  return chain;
}

}  // namespace trocar::bindings
