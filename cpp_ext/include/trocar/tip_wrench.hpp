// SPDX-License-Identifier: Apache-2.0
/// Wrench at the control point from external joint effort: J^T w = tau_external.
///
/// The inverse exists away from the PSM's singular set (realtime reference, section 1): wrist at
/// the RCM, wrist pitch or outer pitch at +-90 deg.  Stated limit of validity: the wrist at least
/// 45 mm past the RCM (the dVRK's own rule) and |wrist pitch| <= 75 deg; there the smallest
/// singular value of J with lengths in units of 0.1 m is at least kSigmaMin (test_force_observer).
#pragma once

#include <Eigen/LU>
#include <cmath>

#include "trocar/kinematics.hpp"

namespace trocar {

/// What the surroundings exert on the arm at the control point, base axes: (force, torque) in N and
/// N m.  Not valid: the wrench is 0.
struct TipWrench {
  Vec6 wrench = Vec6::Zero();
  bool valid = false;
};

inline constexpr double kWrenchWristPitchMax = 75.0 * psm::kPi / 180.0;  // rad
inline constexpr double kWrenchSigmaMin = 0.115;

/// tau_external (6,) N m, insertion N, at joints q (6,).
inline TipWrench tip_wrench(const Vec6& q, const Vec6& tau_external) {
  TipWrench tip;
  // Written so that a NaN makes it false.
  if (!(q[2] - psm::kWristOffset >= psm::kRcmClearance) ||
      !(std::abs(q[4]) <= kWrenchWristPitchMax)) {
    return tip;
  }
  const Vec6 w = psm::jacobian(q).transpose().partialPivLu().solve(tau_external);
  if (!w.allFinite()) return tip;
  tip.wrench = w;
  tip.valid = true;
  return tip;
}

}  // namespace trocar
