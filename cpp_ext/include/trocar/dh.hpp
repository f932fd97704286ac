// SPDX-License-Identifier: Apache-2.0
/// Chains from Denavit-Hartenberg tables, modified (Craig 1986) or standard (Denavit, Hartenberg
/// 1955; Paul 1981).
///
///   modified:  T = Rx(alpha) Tx(a) Rz(theta) Tz(d),  the row's fixed part comes before its motion
///   standard:  T = Rz(theta) Tz(d) Tx(a) Rx(alpha),  and here after it
///
/// A standard row's Tx(a) Rx(alpha) therefore joins the fixed part of the row after it; the last
/// one's joins the tip.
#pragma once

#include "trocar/chain.hpp"

namespace trocar {

enum class DhConvention : std::int32_t { kModified = 0, kStandard = 1 };

/// theta and d at q = 0; q is added to theta of a revolute joint, to d of a prismatic one.
struct DhRow {
  JointType type = JointType::kRevolute;
  double alpha = 0.0;  // rad
  double a = 0.0;      // m
  double d = 0.0;      // m
  double theta = 0.0;  // rad
  double q_min = -HUGE_VAL, q_max = HUGE_VAL;
  double velocity_max = 0.0, effort_max = 0.0;
};

/// Rx(alpha) Tx(a), which commute.
inline Transform dh_link(double alpha, double a) {
  const double c = std::cos(alpha), s = std::sin(alpha);
  Transform T;
  T.R.bottomRightCorner<2, 2>() << c, -s, s, c;
  T.p.x() = a;
  return T;
}

/// Rz(theta) Tz(d), which commute.
inline Transform dh_joint(double theta, double d) {
  const double c = std::cos(theta), s = std::sin(theta);
  Transform T;
  T.R.topLeftCorner<2, 2>() << c, -s, s, c;
  T.p.z() = d;
  return T;
}

/// The chain of `size` rows; T_last_tip is the tool in the last row's frame.  A size that does
/// not fit gives an empty chain, which `is_valid` refuses.
inline Chain dh_chain(DhConvention convention, const DhRow* rows, int size,
                      const Transform& T_last_tip = {}) {
  Chain chain;
  if (size < 1 || size > kMaxJoints) return chain;
  chain.size = size;
  Transform left_over;  // what the standard row before leaves to this one
  for (int i = 0; i < size; ++i) {
    const DhRow& row = rows[i];
    ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    const Transform link = dh_link(row.alpha, row.a);
    const Transform at_zero = dh_joint(row.theta, row.d);
    if (convention == DhConvention::kModified) {
      joint.T_parent_joint = link * at_zero;
    } else {
      joint.T_parent_joint = left_over * at_zero;
      left_over = link;
    }
    joint.type = row.type;
    joint.q_min = row.q_min;
    joint.q_max = row.q_max;
    joint.velocity_max = row.velocity_max;
    joint.effort_max = row.effort_max;
  }
  chain.T_last_tip = left_over * T_last_tip;
  return chain;
}

}  // namespace trocar
