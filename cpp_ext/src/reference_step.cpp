// SPDX-License-Identifier: Apache-2.0
/// One tick of the reference.
#include "trocar/kinematics.hpp"
#include "trocar/reference.hpp"

namespace trocar {

namespace {

// A move has arrived where every axis is this near, rad and m.
constexpr std::array<double, kNumAxes> kArrived = {1e-5, 1e-5, 2e-6, 1e-5, 1e-5, 1e-5, 1e-5};

// Set-points arrive in steps; their acceleration is averaged over about 25 ms.
constexpr double kSmoothing = 0.04;

double seconds(std::int64_t later_ns, std::int64_t earlier_ns) {
  return std::max(0.0, 1e-9 * static_cast<double>(later_ns - earlier_ns));
}

}  // namespace

Vec6 Reference::q() const {
  Vec6 out;
  for (int i = 0; i < kNumJoints; ++i) out[i] = axes_[i].q;
  return out;
}

Vec6 Reference::v() const {
  Vec6 out;
  for (int i = 0; i < kNumJoints; ++i) out[i] = axes_[i].v;
  return out;
}

Vec7 Reference::goal() const {
  Vec7 out;
  out << goal_, jaw_goal_;
  return out;
}

bool Reference::is_at_rest() const {
  for (const AxisState& axis : axes_) {
    if (axis.v != 0.0) return false;
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
  // An external stream is carried on by one and a half of its own periods.
  return {std::min(1.5 * stream_.period_s(), 0.5 * config_.crtk_stale_s), config_.crtk_stale_s};
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
  const double reach = horizon().reach(age_s);
  const Transform T{exp_so3(velocity_.tail<3>() * reach) * pose_.R,
                    pose_.p + velocity_.head<3>() * reach};
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
    case Mode::kLine: {
      const auto t = line_.next(config_.approach_rate, range_);
      return {t.q, t.v};
    }
    default:
      return {goal_, Vec6::Zero()};
  }
}

void Reference::step(std::int64_t now_ns) {
  age(now_ns);
  step_joints(now_ns);
  step_jaw(now_ns);
}

void Reference::step_joints(std::int64_t now_ns) {
  if (mode_ == Mode::kHold) {
    for (int i = 0; i < kNumJoints; ++i) {
      axes_[i] = step_to_rest(axes_[i], deceleration_[i]);
      goal_[i] = axes_[i].q;
    }
    return;
  }
  const Target t = target(now_ns);
  const bool move = mode_ == Mode::kMove;
  if (move || mode_ == Mode::kLine) {
    target_a_.setZero();
  } else {
    target_a_ += kSmoothing * ((t.v - target_v_) / kTickS - target_a_);
    target_v_ = t.v;
  }
  const double k = move ? config_.approach_rate : rate();
  bool arrived = mode_ != Mode::kLine || line_.done();
  for (int i = 0; i < kNumJoints; ++i) {
    AxisLimits limits = move ? move_limits_[i] : limits_[i];
    // Once the insertion is beyond the 45 mm rule it stays there; an arm inside may still move out.
    if (axes_[i].q >= range_.q_min[i]) limits.q_min = range_.q_min[i];
    axes_[i] = step_toward(axes_[i], t.q[i], t.v[i], target_a_[i], limits, k);
    arrived = arrived && std::abs(goal_[i] - axes_[i].q) < kArrived[i];
  }
  if (arrived) busy_ = false;
}

void Reference::step_jaw(std::int64_t) {
  AxisState& jaw = axes_[kNumJoints];
  const AxisLimits& limits = limits_[kNumJoints];
  switch (jaw_mode_) {
    case JawMode::kHold:
      jaw = step_to_rest(jaw, deceleration_[kNumJoints]);
      jaw_goal_ = jaw.q;
      return;
    case JawMode::kStream: {
      const auto t = jaw_stream_.next();
      jaw = step_toward(jaw, t.q[0], t.v[0], 0.0, limits, config_.approach_rate);
      return;
    }
    case JawMode::kMove:
      jaw = step_toward(jaw, jaw_goal_, 0.0, 0.0, limits, config_.approach_rate);
      if (std::abs(jaw_goal_ - jaw.q) < kArrived[kNumJoints]) jaw_busy_ = false;
      return;
  }
}

}  // namespace trocar
