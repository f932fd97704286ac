// SPDX-License-Identifier: Apache-2.0
/// Rigid-body dynamics of the serial-chain PSM, in base axes about the RCM.
///
/// Equation of motion: tau = M(q) qdd + C(q, qd) qd + g(q); M holds the reflected motor inertia
/// (armature) on its diagonal, friction is apart (friction.hpp).  The recursions are those of
/// newton_euler.hpp, on frames written out by hand (kinematics.hpp).
/// Fixed size, no allocation; NaN in gives NaN out.
#pragma once

#include <array>

#include "trocar/dynamic_parameters.hpp"
#include "trocar/friction.hpp"
#include "trocar/kinematics.hpp"

namespace trocar {

/// Link frames of the dynamics in the base frame: DH rows 1..6, then the jaw.
using DynamicFrames = std::array<Transform, kNumAxes>;

DynamicFrames dynamic_frames(const Vec7& q);

/// Effort (7,) that gravity alone asks for, g(q): N m, insertion N.
Vec7 gravity_effort(const DynamicParameters& p, const DynamicFrames& T);

Vec7 gravity_effort(const DynamicParameters& p, const Vec7& q);

/// Effort (7,) for the motion (qd, qdd) at given frames, gravity and armature included, friction
/// not.
Vec7 inverse_dynamics(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd,
                      const Vec7& qdd);

Vec7 inverse_dynamics(const DynamicParameters& p, const Vec7& q, const Vec7& qd, const Vec7& qdd);

/// Generalised momentum M qd (7,) and C^T(q, qd) qd (7,): N m s and N m, insertion N s and N.
struct Momentum {
  Vec7 p;
  Vec7 coriolis_transpose;
};

Momentum momentum(const DynamicParameters& p, const DynamicFrames& T, const Vec7& qd);

/// Mass matrix (7, 7), symmetric, armature on the diagonal: kg m2, kg m, kg.
Mat7 mass_matrix(const DynamicParameters& p, const DynamicFrames& T);

Mat7 mass_matrix(const DynamicParameters& p, const Vec7& q);

}  // namespace trocar
