// SPDX-License-Identifier: Apache-2.0
/// Closed-form inverse kinematics of the PSM: no iteration, no allocation, nothing throws.
///
/// The wrist is not spherical (9.1 mm between its axes), but the RCM, the wrist-pitch axis point
/// o5, the wrist-yaw axis point o6 and the direction z6 of that axis lie in one plane: the shaft
/// passes through the RCM, and the pitch axis is normal to both shaft and z6.  Hence
///   x5 = +-unit(o6 - (o6.z6) z6),  o5 = o6 - 0.0091 x5,  z5 = x5 x z6,
/// insertion and the first two angles from o5, the last three from dot products.  The sign is the
/// branch.  (Two more solutions of each have the arm's pitch beyond 90 deg or the shaft pushed
/// backwards through the RCM; no PSM can hold them.)
/// Singular: o5 at the RCM; z6 through the RCM (wrist pitch near +-90 deg, outside the limits).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "trocar/psm_model.hpp"
#include "trocar/se3.hpp"

namespace trocar::psm {

enum class IkStatus : std::uint8_t {
  kOk = 0,
  kOutOfReach = 1,  // non-finite or absurd input, not a rotation, or z6 through the RCM: q = seed
  kNearRcm = 2,     // wrist-pitch axis closer than 45 mm to the RCM: q = clamped solution or seed
  kOutsideLimits = 3,  // q = the solution, each joint clamped into its range: the nearest feasible
                       // joints, whatever the weights of the joints (nearest_pose.hpp: the pose)
};

/// Which way the wrist bends to the same pose.
enum class IkBranch : std::uint8_t {
  kForward = 0,   // |wrist pitch| < 90 deg: the only one inside the limits of the models here
  kBackward = 1,  // |wrist pitch| > 90 deg
};

/// q (6,) is always finite and inside the limits, whatever the status.
struct IkResult {
  Vec6 q;
  IkStatus status;
};

inline constexpr double kMaxGoalDistance =
    100.0;  // m; beyond it a goal is a mistake, and squares stay finite
inline constexpr double kLimitTolerance = 1e-12;  // rad, m: rounding at a limit is not a breach
inline constexpr double kTwoPi = 2.0 * kPi;

/// The turn of `angle` nearest to `near`; where that is outside [lo, hi], the turn next to it if
/// that is inside, or less far outside.
inline double nearest_turn(double angle, double near, double lo, double hi) {
  near = std::min(std::max(near, lo), hi);  // a seed outside must not choose a turn outside
  const double turned = angle + kTwoPi * std::nearbyint((near - angle) * (1.0 / kTwoPi));
  const double above = turned - hi, below = lo - turned;
  // Rounding at a limit must not turn the shaft once around: hence the tolerance.
  if (above > kLimitTolerance && below + kTwoPi < above) return turned - kTwoPi;
  if (below > kLimitTolerance && above + kTwoPi < below) return turned + kTwoPi;
  return turned;
}

/// Joints of q inside [q_min, q_max]; a NaN becomes the middle of the range.
inline Vec6 clamp_joints(const Vec6& q, const double* q_min, const double* q_max) {
  Vec6 clamped;
  for (int i = 0; i < kNumJoints; ++i) {
    clamped[i] = std::isnan(q[i]) ? 0.5 * (q_min[i] + q_max[i])
                                  : std::min(std::max(q[i], q_min[i]), q_max[i]);
  }
  return clamped;
}

/// Joints that put the control point at T_base_cp, the roll at the turn nearest the seed's.
///
/// q_min, q_max: at least 6 values each; the ranges of the PSM Classic where left out (the PSM Si
/// has the same equations with its own ranges, psm_models.hpp).
inline IkResult inverse_kinematics(const Transform& T_base_cp, const Vec6& q_seed,
                                   const double* q_min = kQMin.data(),
                                   const double* q_max = kQMax.data(),
                                   IkBranch branch = IkBranch::kForward) {
  const Vec3& o6 = T_base_cp.p;
  const double seed_sum = q_seed.sum();
  // Comparisons are written so that a NaN fails them.
  if (!(o6.squaredNorm() <= kMaxGoalDistance * kMaxGoalDistance) || !is_rotation(T_base_cp.R) ||
      !(std::abs(seed_sum) < 1e6)) {
    return {clamp_joints(q_seed, q_min, q_max), IkStatus::kOutOfReach};
  }
  const Vec3 z6 = -T_base_cp.R.col(0);
  const Vec3 x6 = -T_base_cp.R.col(1);
  const Vec3 offset = o6 - o6.dot(z6) * z6;  // from the yaw axis' foot point to o6
  const double distance = offset.norm();
  if (!(distance > 1e-9)) {
    const bool near = o6.squaredNorm() < kRcmClearance * kRcmClearance;
    return {clamp_joints(q_seed, q_min, q_max), near ? IkStatus::kNearRcm : IkStatus::kOutOfReach};
  }
  const Vec3 x5 = offset / (branch == IkBranch::kForward ? distance : -distance);
  const Vec3 o5 = o6 - kWristLength * x5;
  const double level = std::sqrt(o5.x() * o5.x() + o5.z() * o5.z());
  const double depth = std::sqrt(level * level + o5.y() * o5.y());
  if (!(level > 1e-9)) {  // at the RCM, or pitch +-90 deg: yaw and roll are not defined
    const bool near = depth < kRcmClearance;
    return {clamp_joints(q_seed, q_min, q_max), near ? IkStatus::kNearRcm : IkStatus::kOutOfReach};
  }
  const double inverse_level = 1.0 / level, inverse_depth = 1.0 / depth;
  const double s1 = o5.x() * inverse_level, c1 = -o5.z() * inverse_level;
  const double s2 = -o5.y() * inverse_depth, c2 = level * inverse_depth;
  const Vec3 z3 = o5 * inverse_depth;
  const Vec3 z5 = x5.cross(z6);

  Vec6 q;
  q[0] = std::atan2(o5.x(), -o5.z());
  q[1] = std::atan2(-o5.y(), level);
  q[2] = depth + kWristOffset;
  const double sin_roll = s1 * s2 * z5.x() + c2 * z5.y() - c1 * s2 * z5.z();  // -z5.x3
  const double cos_roll = -c1 * z5.x() - s1 * z5.z();                         // z5.y3
  q[3] = nearest_turn(std::atan2(sin_roll, cos_roll), q_seed[3], q_min[3], q_max[3]);
  q[4] = std::atan2(-z6.dot(z3), x5.dot(z3));
  q[5] = std::atan2(x6.dot(x5), x6.dot(z5));

  bool inside = true;
  IkResult result;
  for (int i = 0; i < kNumJoints; ++i) {
    const double clamped = std::min(std::max(q[i], q_min[i]), q_max[i]);
    inside = inside && std::abs(q[i] - clamped) <= kLimitTolerance;
    result.q[i] = clamped;
  }
  result.status = depth < kRcmClearance - kLimitTolerance ? IkStatus::kNearRcm
                  : inside                                ? IkStatus::kOk
                                                          : IkStatus::kOutsideLimits;
  return result;
}

}  // namespace trocar::psm
