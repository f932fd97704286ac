// SPDX-License-Identifier: Apache-2.0
/// One tick of the reference.
#include "trocar/elapsed.hpp"
#include "trocar/kinematics.hpp"
#include "trocar/reference.hpp"

namespace trocar {

namespace {

constexpr double kRounding = 1e-9;  // rad, m: of a range

// Set-points arrive in steps; their acceleration is averaged over about 25 ms.
constexpr double kSmoothing = 0.04;

double seconds(std::int64_t later_ns, std::int64_t earlier_ns) {
  return std::max(0.0, elapsed_s(later_ns, earlier_ns));
}

}  // namespace

Vec6 Reference::q() const {
  Vec6 out;
  for (int i = 0; i < kNumJoints; ++i) out[i] = axes_[i].q;
  return out;
}

AxisLimits Reference::limits(int axis) const {
  AxisLimits l = limits_[axis];
  // Once the insertion is beyond the 45 mm rule it stays there; an arm inside may still move out.
  if (axes_[axis].q >= range_.q_min[axis] - kRounding) l.q_min = range_.q_min[axis];
  return l;
}

std::array<AxisLimits, kNumAxes> Reference::all_limits() const {
  std::array<AxisLimits, kNumAxes> out;
  for (int i = 0; i < kNumAxes; ++i) out[i] = limits(i);
  return out;
}

Vec7 Reference::goal() const {
  Vec7 out;
  out << goal_, jaw_goal_;
  return out;
}

bool Reference::is_at_rest() const {
  for (const AxisState& axis : axes_) {
    if (axis.v != 0.0 || axis.a != 0.0) return false;
  }
  return true;
}

Horizon Reference::horizon() const {
  switch (source_) {
    case Source::kFollow:
      return {config_.follow_extrapolate_s, config_.follow_hold_s};
    case Source::kTeleop:
      return {0.5 * config_.operator_hold_s, config_.operator_hold_s};
    default:
      break;
  }
  // An external stream is carried on by one of its own periods.
  return {std::min(stream_.period_s(), 0.5 * config_.crtk_stale_s), config_.crtk_stale_s};
}

double Reference::rate() const {
  return source_ == Source::kFollow ? config_.approach_rate_follow : config_.approach_rate;
}

void Reference::age(std::int64_t now_ns) {
  const bool servo = mode_ == Mode::kStream || mode_ == Mode::kJoints || mode_ == Mode::kPose;
  if (servo) {
    switch (source_) {
      case Source::kFollow:
        stale_ = seconds(now_ns, stamp_ns_) > config_.follow_hold_s;
        break;
      case Source::kTeleop:
        stale_ = seconds(now_ns, arrival_ns_) > config_.operator_hold_s;
        break;
      default:  // positions are held, and may still be approached
        stale_ = seconds(now_ns, arrival_ns_) > config_.crtk_stale_s;
        break;
    }
    if (stale_ && source_ != Source::kCrtk) hold(false);
  }
  if (jaw_mode_ == JawMode::kStream && jaw_source_ == Source::kTeleop &&
      seconds(now_ns, jaw_arrival_ns_) > config_.operator_hold_s) {
    jaw_mode_ = JawMode::kHold;
  }
}

Vec6 Reference::extrapolated_joints(double age_s) const {
  const Vec6 moved = goal_ + velocity_ * horizon().reach(age_s);
  return psm::clamp_joints(moved, range_.q_min.data(), range_.q_max.data());
}

Vec6 Reference::extrapolated_pose(double age_s) const {
  const Transform T = pose_.at(age_s, horizon());
  return psm::inverse_kinematics(T, q(), range_.q_min.data(), range_.q_max.data()).q;
}

Reference::Target Reference::target(std::int64_t now_ns) {
  const double age_s = seconds(now_ns, stamp_ns_);
  switch (mode_) {
    case Mode::kStream: {
      const auto t = stream_.next();
      return {Eigen::Map<const Vec6>(t.q.data()), Eigen::Map<const Vec6>(t.v.data())};
    }
    case Mode::kJoints: {
      const Vec6 now = extrapolated_joints(age_s);
      return {now, (extrapolated_joints(age_s + kTickS) - now) / kTickS};
    }
    case Mode::kPose: {
      const Vec6 now = extrapolated_pose(age_s);
      return {now, (extrapolated_pose(age_s + kTickS) - now) / kTickS};
    }
    default:
      return {goal_, Vec6::Zero()};
  }
}

void Reference::step(std::int64_t now_ns) {
  age(now_ns);
  step_joints(now_ns);
  step_jaw();
}

void Reference::step_joints(std::int64_t now_ns) {
  switch (mode_) {
    case Mode::kHold:
      return step_hold();
    case Mode::kMove: {
      const JointStates next = move_.next(axes_, all_limits());
      std::copy(next.begin(), next.end(), axes_.begin());
      if (move_.done()) busy_ = false;
      return;
    }
    case Mode::kLine:
    case Mode::kLineStop:
      return step_line();
    default:
      break;
  }
  const Target t = target(now_ns);
  target_a_ += kSmoothing * ((t.v - target_v_) / kTickS - target_a_);
  target_v_ = t.v;
  for (int i = 0; i < kNumJoints; ++i) {
    axes_[i] = step_toward(axes_[i], t.q[i], t.v[i], target_a_[i], limits(i), rate());
  }
}

void Reference::step_hold() {
  for (int i = 0; i < kNumJoints; ++i) {
    axes_[i] = step_to_rest(axes_[i], stop_limits_[i].a_max, stop_limits_[i].j_max);
    goal_[i] = axes_[i].q;
  }
}

void Reference::step_line() {
  const bool stop = mode_ == Mode::kLineStop;
  const JointStates next = line_.next();
  bool reachable = true;
  for (int i = 0; i < kNumJoints; ++i) {
    AxisLimits l = limits(i);
    if (stop) l.a_max = stop_limits_[i].a_max;
    if (stop) l.j_max = stop_limits_[i].j_max;
    reachable = reachable && can_reach(axes_[i], next[i], l);
  }
  if (reachable) {
    std::copy(next.begin(), next.end(), axes_.begin());
  } else if (stop) {
    mode_ = Mode::kHold;
    return step_hold();
  } else {  // near it, inside the limits, and from there on back to the line
    for (int i = 0; i < kNumJoints; ++i) {
      const double before = next[i].q - kTickS * next[i].v;
      axes_[i] = step_toward(axes_[i], before, next[i].v, next[i].a, limits(i), rate());
    }
    line_.carry(axes_);
  }
  if (stop) goal_ = q();
  if (!line_.done()) return;
  busy_ = false;
  if (stop) mode_ = Mode::kHold;
}

void Reference::step_jaw() {
  AxisState& jaw = axes_[kNumJoints];
  const AxisLimits& stop = stop_limits_[kNumJoints];
  switch (jaw_mode_) {
    case JawMode::kHold:
      jaw = step_to_rest(jaw, stop.a_max, stop.j_max);
      jaw_goal_ = jaw.q;
      return;
    case JawMode::kStream: {
      const auto t = jaw_stream_.next();
      jaw = step_toward(jaw, t.q[0], t.v[0], 0.0, limits_[kNumJoints], config_.approach_rate);
      return;
    }
    case JawMode::kMove:
      jaw = jaw_move_.next(jaw, limits_[kNumJoints]);
      if (jaw_move_.done()) jaw_busy_ = false;
      return;
  }
}

}  // namespace trocar
