// SPDX-License-Identifier: Apache-2.0
/// Commands of the reference: what is accepted, altered or refused.
#include "trocar/reference.hpp"

#include "trocar/kinematics.hpp"

namespace trocar {

namespace {

constexpr double kReachTime =
    0.1;  // s; a set-point farther than full speed covers in it is altered

double age_s(std::int64_t now_ns, std::int64_t then_ns) {
  return std::max(0.0, 1e-9 * static_cast<double>(now_ns - then_ns));
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
    limits_[i] = {config.q_min[i], config.q_max[i], config.velocity_max[i],
                  config.acceleration_max[i]};
    deceleration_[i] =
        std::max(config.acceleration_max[i], config.velocity_max[i] / config.stop_time_s);
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
  pose_ = pose;
  begin_servo(c, ik.q, c.has_velocity ? Mode::kPose : Mode::kStream, now_ns);
  return outcome;
}

Outcome Reference::move_jp(const Vec6& goal, Outcome outcome) {
  goal_ = goal;
  scale_move_limits(goal);
  mode_ = Mode::kMove;
  busy_ = true;
  stale_ = false;
  return outcome;
}

Outcome Reference::move_cp(const Transform& goal, Outcome outcome) {
  const Vec6 start = q();
  const Reason reason =
      line_.plan(psm::forward_kinematics(start), goal, start, v(), config_, range_);
  if (reason != Reason::kNone) return {Verdict::kRefused, reason};
  goal_ = line_.end_q();
  mode_ = Mode::kLine;
  busy_ = true;
  stale_ = false;
  return outcome;
}

Outcome Reference::jaw(const JawCommand& c, std::int64_t now_ns) {
  const AxisLimits& limits = limits_[kNumJoints];
  const double goal = std::clamp(c.angle, limits.q_min, limits.q_max);
  if (c.is_move) {
    jaw_mode_ = JawMode::kMove;
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
  jaw_goal_ = config_.home_q[kNumJoints];
  jaw_mode_ = JawMode::kMove;
  jaw_busy_ = true;
  source_ = Source::kNone;
}

void Reference::hold(bool jaw_too) {
  mode_ = Mode::kHold;
  busy_ = false;
  if (!jaw_too) return;
  jaw_mode_ = JawMode::kHold;
  jaw_busy_ = false;
}

void Reference::scale_move_limits(const Vec6& goal) {
  // From rest all axes run one common profile, scaled by their distances: a straight joint line
  // on which they arrive together.  In motion each brakes with all it has.
  double v = 1e9, a = 1e9;
  bool rest = true;
  for (int i = 0; i < kNumJoints; ++i) {
    move_limits_[i] = limits_[i];
    const double distance = std::abs(goal[i] - axes_[i].q) + 1e-12;
    v = std::min(v, limits_[i].v_max / distance);
    a = std::min(a, config_.move_acceleration_share * limits_[i].a_max / distance);
    rest = rest && axes_[i].v == 0.0;
  }
  if (!rest) return;
  for (int i = 0; i < kNumJoints; ++i) {
    const double distance = std::abs(goal[i] - axes_[i].q) + 1e-12;
    move_limits_[i].v_max = v * distance;
    move_limits_[i].a_max = a * distance;
  }
}

}  // namespace trocar
