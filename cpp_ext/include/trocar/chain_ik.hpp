// SPDX-License-Identifier: Apache-2.0
/// Inverse kinematics of a Chain by damped least squares, for arms without a closed form.
///
///   dq = J^T (J J^T + lambda^2 I)^-1 e,  lambda^2 = lambda_max^2 (1 - (sigma_min / epsilon)^2)
/// below sigma_min = epsilon (Nakamura & Hanafusa 1986; Chiaverini 1997), lambda_max no more than
/// what is left of e, plus Levenberg's
/// damping where a step did not bring the tip nearer (Sugihara, T-RO 27 (2011) 984).  Angles count
/// as `length` metres a radian, so that J has one unit.  A joint that is pushed against its stop
/// leaves the step.  Iterations and restarts have caps; nothing is allocated, nothing throws.
#pragma once

#include <Eigen/Eigenvalues>

#include "trocar/chain_kinematics.hpp"

namespace trocar {

enum class ChainIkStatus : std::uint8_t {
  kOk = 0,
  kInvalid = 1,       // goal, seed, options or chain cannot be used; q = the clamped seed
  kOutOfReach = 2,    // stalled with no joint at a stop; q = the nearest found
  kAtLimits = 3,      // stalled with a joint at its stop; q = the nearest found
  kIterationCap = 4,  // still getting nearer; q = the nearest found
};

struct ChainIkOptions {
  double position_tolerance = 1e-10;  // m
  double rotation_tolerance = 1e-10;  // rad
  double length = 0.1;                // m a radian counts
  double sigma_threshold = 0.01;      // m: epsilon, below which a direction is damped
  double damping_max = 0.02;          // m: lambda_max
  int iterations = 100;               // of each start, at most kChainIkIterations
  int restarts = 8;                   // starts after the seed, at most kChainIkRestarts
};
inline constexpr int kChainIkIterations = 10'000, kChainIkRestarts = 1'000;

struct ChainIkResult {
  ChainVec q;  // finite and inside the limits
  ChainIkStatus status;
  double position_error, rotation_error;  // m, rad, between the goal and q; NaN where kInvalid
  int iterations;                         // of all starts together
};

namespace chain_ik {

/// What is left between the goal and joints q, angles scaled to metres.
struct Error {
  Vec6 e;
  ChainFrames frames;

