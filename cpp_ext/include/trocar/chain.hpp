// SPDX-License-Identifier: Apache-2.0
/// A serial chain of up to eight revolute or prismatic joints, as plain data, for arms that have
/// no kinematics written out by hand.
///
/// The joint frame at q = 0 stands in the frame of the joint before it (in the base frame for the
/// first); the joint turns about, or slides along, the z axis of its own frame.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "trocar/se3.hpp"

namespace trocar {

inline constexpr int kMaxJoints = 8;

/// One value a joint; entries from Chain::size on are not looked at, and are 0 where returned.
using ChainVec = Eigen::Matrix<double, kMaxJoints, 1>;
/// Twist (linear, angular) of the tip a unit of joint speed; columns from Chain::size on are 0.
using ChainJacobian = Eigen::Matrix<double, 6, kMaxJoints>;

enum class JointType : std::int32_t { kRevolute = 0, kPrismatic = 1 };

struct ChainJoint {
  JointType type = JointType::kRevolute;
  Transform T_parent_joint;   // at q = 0
  double q_min = -HUGE_VAL;   // rad or m; infinite: a joint without stops
  double q_max = HUGE_VAL;    // rad or m
  double velocity_max = 0.0;  // rad/s or m/s; 0: not known
  double effort_max = 0.0;    // N m or N; 0: not known
};

struct Chain {
  int size = 0;  // joints in use, 0..kMaxJoints
  std::array<ChainJoint, kMaxJoints> joints;
  Transform T_last_tip;  // the tip in the last joint's frame
};

/// Number of joints, a wrong `size` brought into 0..kMaxJoints, so that no loop leaves the array.
inline int joint_count(const Chain& chain) { return std::clamp(chain.size, 0, kMaxJoints); }

/// True where every number of the chain can be used: finite rigid transforms (1e-6), ranges in
/// order and not NaN, maxima not negative.
inline bool is_valid(const Chain& chain) {
  const auto rigid = [](const Transform& T) { return T.p.allFinite() && is_rotation(T.R); };
  if (chain.size < 1 || chain.size > kMaxJoints || !rigid(chain.T_last_tip)) return false;
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& j = chain.joints[static_cast<std::size_t>(i)];
    if (j.type != JointType::kRevolute && j.type != JointType::kPrismatic) return false;
    if (!rigid(j.T_parent_joint) || !(j.q_min <= j.q_max)) return false;
    if (!(j.q_min < HUGE_VAL) || !(j.q_max > -HUGE_VAL)) return false;
    if (!(j.velocity_max >= 0.0) || !(j.effort_max >= 0.0)) return false;
  }
  return true;
}

/// Joints of q inside their ranges; a NaN becomes the value of the range nearest to 0.
inline ChainVec clamp_joints(const Chain& chain, const ChainVec& q) {
  ChainVec clamped = ChainVec::Zero();
  for (int i = 0; i < joint_count(chain); ++i) {
    const ChainJoint& j = chain.joints[static_cast<std::size_t>(i)];
    clamped[i] = std::min(std::max(std::isnan(q[i]) ? 0.0 : q[i], j.q_min), j.q_max);
  }
  return clamped;
}

}  // namespace trocar
