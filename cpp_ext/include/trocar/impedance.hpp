// SPDX-License-Identifier: Apache-2.0
/// Cartesian impedance at the control point, in base axes:
///
///   tau = J^T (K x~ + D xd~) + M qdd_ref + C qd_ref + g + friction,   x~ = (p_ref - p, log(R_ref
///   R^T))
///
/// (Hogan 1985.)  D by double diagonalisation: with the task inertia L = J^-T M J^-1 = Q Q^T and
/// K = Q S Q^T, D = 2 zeta Q sqrt(S) Q^T (Albu-Schaeffer, Ott, Frese, Hirzinger, ICRA 2003, eq.
/// 25). It is computed in joint space, where no inverse of J is needed: with M = B B^T (Cholesky)
/// and A = B^-1 J^T K J B^-T,
///   J^T D J = 2 zeta B sqrt(A) B^T,
/// which goes through a singular J; directions that K leaves free are damped as if they were of
/// kFreeFrequency.  D acts on qd_ref - qd, that is on xd~ while the deflection is small.
#pragma once

#include "trocar/controller_settings.hpp"
#include "trocar/energy_tank.hpp"
#include "trocar/kinematics.hpp"
#include "trocar/symmetric_eigen.hpp"

namespace trocar {

/// Deflection x~ (6,) m, rad in base axes, from a frame to its reference.
Vec6 pose_error(const Transform& T_base_cp, const Transform& T_base_reference);

/// Joint damping of one arm, tick after tick.
class DoubleDiagonal {
 public:
  /// (6, 6) J^T D J for joint inertia M (6, 6) and joint stiffness J^T K J (6, 6).
  Mat6 damping(const Mat6& M, const Mat6& stiffness, double damping_ratio);

  /// What follows is another configuration.
  void restart() { eigen_.restart(); }

 private:
  SymmetricEigen<6> eigen_;
};

class Impedance {
 public:
  /// Begin at the present deflection; what follows goes through the energy tank.
  void start(const Vec6& wanted_stiffness, const Vec6& q, const Vec6& q_reference);

  /// Spring and damper (6,) N m, insertion N; feed-forward is the controller's.
  Vec6 effort(const ControllerSettings& settings, const Mat6& M, const Vec6& q, const Vec6& qd,
              const Vec6& q_reference, const Vec6& qd_reference);

  const EnergyTank& tank() const { return tank_; }

 private:
  EnergyTank tank_;
  DoubleDiagonal double_diagonal_;
  double damped_power_ = 0.0;
};

}  // namespace trocar
