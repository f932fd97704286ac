// SPDX-License-Identifier: Apache-2.0
/// Rigid-body dynamics of the serial-chain PSM, in base axes about the RCM.
///
/// Equation of motion: tau = M(q) qdd + C(q, qd) qd + g(q); M holds the reflected motor inertia
/// (armature) on its diagonal, friction is apart (friction.hpp).  The recursions are those of
/// newton_euler.hpp, on frames written out by hand (kinematics.hpp).
/// Fixed size, no allocation; NaN in gives NaN out.
#pragma once

#include <array>
#include <cmath>

#include "trocar/dynamic_parameters.hpp"
#include "trocar/friction.hpp"
#include "trocar/kinematics.hpp"
#include "trocar/newton_euler.hpp"

namespace trocar {

/// Link frames of the dynamics in the base frame: DH rows 1..6, then the jaw.
using DynamicFrames = std::array<Transform, kNumAxes>;

inline DynamicFrames dynamic_frames(const Vec7& q) {
  DynamicFrames T = psm::link_frames(q.head<kNumJoints>());
  const Transform& wrist_yaw = T[kNumJoints - 1];
  const double s = std::sin(q[kNumJoints]), c = std::cos(q[kNumJoints]);
  Transform& jaw = T[kNumJoints];  // replaces the tool frame
  jaw.R.col(0) = c * wrist_yaw.R.col(0) + s * wrist_yaw.R.col(1);
  jaw.R.col(1) = c * wrist_yaw.R.col(1) - s * wrist_yaw.R.col(0);
  jaw.R.col(2) = wrist_yaw.R.col(2);
  jaw.p = wrist_yaw.p;
  return T;
}

/// The PSM as newton_euler.hpp wants it.
class PsmBodies {
 public:
  static constexpr int kMost = kNumAxes;
  static constexpr int kInsertion = 2;  // the only axis that slides

  explicit PsmBodies(const DynamicParameters& p) : p_(p) {}

  static constexpr int size() { return kNumAxes; }
  static constexpr bool slides(int i) { return i == kInsertion; }
  double mass(int i) const { return p_.mass[i]; }
  Vec3 com(int i) const { return p_.com.row(i).transpose(); }
  double armature(int i) const { return p_.armature[i]; }
  Vec3 spin(int i, const Vec3& w) const {
    const double xy = p_.products(i, 0), xz = p_.products(i, 1), yz = p_.products(i, 2);
    return {p_.inertia(i, 0) * w.x() + xy * w.y() + xz * w.z(),
            xy * w.x() + p_.inertia(i, 1) * w.y() + yz * w.z(),
            xz * w.x() + yz * w.y() + p_.inertia(i, 2) * w.z()};
  }
  Mat3 inertia(int i) const { return p_.inertia_matrix(i); }

 private:
  const DynamicParameters& p_;
};

/// Effort (7,) that gravity alone asks for, g(q): N m, insertion N.
inline Vec7 gravity_effort(const DynamicParameters& p, const DynamicFrames& T) {
  Vec7 tau;
  gravity_effort(PsmBodies(p), T, p.gravity_base, &tau);
  return tau;
}

inline Vec7 gravity_effort(const DynamicParameters& p, const Vec7& q) {
  return gravity_effort(p, dynamic_frames(q));
}

/// Effort (7,) for the motion (qd, qdd) at given frames, gravity and armature included, friction
/// not.
inline Vec7 inverse_dynamics(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd,
                             const Vec7& qdd) {
  Vec7 tau;
  newton_euler(PsmBodies(p), T, p.gravity_base, qd, qdd, &tau);
  return tau;
}

inline Vec7 inverse_dynamics(const DynamicParameters& p, const Vec7& q, const Vec7& qd,
                             const Vec7& qdd) {
  return inverse_dynamics(p, dynamic_frames(q), qd, qdd);
}

/// Generalised momentum M qd (7,) and C^T(q, qd) qd (7,): N m s and N m, insertion N s and N.
struct Momentum {
  Vec7 p;
  Vec7 coriolis_transpose;
};

inline Momentum momentum(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd) {
  Momentum m;
  momentum(PsmBodies(p), T, qd, &m.p, &m.coriolis_transpose);
  return m;
}

/// Mass matrix (7, 7), symmetric, armature on the diagonal: kg m2, kg m, kg.
inline Mat7 mass_matrix(const DynamicParameters& p, const DynamicFrames& T) {
  Mat7 M;
  mass_matrix(PsmBodies(p), T, &M);
  return M;
}

inline Mat7 mass_matrix(const DynamicParameters& p, const Vec7& q) {
  return mass_matrix(p, dynamic_frames(q));
}

}  // namespace trocar
