// SPDX-License-Identifier: Apache-2.0
/// Commands of the reference: what is accepted, altered or refused.
#include "trocar/reference.hpp"

#include "trocar/elapsed.hpp"
#include "trocar/kinematics.hpp"

namespace trocar {

namespace {

constexpr double kReachTime =
    0.1;  // s; a set-point farther than full speed covers in it is altered

double age_s(std::int64_t now_ns, std::int64_t then_ns) {
  return std::max(0.0, elapsed_s(now_ns, then_ns));
}

Transform pose_of(const MotionCommand& c) {
  Transform T;
  T.p = Eigen::Map<const Vec3>(c.position.data());
  T.R = Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data());
  return T;
}

std::array<double, kNumJoints> to_array(const Vec6& v) {
  std::array<double, kNumJoints> a;
  Eigen::Map<Vec6>(a.data()) = v;
  return a;
}

}  // namespace

Reference::Reference(const ArmConfig& config) : config_(config) {
  for (int i = 0; i < kNumAxes; ++i) {
    range_.q_min[i] = config.q_min[i];
    range_.q_max[i] = config.q_max[i];
    limits_[i] = motion_limits(config, i);
    stop_limits_[i] = stop_limits(config, i);
  }
  // Goals obey the 45 mm rule; the axis limits do not, so that an arm inside it can move out.
  range_.q_min[2] = std::max(range_.q_min[2], psm::kRcmClearance + psm::kWristOffset);
  reset(Vec7::Zero());
}

void Reference::reset(const Vec7& q) {
  for (int i = 0; i < kNumAxes; ++i) axes_[i] = {q[i], 0.0, 0.0};
  goal_ = q.head<kNumJoints>();
  jaw_goal_ = q[kNumJoints];
  mode_ = Mode::kHold;
  jaw_mode_ = JawMode::kHold;
  source_ = jaw_source_ = Source::kNone;
  busy_ = jaw_busy_ = stale_ = false;
}

void Reference::restart(const Vec7& q, const Vec7& qd) {
  reset(q);
  for (int i = 0; i < kNumAxes; ++i) {
    axes_[i].v = std::clamp(qd[i], -limits_[i].v_max, limits_[i].v_max);
  }
}

Outcome Reference::command(const MotionCommand& c, std::int64_t now_ns) {
  Outcome outcome;
  switch (c.kind) {
    case MotionKind::kHold:
      hold();
      return outcome;
    case MotionKind::kServoJp:
    case MotionKind::kServoCp: {
      const Source before = source_;
      source_ = c.source;
      const double allowed = horizon().hold_s;
      if (c.stamp_ns != 0 && age_s(now_ns, c.stamp_ns) > allowed) {
        source_ = before;
        return {Verdict::kRefused, Reason::kStale};
      }
      outcome = c.kind == MotionKind::kServoJp ? servo_jp(c, now_ns) : servo_cp(c, now_ns);
      if (outcome.verdict == Verdict::kRefused) source_ = before;
      return outcome;
    }
    case MotionKind::kMoveJp: {
      Vec6 goal = Eigen::Map<const Vec6>(c.joints.data());
      outcome = move_jp(goal, limit_goal(&goal));
      break;
    }
    case MotionKind::kMoveCp: {
      const psm::IkResult ik =
          psm::inverse_kinematics(pose_of(c), q(), range_.q_min.data(), range_.q_max.data());
      const Reason reason = reason_of(ik.status);
      if (reason == Reason::kOutOfReach) return {Verdict::kRefused, reason};
      const bool clamped = reason != Reason::kNone;
      const Transform goal = clamped ? psm::forward_kinematics(ik.q) : pose_of(c);
      outcome = move_cp(goal, {clamped ? Verdict::kAltered : Verdict::kAccepted, reason});
      break;
    }
  }
  if (outcome.verdict != Verdict::kRefused) source_ = c.source;
  return outcome;
}

Outcome Reference::limit_goal(Vec6* goal) const {
  Outcome outcome;
  for (int i = 0; i < kNumJoints; ++i) {
    const double clamped = std::clamp((*goal)[i], range_.q_min[i], range_.q_max[i]);
    if (clamped == (*goal)[i]) continue;
    const bool near_rcm = i == 2 && (*goal)[i] < clamped && range_.q_min[i] > config_.q_min[i];
    outcome = {Verdict::kAltered, near_rcm ? Reason::kNearRcm : Reason::kJointLimit};
    (*goal)[i] = clamped;
  }
  return outcome;
}

Outcome Reference::check_distance(const Vec6& goal, const Vec6& velocity, Outcome outcome) const {
  if (outcome.verdict != Verdict::kAccepted) return outcome;
  for (int i = 0; i < kNumJoints; ++i) {
    if (std::abs(goal[i] - axes_[i].q) > limits_[i].v_max * kReachTime ||
        std::abs(velocity[i]) > limits_[i].v_max) {
      return {Verdict::kAltered, Reason::kVelocityLimit};
    }
  }
  return outcome;
}

