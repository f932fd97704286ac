// SPDX-License-Identifier: Apache-2.0
/// One tick of the constraint stage.
#include "trocar/constraint_stage.hpp"

#include "trocar/axis_profile.hpp"
#include "trocar/joint_speed_bounds.hpp"
#include "trocar/reference_limits.hpp"

namespace trocar {

namespace {

constexpr double kMet = 1e-12;  // m/s

Vec6 joints(const std::array<AxisState, kNumAxes>& axes, double AxisState::* member) {
  Vec6 out;
  for (int i = 0; i < kNumJoints; ++i) out[i] = axes[i].*member;
  return out;
}

}  // namespace

ConstraintStage::ConstraintStage(const ArmConfig& config)
    : shaft_radius_(config.shaft_radius),
      line_velocity_(config.line_velocity),
      line_acceleration_(config.line_acceleration),
      turn_velocity_(config.turn_velocity),
      turn_acceleration_(config.turn_acceleration),
      rate_(config.approach_rate) {
  for (int i = 0; i < kNumJoints; ++i) {
    limits_[i] = motion_limits(config, i);
    speed_[i] = config.velocity_max[i];
    acceleration_[i] = config.acceleration_max[i];
  }
  problem_.speed = speed_;
}

void ConstraintStage::set(const FixtureSet& set) {
  set_ = set;
  has_regions_ = false;
  for (int k = 0; k < set_.count; ++k) has_regions_ |= !set_.fixtures[k].is_guide();
  warm_ = 0;
}

bool ConstraintStage::guide(std::int64_t now_ns, Vec3* position, Vec3* velocity) const {
  double moved = 0.0;
  for (int k = 0; k < set_.count; ++k) {
    moved += trocar::guide(set_.fixtures[k], now_ns, position, velocity);
  }
  return moved > 1e-6;
}

/// Whether joint speeds qd break a row.
bool ConstraintStage::breaks(int row, const Vec6& qd) const {
  return !(problem_.A.row(row).dot(qd.transpose()) >= problem_.b[row] - kMet);
}

ConstraintReport ConstraintStage::apply(const std::array<AxisState, kNumAxes>& before,
                                        const Vec6& goal, std::array<AxisState, kNumAxes>* after,
                                        std::int64_t now_ns, Retreat retreat) {
  ConstraintReport report;
  if (!has_regions_) return report;
  const Vec6 q = joints(before, &AxisState::q), wanted = joints(*after, &AxisState::q);
  if (!q.allFinite() || !wanted.allFinite()) return report;  // the safety unit's, last in the tick
  const Instrument arm(q);
  const Vec6 qd = (wanted - q) / kTickS;
  retreat_ = retreat;
  problem_.rows = 0;
  for (int k = 0; k < set_.count; ++k) {
    if (!set_.fixtures[k].is_guide()) {
      add_region(set_.fixtures[k], arm, qd, now_ns, k, &report);
    }
  }
  bool met = true;
  for (int r = 0; r < problem_.rows; ++r) met = met && !breaks(r, qd);
  if (!met) bend(before, goal, after, arm, qd, &report);
  report.distance = distance(joints(*after, &AxisState::q), now_ns, &report.index);
  return report;
}

/// What is left of the way to the goal without what leads into the regions that are in it.
Vec3 ConstraintStage::free_part(const Vec3& error, const Vec6& qd) const {
  constexpr int kPasses = 4;  // where normals are not at right angles, one spoils the other
  Vec3 left = error;
  for (int pass = 0; pass < kPasses; ++pass) {
    for (int r = 0; r < problem_.rows; ++r) {
      if (breaks(r, qd)) left -= std::min(0.0, contacts_[r].n.dot(left)) * contacts_[r].n;
    }
  }
  return left;
}

/// The twist towards the goal's pose, straight there, slowing down in time.  Along a region and
/// into it are two distances: a goal far behind a wall must not slow the way along it.
Vec6 ConstraintStage::toward(const Vec6& goal, const Instrument& arm, const Vec6& qd) const {
  const Transform T = psm::tool_frame(arm.axes), T_goal = psm::forward_kinematics(goal);
  const Vec6 now = problem_.J * qd;
  const auto speed_to = [&](const Vec3& error, double speed, double v_max, double a) -> Vec3 {
    const double distance = error.norm();
    if (!(distance > 1e-12)) return Vec3::Zero();
    const double wanted = approach(distance, a, 100.0 * a, rate_).speed;
    return std::min(wanted, std::max(v_max, speed)) / distance * error;
  };
  const Vec3 error = T_goal.p - T.p, along = free_part(error, qd);
  const double speed = now.head<3>().norm();
  Vec6 twist;
  twist << speed_to(along, speed, line_velocity_, line_acceleration_) +
               speed_to(error - along, speed, line_velocity_, line_acceleration_),
      speed_to(log_so3(T_goal.R * T.R.transpose()), now.tail<3>().norm(), turn_velocity_,
               turn_acceleration_);
  return twist;
}

void ConstraintStage::bend(const std::array<AxisState, kNumAxes>& before, const Vec6& goal,
                           std::array<AxisState, kNumAxes>* after, const Instrument& arm,
                           const Vec6& qd, ConstraintReport* report) {
  problem_.J = psm::jacobian(arm.axes);
  problem_.twist = toward(goal, arm, qd);
  problem_.qd_near = qd;
  for (int i = 0; i < kNumJoints; ++i) {
    AxisLimits l = limits_[i];
    const double clear = psm::kRcmClearance + psm::kWristOffset;
    if (i == 2 && before[i].q >= clear - 1e-9) l.q_min = clear;  // the 45 mm rule
    const SpeedBounds bounds = joint_speed_bounds(before[i], l);
    // The reference's own step is allowed in any case: a stop brakes harder than a motion.
    problem_.lower[i] = std::min(bounds.lower, qd[i]);
    problem_.upper[i] = std::max(bounds.upper, qd[i]);
    if (retreat_ == Retreat::kNone) {  // a stop: no joint speeds up to get round a region
      problem_.lower[i] = std::max(problem_.lower[i], std::min({0.0, before[i].v, qd[i]}));
      problem_.upper[i] = std::min(problem_.upper[i], std::max({0.0, before[i].v, qd[i]}));
    }
  }
  const DiffIkResult<kNumJoints> solved = ik_.solve(problem_, warm_);
  warm_ = solved.active;
  report->bent = 1;
  report->yielding = static_cast<std::int32_t>(solved.yielding);
  report->qp_status = solved.status;
  report->qp_iterations = solved.iterations;
  for (int i = 0; i < kNumJoints; ++i) {
    const double v = solved.qd[i];
    if (std::abs(v - qd[i]) <= kMet) continue;  // this joint goes its way
    const double a = (v - before[i].v) / kTickS;
    (*after)[i] = {before[i].q + kTickS * v, v, std::clamp(a, -limits_[i].a_max, limits_[i].a_max)};
  }
}

}  // namespace trocar
