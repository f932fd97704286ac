// SPDX-License-Identifier: Apache-2.0
/// The recursions of rigid-body dynamics for a serial chain, written once: the PSM (dynamics.hpp)
/// and any other chain (chain_dynamics.hpp) are instances of them.
///
/// Everything is in base axes, moments about the base origin, so that a wrench or a momentum of one
/// body adds to the next without a transform.  Newton-Euler after Luh, Walker, Paul (1980);
/// composite inertias after Featherstone, "Rigid Body Dynamics Algorithms" (2008), ch. 6.
/// M holds the reflected motor inertia (armature) on its diagonal; friction is apart.
/// Fixed size, no allocation; NaN in gives NaN out.
///
/// `Bodies` says of body i (0 .. size()-1): slides(i), mass(i) kg, com(i) m and
/// spin(i, w) = I w in kg m2, both in link axes, the inertia about the centre of mass, armature(i);
/// kMost bounds size().  `T[i]` is the frame of body i in the base frame; its joint's axis is z.
#pragma once

#include <array>

#include "trocar/se3.hpp"

namespace trocar {

/// Effort along axis i of a wrench (force, moment about the base origin): S_i . (moment, force).
inline double axis_effort(bool slides, const Transform& T_base_link, const Vec3& force,
                          const Vec3& moment) {
  const Vec3 z = T_base_link.R.col(2);
  return slides ? z.dot(force) : z.dot(moment - T_base_link.p.cross(force));
}

/// Effort that gravity alone asks for, g(q): N m, N.
template <typename Bodies, typename Frames, typename Vec>
void gravity_effort(const Bodies& b, const Frames& T, const Vec3& gravity, Vec* tau) {
  double mass = 0.0;
  Vec3 first_moment = Vec3::Zero();
  for (int i = b.size() - 1; i >= 0; --i) {
    mass += b.mass(i);
    first_moment += b.mass(i) * (T[i] * b.com(i));
    (*tau)[i] = axis_effort(b.slides(i), T[i], -mass * gravity, -first_moment.cross(gravity));
  }
}

/// Effort for the motion (qd, qdd): tau = M qdd + C qd + g.
template <typename Bodies, typename Frames, typename Vec>
void newton_euler(const Bodies& b, const Frames& T, const Vec3& gravity, const Vec& qd,
                  const Vec& qdd, Vec* tau) {
  std::array<Vec3, Bodies::kMost> force, moment;  // of each body alone, about the base origin
  Vec3 omega = Vec3::Zero(), alpha = Vec3::Zero();
  Vec3 acceleration = -gravity;  // of the last body's origin; gravity as a rising base
  Vec3 origin = Vec3::Zero();
  for (int i = 0; i < b.size(); ++i) {
    const Vec3 z = T[i].R.col(2);
    const Vec3 step = T[i].p - origin;
    acceleration += alpha.cross(step) + omega.cross(omega.cross(step));
    origin = T[i].p;
    if (b.slides(i)) {
      acceleration += qdd[i] * z + 2.0 * qd[i] * omega.cross(z);
    } else {
      alpha += qdd[i] * z + qd[i] * omega.cross(z);
      omega += qd[i] * z;
    }
    const Vec3 arm = T[i].R * b.com(i);
    const Vec3 body_alpha = T[i].R.transpose() * alpha, body_omega = T[i].R.transpose() * omega;
    force[i] = b.mass(i) * (acceleration + alpha.cross(arm) + omega.cross(omega.cross(arm)));
    moment[i] = (origin + arm).cross(force[i]) +
                T[i].R * (b.spin(i, body_alpha) + body_omega.cross(b.spin(i, body_omega)));
  }
  Vec3 f = Vec3::Zero(), n = Vec3::Zero();
  for (int i = b.size() - 1; i >= 0; --i) {
    f += force[i];
    n += moment[i];
    (*tau)[i] = axis_effort(b.slides(i), T[i], f, n) + b.armature(i) * qdd[i];
  }
}

/// Generalised momentum p = M qd and C^T qd, without the mass matrix.
///
/// With L, N the linear and angular momentum of all bodies from i outward, p_i = S_i . (N, L); and
/// since S_i . d(N, L)/dt is the effort less gravity, dp/dt = tau - g + C^T qd leaves
///   (C^T qd)_i = dS_i/dt . (N, L),   dS_i/dt = V_i x S_i
/// with the body's spatial velocity V_i = (omega, v of the body point at the base origin).  It is
/// dT/dq_i, the same for every factorisation C with dM/dt = C + C^T (De Luca & Mattone 2005, eq.
/// 6).
template <typename Bodies, typename Frames, typename Vec>
void momentum(const Bodies& b, const Frames& T, const Vec& qd, Vec* p, Vec* coriolis_transpose) {
  std::array<Vec3, Bodies::kMost> linear, angular, axis_rate, axis_rate_linear;
  Vec3 omega = Vec3::Zero(), v = Vec3::Zero();
  for (int i = 0; i < b.size(); ++i) {
    const Vec3 z = T[i].R.col(2);
    if (b.slides(i)) {
      axis_rate[i].setZero();
      axis_rate_linear[i] = omega.cross(z);
      v += qd[i] * z;
    } else {
      const Vec3 s = T[i].p.cross(z);  // S_i = (z, p x z); V x S is the same before and after qd_i
      axis_rate[i] = omega.cross(z);
      axis_rate_linear[i] = omega.cross(s) + v.cross(z);
      v += qd[i] * s;
      omega += qd[i] * z;
    }
    const Vec3 com = T[i] * b.com(i);
    linear[i] = b.mass(i) * (v + omega.cross(com));
    angular[i] = com.cross(linear[i]) + T[i].R * b.spin(i, T[i].R.transpose() * omega);
  }
  Vec3 L = Vec3::Zero(), N = Vec3::Zero();
  for (int i = b.size() - 1; i >= 0; --i) {
    L += linear[i];
    N += angular[i];
    (*p)[i] = axis_effort(b.slides(i), T[i], L, N) + b.armature(i) * qd[i];
    (*coriolis_transpose)[i] = axis_rate[i].dot(N) + axis_rate_linear[i].dot(L);
  }
}

/// Mass matrix, symmetric, armature on the diagonal: kg m2, kg m, kg.
template <typename Bodies, typename Frames, typename Matrix>
void mass_matrix(const Bodies& b, const Frames& T, Matrix* M) {
  double mass = 0.0;
  Vec3 first_moment = Vec3::Zero();
  Mat3 inertia = Mat3::Zero();  // of all bodies from i outward, about the base origin
  for (int i = b.size() - 1; i >= 0; --i) {
    const Vec3 com = T[i] * b.com(i);
    mass += b.mass(i);
    first_moment += b.mass(i) * com;
    inertia += T[i].R * b.inertia(i) * T[i].R.transpose();
    inertia += b.mass(i) * (com.squaredNorm() * Mat3::Identity() - com * com.transpose());
    // Momentum rate of the outer bodies for a unit acceleration of axis i.
    const Vec3 z = T[i].R.col(2);
    Vec3 force, moment;
    if (b.slides(i)) {
      force = mass * z;
      moment = first_moment.cross(z);
    } else {
      const Vec3 base_velocity = T[i].p.cross(z);  // of the body point at the base origin
      force = mass * base_velocity + z.cross(first_moment);
      moment = inertia * z + first_moment.cross(base_velocity);
    }
    for (int j = 0; j <= i; ++j) {
      (*M)(j, i) = (*M)(i, j) = axis_effort(b.slides(j), T[j], force, moment);
    }
    (*M)(i, i) += b.armature(i);
  }
}

}  // namespace trocar
