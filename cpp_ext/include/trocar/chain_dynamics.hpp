// SPDX-License-Identifier: Apache-2.0
/// Rigid-body dynamics of any Chain of up to eight joints: the recursions of newton_euler.hpp on
/// the joint frames of chain_kinematics.hpp.  Fixed size, no allocation; NaN in gives NaN out.
#pragma once

#include "trocar/chain_kinematics.hpp"
#include "trocar/newton_euler.hpp"

namespace trocar {

/// What moves with one joint, in the joint's frame: kg, m, kg m2 (about the centre of mass).
struct LinkInertia {
  double mass = 0.0;
  Vec3 com = Vec3::Zero();
  Mat3 inertia = Mat3::Zero();
};

/// The masses of a chain; entries from Chain::size on are not looked at.
struct ChainInertia {
  std::array<LinkInertia, kMaxJoints> links;
  ChainVec armature = ChainVec::Zero();       // kg m2, prismatic kg: rotor inertia through the gear
  Vec3 gravity_base = Vec3(0.0, 0.0, -9.81);  // m/s2, in the base frame
};

using ChainMatrix = Eigen::Matrix<double, kMaxJoints, kMaxJoints>;

/// A Chain and its masses as newton_euler.hpp wants them.
class ChainBodies {
 public:
  static constexpr int kMost = kMaxJoints;

  ChainBodies(const Chain& chain, const ChainInertia& masses)
      : chain_(chain), masses_(masses), size_(joint_count(chain)) {}

  int size() const { return size_; }
  bool slides(int i) const { return chain_.joints[at(i)].type == JointType::kPrismatic; }
  double mass(int i) const { return masses_.links[at(i)].mass; }
  Vec3 com(int i) const { return masses_.links[at(i)].com; }
  double armature(int i) const { return masses_.armature[i]; }
  Vec3 spin(int i, const Vec3& w) const { return masses_.links[at(i)].inertia * w; }
  Mat3 inertia(int i) const { return masses_.links[at(i)].inertia; }

 private:
  static std::size_t at(int i) { return static_cast<std::size_t>(i); }

  const Chain& chain_;
  const ChainInertia& masses_;
  int size_;
};

/// Effort (8,) that gravity alone asks for: N m, prismatic N; 0 from Chain::size on.
inline ChainVec chain_gravity(const Chain& chain, const ChainInertia& masses, const ChainVec& q) {
  ChainVec tau = ChainVec::Zero();
  gravity_effort(ChainBodies(chain, masses), chain_frames(chain, q).T_base_joint,
                 masses.gravity_base, &tau);
  return tau;
}

/// Effort (8,) for the motion, gravity and armature included.
inline ChainVec chain_inverse_dynamics(const Chain& chain, const ChainInertia& masses,
                                       const ChainVec& q, const ChainVec& qd, const ChainVec& qdd) {
  ChainVec tau = ChainVec::Zero();
  newton_euler(ChainBodies(chain, masses), chain_frames(chain, q).T_base_joint, masses.gravity_base,
               qd, qdd, &tau);
  return tau;
}

/// M qd and C^T qd, (8,) each.
struct ChainMomentum {
  ChainVec p = ChainVec::Zero();
  ChainVec coriolis_transpose = ChainVec::Zero();
};

inline ChainMomentum chain_momentum(const Chain& chain, const ChainInertia& masses,
                                    const ChainVec& q, const ChainVec& qd) {
  ChainMomentum m;
  momentum(ChainBodies(chain, masses), chain_frames(chain, q).T_base_joint, qd, &m.p,
           &m.coriolis_transpose);
  return m;
}

/// Mass matrix (8, 8), symmetric, armature on the diagonal; 0 from Chain::size on.
inline ChainMatrix chain_mass_matrix(const Chain& chain, const ChainInertia& masses,
                                     const ChainVec& q) {
  ChainMatrix M = ChainMatrix::Zero();
  mass_matrix(ChainBodies(chain, masses), chain_frames(chain, q).T_base_joint, &M);
  return M;
}

}  // namespace trocar
