// SPDX-License-Identifier: Apache-2.0
/// The feasible pose nearest to one that the PSM cannot hold.
///
/// Feasible: every joint inside its range and the wrist-pitch axis at least 45 mm past the RCM.
/// Near, in metres: d^2 = |dp|^2 + (l theta)^2, dp between the control points, theta the angle
/// between the orientations, l = 10.2 mm from control point to jaw tip; so a radian counts as much
/// as it can move the jaw tip.  (`inverse_kinematics` answers in another metric, at once: its
/// clamped joints are the nearest *joints*.)
///
/// Projected Newton on the joints (Bertsekas, SIAM J. Control Optim. 20 (1982) 221) with
/// Levenberg's damping, from several starts; every step count has a cap, nothing is allocated.
/// Up to about a millisecond: for planning and for showing why, not for the tick.
#pragma once

#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

namespace trocar::psm {

inline constexpr double kRadian = kJawTipOffset;  // m that a radian counts in the metric

struct NearestPose {
  Vec6 q;               // feasible
  Transform T_base_cp;  // what q reaches
  double distance;      // m in the metric above; NaN where the goal is no pose
  IkStatus status;      // of the goal itself; kOk: it is feasible, and reached
};

/// The goal as a function of the joints: f = d^2 / 2 and its gradient.
struct PoseDistance {
  Transform goal;

  /// `gradient` may be null.
  double operator()(const Vec6& q, Vec6* gradient) const;

  /// By central differences of the gradient, symmetric.
  Mat6 hessian(const Vec6& q) const;
};

/// Descends from q to a minimum of `f` in the box [lo, hi]; returns f there.
double descend(const PoseDistance& f, const Vec6& lo, const Vec6& hi, Vec6* q);

/// The feasible pose nearest to T_base_cp; ranges as in `inverse_kinematics`.
NearestPose nearest_pose(const Transform& T_base_cp, const Vec6& q_seed,
                         const double* q_min = kQMin.data(), const double* q_max = kQMax.data());

}  // namespace trocar::psm
