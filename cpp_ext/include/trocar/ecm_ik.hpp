// SPDX-License-Identifier: Apache-2.0
/// Closed-form inverse kinematics of the ECM, for straight and slanted scopes: no iteration, no
/// allocation, nothing throws.
///
/// Four joints reach a four-dimensional set of poses.  The camera lies on the shaft, which passes
/// through the RCM, so its position gives yaw, pitch and insertion; the roll is then the one that
/// comes nearest to the orientation.  What is left over tells whether the pose is reachable.
#pragma once

#include <cmath>

#include "trocar/ecm_models.hpp"
#include "trocar/ik.hpp"

namespace trocar::ecm {

using Vec4 = Eigen::Matrix<double, 4, 1>;  // yaw, pitch (rad), insertion (m), roll (rad)

/// q is always finite and inside the limits.  With kOutsideLimits it is the solution with each
/// joint clamped; with kOutOfReach, of a pose that four joints cannot hold, the camera's position
/// is right where the limits allow it and its orientation the nearest (least angle) at that
/// position; of input that is no pose, the seed.
struct IkResult {
  Vec4 q;
  psm::IkStatus status;
  double rotation_error;  // rad left between goal and joints before clamping; NaN: no pose
};

/// Nearer than this the controller refuses a goal (mtsIntuitiveResearchKit.h).
inline constexpr double kRcmRefusal = 0.001;  // m
/// A pose that is farther than this from the reachable ones is out of reach.
inline constexpr double kPoseTolerance = 1e-9;  // rad

/// Joints of q inside [lo, hi]; a NaN becomes the middle of the range.
inline Vec4 clamped(const Vec4& q, const Vec4& lo, const Vec4& hi) {
  Vec4 inside;
  for (int i = 0; i < 4; ++i) {
    inside[i] = std::isnan(q[i]) ? 0.5 * (lo[i] + hi[i]) : std::min(std::max(q[i], lo[i]), hi[i]);
  }
  return inside;
}

/// Joint ranges of the ECM Classic.
inline Vec4 q_min() { return {-1.5708, -0.76794, 0.0, -1.552}; }
inline Vec4 q_max() { return {1.5708, 1.1344, 0.255, 1.552}; }

/// Joints that put the camera at T_base_camera; the roll at the turn nearest the seed's.
inline IkResult inverse_kinematics(const Transform& T_base_camera, const Vec4& q_seed, Scope scope,
                                   const Vec4& lo = q_min(), const Vec4& hi = q_max(),
                                   double tolerance = kPoseTolerance) {
  const Vec3& p = T_base_camera.p;
  const double far = psm::kMaxGoalDistance;
  // Comparisons are written so that a NaN fails them.
  if (!(p.squaredNorm() <= far * far) || !is_rotation(T_base_camera.R) ||
      !(std::abs(q_seed.sum()) < 1e6)) {
    return {clamped(q_seed, lo, hi), psm::IkStatus::kOutOfReach, std::nan("")};
  }
  const double level = std::sqrt(p.x() * p.x() + p.z() * p.z());
  const double depth = p.norm();
  if (!(level > 1e-9)) {  // at the RCM, or pitch +-90 deg: yaw and roll are not defined
    const bool near = depth < kRcmRefusal;
    return {clamped(q_seed, lo, hi), near ? psm::IkStatus::kNearRcm : psm::IkStatus::kOutOfReach,
            std::nan("")};
  }
  Vec4 q;
  q[0] = std::atan2(p.x(), -p.z());
  q[1] = std::atan2(-p.y(), level);
  q[2] = depth - kTipOffset;

  // Frame of the insertion link: rows 1..3 are those of the PSM (kinematics.hpp).
  const double s1 = p.x() / level, c1 = -p.z() / level, s2 = -p.y() / depth, c2 = level / depth;
  Mat3 R_base_3;
  R_base_3.col(0) << -s1 * s2, -c2, c1 * s2;
  R_base_3.col(1) << -c1, 0.0, -s1;
  R_base_3.col(2) = p / depth;
  // What the roll should be: R_3_4 = R_base_3^T R_base_camera R_4_camera^T.  Of all turns about z,
  // atan2(R10 - R01, R00 + R11) maximises the trace of Rz^T R, i.e. leaves the least angle.
  Mat3 R_4_straight;
  R_4_straight << 0, 1, 0, -1, 0, 0, 0, 0, 1;
  const Mat3 R_4_camera = R_4_straight * dh_link(view_tilt(scope), 0.0).R;
  const Mat3 R_3_4 = R_base_3.transpose() * T_base_camera.R * R_4_camera.transpose();
  const double s = R_3_4(1, 0) - R_3_4(0, 1), c = R_3_4(0, 0) + R_3_4(1, 1);
  const double angle = s * s + c * c > 1e-18 ? std::atan2(s, c) : q_seed[3];  // looking backwards
  const double error = log_so3(dh_joint(angle, 0.0).R.transpose() * R_3_4).norm();
  q[3] = psm::nearest_turn(angle, q_seed[3], lo[3], hi[3]);

  const Vec4 inside = clamped(q, lo, hi);
  psm::IkStatus status = psm::IkStatus::kOk;
  if (!((q - inside).cwiseAbs().maxCoeff() <= psm::kLimitTolerance)) {
    status = psm::IkStatus::kOutsideLimits;
  }
  if (!(error <= tolerance)) status = psm::IkStatus::kOutOfReach;
  if (depth < kRcmRefusal) status = psm::IkStatus::kNearRcm;
  return {inside, status, error};
}

}  // namespace trocar::ecm
