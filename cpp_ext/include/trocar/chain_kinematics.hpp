// SPDX-License-Identifier: Apache-2.0
/// Forward kinematics, Jacobian and Jacobian rate of a Chain, in base axes, at the tip.
/// Equations: Siciliano, Sciavicco, Villani, Oriolo, "Robotics" (2009), sections 2.8, 3.1.
/// No allocation; the number of steps is bounded by kMaxJoints; NaN in gives NaN out.
#pragma once

#include "trocar/chain.hpp"

namespace trocar {

struct ChainFrames {
  std::array<Transform, kMaxJoints> T_base_joint;  // identity from Chain::size on
  Transform T_base_tip;
};

/// Every joint frame and the tip: T_base_joint[i] = T_base_joint[i-1] T_parent_joint_i M(q_i), with
/// M(q) = Rz(q) of a revolute joint, Tz(q) of a prismatic one.
inline ChainFrames chain_frames(const Chain& chain, const ChainVec& q) {
  ChainFrames frames;
  Transform T;  // T_base_joint of the joint before
  for (int i = 0; i < joint_count(chain); ++i) {
    const auto n = static_cast<std::size_t>(i);
    const ChainJoint& joint = chain.joints[n];
    T = T * joint.T_parent_joint;
    if (joint.type == JointType::kPrismatic) {
      T.p += q[i] * T.R.col(2);
    } else {  // Rz(q) mixes the first two columns only
      const double c = std::cos(q[i]), s = std::sin(q[i]);
      const Vec3 x = T.R.col(0);
      T.R.col(0) = c * x + s * T.R.col(1);
      T.R.col(1) = c * T.R.col(1) - s * x;
    }
    frames.T_base_joint[n] = T;
  }
  frames.T_base_tip = T * chain.T_last_tip;
  return frames;
}

/// T_base_tip of joints q.
inline Transform chain_fk(const Chain& chain, const ChainVec& q) {
  return chain_frames(chain, q).T_base_tip;
}

/// Jacobian (6, 8) at the tip: column i is (z_i x (p - p_i), z_i) of a revolute joint, (z_i, 0) of
/// a prismatic one.
inline ChainJacobian chain_jacobian(const Chain& chain, const ChainFrames& frames) {
  ChainJacobian J = ChainJacobian::Zero();
  for (int i = 0; i < joint_count(chain); ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Vec3 z = frames.T_base_joint[n].R.col(2);
    if (chain.joints[n].type == JointType::kPrismatic) {
      J.col(i).head<3>() = z;
    } else {
      J.col(i).head<3>() = z.cross(frames.T_base_tip.p - frames.T_base_joint[n].p);
      J.col(i).tail<3>() = z;
    }
  }
  return J;
}

inline ChainJacobian chain_jacobian(const Chain& chain, const ChainVec& q) {
  return chain_jacobian(chain, chain_frames(chain, q));
}

/// Time derivative (6, 8) of the Jacobian at joint speeds qd, so that the tip's acceleration is
/// J qdd + Jdot qd.  With w_i, v_i the angular and linear velocity of joint frame i:
///   dz_i/dt = w_i x z_i,  d(z_i x (p - p_i))/dt = dz_i/dt x (p - p_i) + z_i x (v - v_i).
inline ChainJacobian chain_jacobian_rate(const Chain& chain, const ChainFrames& frames,
                                         const ChainJacobian& J, const ChainVec& qd) {
  const int size = joint_count(chain);
  Vec3 v_tip = Vec3::Zero();
  for (int i = 0; i < size; ++i) v_tip += qd[i] * J.col(i).head<3>();

  ChainJacobian rate = ChainJacobian::Zero();
  Vec3 w = Vec3::Zero(), v = Vec3::Zero(), p = Vec3::Zero();  // of the joint frame before
  for (int i = 0; i < size; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const Vec3 z = frames.T_base_joint[n].R.col(2);
    const Vec3 p_i = frames.T_base_joint[n].p;
    const Vec3 z_rate = w.cross(z);  // the joint's own turn leaves its axis where it is
    v += w.cross(p_i - p);
    p = p_i;
    if (chain.joints[n].type == JointType::kPrismatic) {
      v += qd[i] * z;
      rate.col(i).head<3>() = z_rate;
    } else {
      w += qd[i] * z;
      rate.col(i).head<3>() = z_rate.cross(frames.T_base_tip.p - p) + z.cross(v_tip - v);
      rate.col(i).tail<3>() = z_rate;
    }
  }
  return rate;
}

inline ChainJacobian chain_jacobian_rate(const Chain& chain, const ChainVec& q,
                                         const ChainVec& qd) {
  const ChainFrames frames = chain_frames(chain, q);
  return chain_jacobian_rate(chain, frames, chain_jacobian(chain, frames), qd);
}

}  // namespace trocar