  Error(const Chain& chain, const ChainVec& q, const Transform& goal, double length)
      : frames(chain_frames(chain, q)) {
    e << goal.p - frames.T_base_tip.p, length * log_so3(goal.R * frames.T_base_tip.R.transpose());
  }
};

/// Columns of J, angles scaled, without the joints that the gradient J^T e pushes onto a stop.
inline ChainJacobian free_columns(const Chain& chain, const ChainVec& q, const Error& error,
                                  double length, bool* held) {
  ChainJacobian J = chain_jacobian(chain, error.frames);
  J.bottomRows<3>() *= length;
  *held = false;
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    const double pull = J.col(i).dot(error.e);
    if ((q[i] <= joint.q_min && pull < 0.0) || (q[i] >= joint.q_max && pull > 0.0)) {
      J.col(i).setZero();
      *held = true;
    }
  }
  return J;
}

/// The damped step for `extra` of Levenberg's damping.  JJ^T = V S^2 V^T gives sigma_min exactly
/// and leaves out the directions in which the arm cannot move at all.
inline ChainVec damped_step(const ChainJacobian& J, const Vec6& e, int size, double extra,
                            const ChainIkOptions& options) {
  const Eigen::SelfAdjointEigenSolver<Mat6> eigen(J * J.transpose());
  const Vec6 squares = eigen.eigenvalues().cwiseMax(0.0);  // ascending
  const double ratio = std::sqrt(squares[std::max(0, 6 - size)]) / options.sigma_threshold;
  const double lambda = std::min(options.damping_max, e.norm());  // none is left at the solution
  const double damping = ratio < 1.0 ? lambda * lambda * (1.0 - ratio * ratio) : 0.0;
  Vec6 y = eigen.eigenvectors().transpose() * e;
  for (int i = 0; i < 6; ++i) {
    const bool movable = squares[i] > 1e-14 * squares[5];
    y[i] = movable ? y[i] / (squares[i] + damping + extra) : 0.0;
  }
  return J.transpose() * (eigen.eigenvectors() * y);
}

/// One descent from q; leaves the nearest joints in q.
inline ChainIkStatus descend(const Chain& chain, const Transform& goal,
                             const ChainIkOptions& options, ChainVec* q, int* iterations) {
  constexpr double kNoProgress = 1e8;  // damping at which a step is rounding
  Error error(chain, *q, goal, options.length);
  double extra = 0.0;
  for (int step = 0; step < options.iterations; ++step, ++*iterations) {
    if (!error.e.allFinite()) return ChainIkStatus::kInvalid;
    if (error.e.head<3>().norm() <= options.position_tolerance &&
        error.e.tail<3>().norm() <= options.rotation_tolerance * options.length) {
      return ChainIkStatus::kOk;
    }
    bool held;
    const ChainJacobian J = free_columns(chain, *q, error, options.length, &held);
    const ChainIkStatus stuck = held ? ChainIkStatus::kAtLimits : ChainIkStatus::kOutOfReach;
    // A minimum that is no solution: no joint that is free brings the tip nearer.
    if ((J.transpose() * error.e).norm() <= 1e-8 * J.norm() * error.e.norm()) return stuck;
    ChainVec dq = damped_step(J, error.e, chain.size, extra, options);
    const double largest = dq.cwiseAbs().maxCoeff();
    if (largest > 1.0) dq /= largest;  // a radian or a metre: the linear model ends long before
    const ChainVec next = clamp_joints(chain, *q + dq);
    const Error next_error(chain, next, goal, options.length);
    const double before = error.e.squaredNorm(), after = next_error.e.squaredNorm();
    if (after < before) {
      const double promised = 2.0 * dq.dot(J.transpose() * error.e) - (J * dq).squaredNorm();
      const double kept = (before - after) / promised;
      *q = next;
      error = next_error;
      if (kept > 0.75) extra = extra < 1e-7 ? 0.0 : 0.1 * extra;
      if (kept < 0.25) extra = std::max(4.0 * extra, 1e-6);
    } else {
      extra = std::max(10.0 * extra, 1e-6);
      if (extra > kNoProgress) return stuck;
    }
  }
  return ChainIkStatus::kIterationCap;
}

/// Start k of a sequence that fills the joint ranges evenly (Kronecker, the plastic numbers'
/// generalisation by Roberts 2018); a joint without stops within half a turn or half a metre.
inline ChainVec start(const Chain& chain, int k) {
  ChainVec q = ChainVec::Zero();
  double root = 2.0;  // root of x^(d+1) = x + 1, d = kMaxJoints
  for (int i = 0; i < 30; ++i) root = std::pow(1.0 + root, 1.0 / (kMaxJoints + 1));
  for (int i = 0; i < chain.size; ++i) {
    const ChainJoint& joint = chain.joints[static_cast<std::size_t>(i)];
    const double half = joint.type == JointType::kPrismatic ? 0.5 : 3.14159265358979323846;
    const double lo = std::isfinite(joint.q_min) ? joint.q_min : std::min(-half, joint.q_max);
    const double hi = std::isfinite(joint.q_max) ? joint.q_max : std::max(half, joint.q_min);
    const double u = 0.5 + k * std::pow(root, -(i + 1));
    q[i] = lo + (hi - lo) * (u - std::floor(u));
  }
  return q;
}

}  // namespace chain_ik

/// Joints that put the tip at T_base_tip, from q_seed and then from `restarts` other places.
inline ChainIkResult chain_ik_solve(const Chain& chain, const Transform& T_base_tip,
                                    const ChainVec& q_seed, ChainIkOptions options = {}) {
  const double nan = std::nan("");
  ChainVec q = clamp_joints(chain, q_seed);
  options.iterations = std::min(options.iterations, kChainIkIterations);
  options.restarts = std::min(options.restarts, kChainIkRestarts);
  // Comparisons are written so that a NaN fails them.
  const bool usable =
      is_valid(chain) && T_base_tip.p.cwiseAbs().maxCoeff() <= 1e3 && T_base_tip.p.allFinite() &&
      is_rotation(T_base_tip.R) && q_seed.head(joint_count(chain)).cwiseAbs().sum() < 1e6 &&
      options.position_tolerance >= 0.0 && options.rotation_tolerance >= 0.0 &&
      options.length > 0.0 && options.sigma_threshold > 0.0 && options.damping_max >= 0.0 &&
      options.length < 1e3 && options.damping_max < 1e3;
  ChainIkResult best = {q, ChainIkStatus::kInvalid, nan, nan, 0};
  if (!usable) return best;
  double least = HUGE_VAL;
  for (int k = 0; k <= std::max(0, options.restarts); ++k) {
    if (k > 0) q = chain_ik::start(chain, k);
    const ChainIkStatus status =
        chain_ik::descend(chain, T_base_tip, options, &q, &best.iterations);
    const Vec6 e = chain_ik::Error(chain, q, T_base_tip, options.length).e;
    if (e.norm() < least) {  // false for NaN
      least = e.norm();
      best.q = q;
      best.status = status;
      best.position_error = e.head<3>().norm();
      best.rotation_error = e.tail<3>().norm() / options.length;
    }
    if (status == ChainIkStatus::kOk) break;
  }
  return best;
}

}  // namespace trocar
