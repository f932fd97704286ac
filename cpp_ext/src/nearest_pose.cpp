// SPDX-License-Identifier: Apache-2.0
/// Projected Newton from several starts.
#include "trocar/nearest_pose.hpp"

#include <Eigen/Cholesky>
#include <array>
#include <cmath>

namespace trocar::psm {

double PoseDistance::operator()(const Vec6& q, Vec6* gradient) const {
  const ChainAxes axes = chain_axes(q);
  const Transform T = tool_frame(axes);
  const Vec3 dp = T.p - goal.p;
  const Vec3 turn = log_so3(T.R * goal.R.transpose());  // base axes; its rate is w, projected
  if (gradient != nullptr) {                            // on itself (the log's Jacobian keeps it)
    Vec6 weighted;
    weighted << dp, (kRadian * kRadian) * turn;
    *gradient = jacobian(axes).transpose() * weighted;
  }
  return 0.5 * (dp.squaredNorm() + kRadian * kRadian * turn.squaredNorm());
}

Mat6 PoseDistance::hessian(const Vec6& q) const {
  const double h = 1e-5;
  Mat6 H;
  for (int i = 0; i < kNumJoints; ++i) {
    Vec6 ahead, behind;
    (*this)(q + h * Vec6::Unit(i), &ahead);
    (*this)(q - h * Vec6::Unit(i), &behind);
    H.col(i) = (ahead - behind) / (2.0 * h);
  }
  return 0.5 * (H + H.transpose());
}

double descend(const PoseDistance& f, const Vec6& lo, const Vec6& hi, Vec6* q) {
  constexpr int kSteps = 60;
  Vec6 gradient;
  double value = f(*q, &gradient), damping = 1e-6;
  for (int step = 0; step < kSteps && damping < 1e9; ++step) {
    Mat6 H = f.hessian(*q);
    Vec6 scale;  // what a unit of each joint moves: metres per rad, insertion 1
    const Mat6 J = jacobian(*q);
    for (int i = 0; i < kNumJoints; ++i) {
      scale[i] =
          J.col(i).head<3>().squaredNorm() + kRadian * kRadian * J.col(i).tail<3>().squaredNorm();
      const bool held =
          ((*q)[i] <= lo[i] && gradient[i] > 0.0) || ((*q)[i] >= hi[i] && gradient[i] < 0.0);
      if (!held) continue;
      H.row(i).setZero();  // a joint that is pushed against its limit does not take part
      H.col(i).setZero();
      H(i, i) = scale[i];
      gradient[i] = 0.0;
    }
    bool better = false;
    while (!better && damping < 1e9) {
      Mat6 damped = H;
      damped.diagonal() += damping * scale;
      const Eigen::LLT<Mat6> factor(damped);
      if (factor.info() == Eigen::Success) {
        const Vec6 next = (*q - factor.solve(gradient)).cwiseMax(lo).cwiseMin(hi);
        Vec6 next_gradient;
        const double next_value = f(next, &next_gradient);
        if (next_value < value) {
          const bool done = (next - *q).cwiseAbs().maxCoeff() < 1e-14;
          *q = next;
          value = next_value;
          gradient = next_gradient;
          if (done) return value;
          better = true;
        }
      }
      damping *= better ? 0.1 : 10.0;
    }
  }
  return value;
}
NearestPose nearest_pose(const Transform& T_base_cp, const Vec6& q_seed, const double* q_min,
                         const double* q_max) {
  Vec6 lo = Eigen::Map<const Vec6>(q_min), hi = Eigen::Map<const Vec6>(q_max);
  lo[2] = std::min(std::max(lo[2], kRcmClearance + kWristOffset), hi[2]);
  const IkResult forward = inverse_kinematics(T_base_cp, q_seed, lo.data(), hi.data());
  const Vec3& p = T_base_cp.p;
  const bool is_pose =
      p.squaredNorm() <= kMaxGoalDistance * kMaxGoalDistance && is_rotation(T_base_cp.R);
  if (forward.status == IkStatus::kOk || !is_pose || !(std::abs(q_seed.sum()) < 1e6)) {
    const Transform T = forward_kinematics(forward.q);
    return {forward.q, T,
            is_pose ? std::sqrt(2.0 * PoseDistance{T_base_cp}(forward.q, nullptr)) : std::nan(""),
            forward.status};
  }
  // Starts: both branches, the seed, and the shaft towards the goal with the wrist straight, with
  // the roll at four quarters.
  std::array<Vec6, 7> starts;
  starts[0] = forward.q;
  starts[1] = inverse_kinematics(T_base_cp, q_seed, lo.data(), hi.data(), IkBranch::kBackward).q;
  starts[2] = clamp_joints(q_seed, lo.data(), hi.data());
  const double level = std::sqrt(p.x() * p.x() + p.z() * p.z());
  for (int i = 0; i < 4; ++i) {
    Vec6 q;
    q << std::atan2(p.x(), -p.z()), std::atan2(-p.y(), level), p.norm() + kWristOffset,
        forward.q[3] + (i - 1.5) * 0.5 * kPi, 0.0, 0.0;
    q[3] = nearest_turn(q[3], q_seed[3], lo[3], hi[3]);
    starts[static_cast<std::size_t>(3 + i)] = clamp_joints(q, lo.data(), hi.data());
  }
  const PoseDistance f{T_base_cp};
  Vec6 best = starts[0];
  double least = HUGE_VAL;
  for (Vec6 q : starts) {
    const double value = descend(f, lo, hi, &q);
    if (value < least) {
      least = value;
      best = q;
    }
  }
  return {best, forward_kinematics(best), std::sqrt(2.0 * least), forward.status};
}

}  // namespace trocar::psm
