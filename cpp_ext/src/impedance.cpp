// SPDX-License-Identifier: Apache-2.0
/// Spring and damper of one tick.
#include "trocar/impedance.hpp"

#include <Eigen/Cholesky>
#include <cmath>

namespace trocar {

Vec6 pose_error(const Transform& T_base_cp, const Transform& T_base_reference) {
  Vec6 error;
  error << T_base_reference.p - T_base_cp.p, log_so3(T_base_reference.R * T_base_cp.R.transpose());
  return error;
}

Mat6 DoubleDiagonal::damping(const Mat6& M, const Mat6& stiffness, double damping_ratio) {
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

void Impedance::start(const Vec6& wanted_stiffness, const Vec6& q, const Vec6& q_reference) {
  tank_.start(wanted_stiffness,
              pose_error(psm::forward_kinematics(q), psm::forward_kinematics(q_reference)));
  damped_power_ = 0.0;
  double_diagonal_.restart();
}

Vec6 Impedance::effort(const ControllerSettings& settings, const Mat6& M, const Vec6& q,
                       const Vec6& qd, const Vec6& q_reference, const Vec6& qd_reference) {
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

}  // namespace trocar
