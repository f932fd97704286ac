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

#include <Eigen/Cholesky>
#include <cmath>

#include "trocar/controller_settings.hpp"
#include "trocar/dynamics.hpp"
#include "trocar/energy_tank.hpp"
#include "trocar/symmetric_eigen.hpp"

namespace trocar {

/// Deflection x~ (6,) m, rad in base axes, from a frame to its reference.
inline Vec6 pose_error(const Transform& T_base_cp, const Transform& T_base_reference) {
  Vec6 error;
  error << T_base_reference.p - T_base_cp.p, log_so3(T_base_reference.R * T_base_cp.R.transpose());
  return error;
}

/// Joint damping of one arm, tick after tick.
class DoubleDiagonal {
 public:
  /// (6, 6) J^T D J for joint inertia M (6, 6) and joint stiffness J^T K J (6, 6).
  Mat6 damping(const Mat6& M, const Mat6& stiffness, double damping_ratio) {
    constexpr double kFreeFrequency = 5.0;  // rad/s
    const Eigen::LLT<Mat6> cholesky(M);
    const Mat6 half = cholesky.matrixL().solve(stiffness);
    eigen_.compute(cholesky.matrixL().solve(half.transpose()));
    const Vec6 values = eigen_.values();
    Vec6 frequency;  // sqrt(S), rad/s
    for (int i = 0; i < 6; ++i) {
      frequency[i] = std::sqrt(std::max(values[i], kFreeFrequency * kFreeFrequency));
    }
    const Mat6 B = cholesky.matrixL();
    const Mat6 BU = B * eigen_.vectors();
    return 2.0 * damping_ratio * BU * frequency.asDiagonal() * BU.transpose();
  }

  /// What follows is another configuration.
  void restart() { eigen_.restart(); }

 private:
  SymmetricEigen<6> eigen_;
};

class Impedance {
 public:
  /// Begin at the present deflection; what follows goes through the energy tank.
  void start(const Vec6& wanted_stiffness, const Vec6& q, const Vec6& q_reference) {
    tank_.start(wanted_stiffness,
                pose_error(psm::forward_kinematics(q), psm::forward_kinematics(q_reference)));
    damped_power_ = 0.0;
    double_diagonal_.restart();
  }

  /// Spring and damper (6,) N m, insertion N; feed-forward is the controller's.
  Vec6 effort(const ControllerSettings& settings, const Mat6& M, const Vec6& q, const Vec6& qd,
              const Vec6& q_reference, const Vec6& qd_reference) {
    const psm::ChainAxes axes = psm::chain_axes(q);
    const Mat6 J = psm::jacobian(axes);
    const Vec6 deflection = pose_error(psm::tool_frame(axes), psm::forward_kinematics(q_reference));
    const Vec6 wanted = Eigen::Map<const Vec6>(settings.stiffness.data());
    const Vec6 K = tank_.step(wanted, deflection, damped_power_);
    const Mat6 D =
        double_diagonal_.damping(M, J.transpose() * K.asDiagonal() * J, settings.damping_ratio);
    const Vec6 rate = qd_reference - qd;
    const Vec6 damping = D * rate;
    damped_power_ = rate.dot(damping);
    return J.transpose() * K.cwiseProduct(deflection) + damping;
  }

  const EnergyTank& tank() const { return tank_; }

 private:
  EnergyTank tank_;
  DoubleDiagonal double_diagonal_;
  double damped_power_ = 0.0;
};

}  // namespace trocar
