// SPDX-License-Identifier: Apache-2.0
/// Proof of the PSM's inverse kinematics by numbers: many random poses inside the joint limits.
#pragma once

#include <random>

#include "trocar/ik.hpp"
#include "trocar/kinematics.hpp"

namespace trocar::psm {

struct IkCampaign {
  std::int64_t poses = 0;
  std::int64_t right = 0;           // named rightly: kOk past the 45 mm, kNearRcm before them
  double max_position_error = 0.0;  // m, of the poses found
  double max_rotation_error = 0.0;  // rad
};

/// `poses` joint vectors, uniform inside the limits, wrist-pitch axis at least 45 mm past the RCM,
/// or, with `near_rcm`, nearer than that; each pose is asked for from a random seed.
inline IkCampaign ik_campaign(std::int64_t poses, std::uint64_t seed, bool near_rcm) {
  std::mt19937_64 random(seed);
  const double border = kRcmClearance + kWristOffset;
  const auto joints = [&](double insertion_min, double insertion_max) {
    Vec6 q;
    for (int i = 0; i < kNumJoints; ++i) {
      const auto n = static_cast<std::size_t>(i);
      const double lo = i == 2 ? insertion_min : kQMin[n], hi = i == 2 ? insertion_max : kQMax[n];
      q[i] = lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1.0p-53;  // uniform [lo, hi)
    }
    return q;
  };
  IkCampaign campaign;
  campaign.poses = poses;
  for (std::int64_t n = 0; n < poses; ++n) {
    // 1e-9 m: so that rounding does not decide on which side of the border a pose is.
    const Vec6 q = near_rcm ? joints(kQMin[2], border - 1e-9) : joints(border + 1e-9, kQMax[2]);
    const Transform goal = forward_kinematics(q);
    const IkResult found = inverse_kinematics(goal, joints(kQMin[2], kQMax[2]));
    campaign.right += found.status == (near_rcm ? IkStatus::kNearRcm : IkStatus::kOk);
    if (found.status != IkStatus::kOk) continue;
    const Transform reached = forward_kinematics(found.q);
    const double dp = (reached.p - goal.p).norm();
    const double angle = log_so3(goal.R.transpose() * reached.R).norm();
    campaign.max_position_error = std::max(campaign.max_position_error, dp);
    campaign.max_rotation_error = std::max(campaign.max_rotation_error, angle);
  }
  return campaign;
}

}  // namespace trocar::psm
