// SPDX-License-Identifier: Apache-2.0
/// Rigid-body dynamics of the serial-chain PSM, in base axes about the RCM.
///
/// Equation of motion: tau = M(q) qdd + C(q, qd) qd + g(q); M holds the reflected motor inertia
/// (armature) on its diagonal, friction is apart (`friction_effort`).  Newton-Euler after Luh,
/// Walker, Paul (1980) with moments taken about the base origin; composite inertias after
/// Featherstone, "Rigid Body Dynamics Algorithms" (2008), ch. 6.
/// Fixed size, no allocation; NaN in gives NaN out.
#pragma once

#include <array>
#include <cmath>

#include "trocar/dynamic_parameters.hpp"
#include "trocar/kinematics.hpp"

namespace trocar {

inline constexpr int kPrismatic = 2;  // the insertion; every other axis turns

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

/// Effort (7,) of a wrench (force, moment about the base origin) along axis i.
inline double axis_effort(int i, const Transform& T_base_link, const Vec3& force,
                          const Vec3& moment) {
  const Vec3 z = T_base_link.R.col(2);
  return i == kPrismatic ? z.dot(force) : z.dot(moment - T_base_link.p.cross(force));
}

/// Effort (7,) that gravity alone asks for, g(q): N m, insertion N.
inline Vec7 gravity_effort(const DynamicParameters& p, const DynamicFrames& T) {
  Vec7 tau;
  double mass = 0.0;
  Vec3 first_moment = Vec3::Zero();
  for (int i = kNumAxes - 1; i >= 0; --i) {
    mass += p.mass[i];
    first_moment += p.mass[i] * (T[i] * Vec3(p.com.row(i)));
    tau[i] = axis_effort(i, T[i], -mass * p.gravity_base, -first_moment.cross(p.gravity_base));
  }
  return tau;
}

inline Vec7 gravity_effort(const DynamicParameters& p, const Vec7& q) {
  return gravity_effort(p, dynamic_frames(q));
}

/// Effort (7,) for the motion (q, qd, qdd), gravity and armature included, friction not.
inline Vec7 inverse_dynamics(const DynamicParameters& p, const Vec7& q, const Vec7& qd,
                             const Vec7& qdd) {
  const DynamicFrames T = dynamic_frames(q);
  std::array<Vec3, kNumAxes> force, moment;  // of each link alone, about the base origin
  Vec3 omega = Vec3::Zero(), alpha = Vec3::Zero();
  Vec3 acceleration = -p.gravity_base;  // of the last link's origin; gravity as a rising base
  Vec3 origin = Vec3::Zero();
  for (int i = 0; i < kNumAxes; ++i) {
    const Vec3 z = T[i].R.col(2);
    const Vec3 step = T[i].p - origin;
    acceleration += alpha.cross(step) + omega.cross(omega.cross(step));
    origin = T[i].p;
    if (i == kPrismatic) {
      acceleration += qdd[i] * z + 2.0 * qd[i] * omega.cross(z);
    } else {
      alpha += qdd[i] * z + qd[i] * omega.cross(z);
      omega += qd[i] * z;
    }
    const Vec3 arm = T[i].R * p.com.row(i).transpose();
    const Vec3 inertia = p.inertia.row(i);
    const Vec3 body_alpha = T[i].R.transpose() * alpha, body_omega = T[i].R.transpose() * omega;
    const Vec3 spin = inertia.cwiseProduct(body_omega);
    force[i] = p.mass[i] * (acceleration + alpha.cross(arm) + omega.cross(omega.cross(arm)));
    moment[i] = (origin + arm).cross(force[i]) +
                T[i].R * (inertia.cwiseProduct(body_alpha) + body_omega.cross(spin));
  }
  Vec7 tau;
  Vec3 f = Vec3::Zero(), n = Vec3::Zero();
  for (int i = kNumAxes - 1; i >= 0; --i) {
    f += force[i];
    n += moment[i];
    tau[i] = axis_effort(i, T[i], f, n) + p.armature[i] * qdd[i];
  }
  return tau;
}

/// Mass matrix (7, 7), symmetric, armature on the diagonal: kg m2, kg m, kg.
inline Mat7 mass_matrix(const DynamicParameters& p, const DynamicFrames& T) {
  Mat7 M;
  double mass = 0.0;
  Vec3 first_moment = Vec3::Zero();
  Mat3 inertia = Mat3::Zero();  // of all links from i outward, about the base origin
  for (int i = kNumAxes - 1; i >= 0; --i) {
    const Vec3 com = T[i] * Vec3(p.com.row(i));
    mass += p.mass[i];
    first_moment += p.mass[i] * com;
    inertia += T[i].R * p.inertia.row(i).transpose().asDiagonal() * T[i].R.transpose();
    inertia += p.mass[i] * (com.squaredNorm() * Mat3::Identity() - com * com.transpose());
    // Momentum rate of the outer links for a unit acceleration of axis i.
    const Vec3 z = T[i].R.col(2);
    Vec3 force, moment;
    if (i == kPrismatic) {
      force = mass * z;
      moment = first_moment.cross(z);
    } else {
      const Vec3 base_velocity = T[i].p.cross(z);  // of the body point at the base origin
      force = mass * base_velocity + z.cross(first_moment);
      moment = inertia * z + first_moment.cross(base_velocity);
    }
    for (int j = 0; j <= i; ++j) M(j, i) = M(i, j) = axis_effort(j, T[j], force, moment);
    M(i, i) += p.armature[i];
  }
  return M;
}

inline Mat7 mass_matrix(const DynamicParameters& p, const Vec7& q) {
  return mass_matrix(p, dynamic_frames(q));
}

/// Speed at which Coulomb friction has reached 76 % (tanh 1): rad/s, insertion m/s.  It only keeps
/// the sign function smooth at rest.
inline constexpr std::array<double, kNumAxes> kFrictionSpeed = {0.01, 0.01, 0.001, 0.05,
                                                                0.05, 0.05, 0.05};

/// Effort (7,) that friction takes at the joint speed qd: viscous qd + coulomb tanh(qd /
/// kFrictionSpeed).
inline Vec7 friction_effort(const DynamicParameters& p, const Vec7& qd) {
  Vec7 tau;
  for (int i = 0; i < kNumAxes; ++i) {
    tau[i] = p.viscous[i] * qd[i] + p.coulomb[i] * std::tanh(qd[i] / kFrictionSpeed[i]);
  }
  return tau;
}

}  // namespace trocar