void Reference::begin_servo(const MotionCommand& c, const Vec6& goal, Mode mode,
                            std::int64_t now_ns) {
  const bool streaming = mode_ == Mode::kStream || mode_ == Mode::kJoints || mode_ == Mode::kPose;
  if (!streaming) stream_.reset(to_array(q()));
  if (mode == Mode::kStream && mode_ != mode) stream_.set_target(to_array(q()));
  stream_.push(to_array(goal), now_ns);
  goal_ = goal;
  velocity_ = Eigen::Map<const Vec6>(c.velocity.data());
  mode_ = mode;
  if (!streaming) target_v_ = target_a_ = Vec6::Zero();
  arrival_ns_ = now_ns;
  stamp_ns_ = c.stamp_ns != 0 ? std::min(c.stamp_ns, now_ns) : now_ns;
  busy_ = stale_ = false;
}

Outcome Reference::servo_jp(const MotionCommand& c, std::int64_t now_ns) {
  Vec6 goal = Eigen::Map<const Vec6>(c.joints.data());
  const Vec6 velocity = Eigen::Map<const Vec6>(c.velocity.data());
  const Outcome outcome = check_distance(goal, velocity, limit_goal(&goal));
  begin_servo(c, goal, c.has_velocity ? Mode::kJoints : Mode::kStream, now_ns);
  return outcome;
}

Outcome Reference::servo_cp(const MotionCommand& c, std::int64_t now_ns) {
  const Transform pose = pose_of(c);
  const psm::IkResult ik =
      psm::inverse_kinematics(pose, q(), range_.q_min.data(), range_.q_max.data());
  const Reason reason = reason_of(ik.status);
  if (reason == Reason::kOutOfReach) return {Verdict::kRefused, reason};
  Outcome outcome{reason == Reason::kNone ? Verdict::kAccepted : Verdict::kAltered, reason};
  outcome = check_distance(ik.q, Vec6::Zero(), outcome);
  pose_.set(pose, Eigen::Map<const Vec6>(c.velocity.data()));
  begin_servo(c, ik.q, c.has_velocity ? Mode::kPose : Mode::kStream, now_ns);
  return outcome;
}

void Reference::begin_move(const Vec6& goal) {
  goal_ = goal;
  move_.plan(axes_, goal, all_limits(), config_.move_acceleration_share);
  mode_ = Mode::kMove;
}

Outcome Reference::move_jp(const Vec6& goal, Outcome outcome) {
  begin_move(goal);
  busy_ = true;
  stale_ = false;
  return outcome;
}

Outcome Reference::move_cp(const Transform& goal, Outcome outcome) {
  const Reason reason = line_.plan(axes_, goal, config_, range_);
  if (reason != Reason::kNone) {  // what is wrong with the goal says more than the way there
    return {Verdict::kRefused, outcome.reason != Reason::kNone ? outcome.reason : reason};
  }
  goal_ = line_.end_q();
  mode_ = Mode::kLine;
  busy_ = true;
  stale_ = false;
  return outcome;
}

void Reference::begin_jaw_move(double goal) {
  jaw_goal_ = goal;
  jaw_move_ = GuardedMove(axes_[kNumJoints], goal, limits_[kNumJoints]);
  jaw_mode_ = JawMode::kMove;
}

Outcome Reference::jaw(const JawCommand& c, std::int64_t now_ns) {
  const AxisLimits& limits = limits_[kNumJoints];
  const double goal = std::clamp(c.angle, limits.q_min, limits.q_max);
  if (c.is_move) {
    begin_jaw_move(goal);
    jaw_busy_ = true;
  } else {
    if (jaw_mode_ != JawMode::kStream) jaw_stream_.reset({axes_[kNumJoints].q});
    jaw_stream_.push({goal}, now_ns);
    jaw_mode_ = JawMode::kStream;
    jaw_busy_ = false;
  }
  jaw_goal_ = goal;
  jaw_source_ = c.source;
  jaw_arrival_ns_ = now_ns;
  if (goal != c.angle) return {Verdict::kAltered, Reason::kJointLimit};
  return {};
}

void Reference::home() {
  Vec6 goal = config_.home_q.head<kNumJoints>();
  limit_goal(&goal);
  move_jp(goal, {});
  begin_jaw_move(config_.home_q[kNumJoints]);
  jaw_busy_ = true;
  source_ = Source::kNone;
}

void Reference::hold(bool jaw_too) {
  // Where the line needs longer, each joint stops as fast as it can.
  const bool on_line = mode_ == Mode::kLine && line_.stop(config_.stop_time_s);
  if (mode_ != Mode::kLineStop) mode_ = on_line ? Mode::kLineStop : Mode::kHold;
  busy_ = false;
  if (!jaw_too) return;
  jaw_mode_ = JawMode::kHold;
  jaw_busy_ = false;
}

void Reference::accept(const std::array<AxisState, kNumAxes>& axes) {
  bool same = true;
  for (int i = 0; i < kNumAxes; ++i) {
    same = same && axes[i].q == axes_[i].q && axes[i].v == axes_[i].v && axes[i].a == axes_[i].a;
  }
  if (same) return;
  axes_ = axes;
  // What plays a plan makes a new one, also where it had arrived and was pushed away.
  if (mode_ == Mode::kMove) begin_move(Vec6(goal_));
  if (mode_ == Mode::kLine) line_.carry(axes_);
  if (mode_ == Mode::kLineStop) mode_ = Mode::kHold;
  if (jaw_mode_ == JawMode::kMove) begin_jaw_move(jaw_goal_);
}

}  // namespace trocar
