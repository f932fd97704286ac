// SPDX-License-Identifier: Apache-2.0
/// Promises about every case: the inverse kinematics of each pose, the limits of each sample.
#include "campaign.hpp"
#include "trocar/ik_campaign.hpp"
#include "trocar/trajectory_campaign.hpp"

namespace bench {

void ik_campaign(const Task& task) {
  const double n = static_cast<double>(task.count);
  const psm::IkCampaign far = psm::ik_campaign(task.count, task.seed, false);
  print_figure("ik", "found", static_cast<double>(far.right) / n, n);
  print_figure("ik", "position_error_m", far.max_position_error, n);
  print_figure("ik", "rotation_error_rad", far.max_rotation_error, n);
  const psm::IkCampaign near = psm::ik_campaign(task.count, task.seed + 1, true);
  print_figure("ik", "near_rcm_named", static_cast<double>(near.right) / n, n);
}

void trajectory_campaign(const Task& task) {
  const TrajectoryReport r = TrajectoryCampaign(task.seed).run(task.count);
  const double n = static_cast<double>(r.samples);
  print_figure("trajectory", "retargets", static_cast<double>(r.retargets), n);
  print_figure("trajectory", "violations", static_cast<double>(r.violations), n);
  print_figure("trajectory", "velocity_share", r.velocity, n);
  print_figure("trajectory", "acceleration_share", r.acceleration, n);
  print_figure("trajectory", "jerk_share", r.jerk, n);
  print_figure("trajectory", "beyond_range", r.beyond_range, n);
}

}  // namespace bench
