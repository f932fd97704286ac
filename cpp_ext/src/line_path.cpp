// SPDX-License-Identifier: Apache-2.0
/// Planning a line, walking it, leaving it.
#include "trocar/line_path.hpp"

namespace trocar {

Reason LinePath::plan(const std::array<AxisState, kNumAxes>& axes, const Transform& goal,
                      const ArmConfig& config, const JointRange& range) {
  LinePath path;
  path.config_ = &config;
  path.range_ = &range;
  for (int i = 0; i < kNumJoints; ++i) path.q_[i] = axes[i].q;
  const TipMotion now = tip_motion(axes);
  const AxisState s = path.split(now, goal);
  const Reason reason = path.sample();
  if (reason != Reason::kNone) return reason;
  const AxisLimits cartesian = path.cartesian_limits();
  path.limits_ =
      path.joint_limits_.motion(config, cartesian.v_max, cartesian.a_max, cartesian.j_max);
  path.s_ = AxisMove(s, 1.0, path.limits_);
  *this = path;
  return Reason::kNone;
}

JointStates LinePath::next() {
  t_ += kTickS;
  JointStates out;
  if (done()) {
    q_ = inverse(t_);
    for (int i = 0; i < kNumJoints; ++i) out[i] = {q_[i], 0.0, 0.0};
    return out;
  }
  const Vec6 before = inverse(t_ - kStep), now = inverse(t_), after = inverse(t_ + kStep);
  for (int i = 0; i < kNumJoints; ++i) {
    out[i] = {now[i], (after[i] - before[i]) / (2.0 * kStep),
              (after[i] - 2.0 * now[i] + before[i]) / (kStep * kStep)};
  }
  q_ = now;
  return out;
}

void LinePath::carry(const std::array<AxisState, kNumAxes>& axes) {
  for (int i = 0; i < kNumJoints; ++i) q_[i] = axes[i].q;
  const TipMotion now = tip_motion(axes);
  const AxisState s = s_.at(t_);
  const Vec3 w = log_so3(now.T.R * (exp_so3(s.q * turn_) * start_.R).transpose());
  Vec6 offset, rate, acceleration;
  offset << now.T.p - start_.p - s.q * shift_, w;
  rate << now.twist.head<3>() - s.v * shift_, now.twist.tail<3>() - s.v * (exp_so3(w) * turn_);
  acceleration << now.acceleration.head<3>() - s.a * shift_,
      now.acceleration.tail<3>() - s.a * (exp_so3(w) * turn_);
  carried_.set_limits(q_, *config_);
  carried_.start(offset, rate, acceleration);
  s_ = AxisMove(s, s_.goal(), limits_);
  t_ = 0.0;
}

bool LinePath::stop(double longest) {
  const AxisState s = s_.at(t_);
  if (t_ < carried_.duration() || s.v < 0.0) return false;
  const AxisLimits limits = joint_limits_.stop(*config_, std::max(s.v, limits_.v_max));
  if (!(limits.a_max >= limits_.a_max && limits.j_max > 0.0)) return false;
  const AxisMove stopped(s, stop_extent(s, limits.a_max, limits.j_max).q_end, limits);
  if (stopped.duration() > longest) return false;
  s_ = stopped;
  t_ = 0.0;
  carried_.clear();
  return true;
}

Transform LinePath::on_line(double s) const {
  return {exp_so3(s * turn_) * start_.R, start_.p + s * shift_};
}

Vec6 LinePath::inverse(double t) const {
  Transform T = on_line(s_.at(t).q);
  if (t < carried_.duration()) {
    const Vec6 r = carried_.at(t);
    T.p += r.head<3>();
    T.R = exp_so3(r.tail<3>()) * T.R;
  }
  return psm::inverse_kinematics(T, q_, range_->q_min.data(), range_->q_max.data()).q;
}

AxisState LinePath::split(const TipMotion& now, const Transform& goal) {
  turn_ = log_so3(goal.R * now.T.R.transpose());
  start_ = now.T;
  shift_ = goal.p - start_.p;
  if (now.twist.isZero(0.0) && now.acceleration.isZero(0.0)) return {};
  carried_.set_limits(q_, *config_);
  AxisState s{};
  Vec6 rate = now.twist, acceleration = now.acceleration;
  Vec3 ahead = Vec3::Zero();
  for (int n = 0; n < 3; ++n) {  // the line starts where the rest would stop, and so on
    s = along(now);
    rate << now.twist.head<3>() - s.v * shift_, now.twist.tail<3>() - s.v * turn_;
    // d/dt (exp(r_w) w sd) = rate_w x w sd + w sdd at r_w = 0
    const Vec3 turning = s.v * Vec3(rate.tail<3>()).cross(turn_);
    acceleration << now.acceleration.head<3>() - s.a * shift_,
        now.acceleration.tail<3>() - s.a * turn_ - turning;
    ahead = carried_.stopping_shift(rate, acceleration);
    if (n < 2) {
      start_.p = now.T.p + ahead;
      shift_ = goal.p - start_.p;
    }
  }
  Vec6 offset = Vec6::Zero();
  offset.head<3>() = now.T.p - start_.p;
  carried_.start(offset, rate, acceleration);
  return s;
}

AxisState LinePath::along(const TipMotion& now) const {
  const double length = shift_.squaredNorm() + kArm * kArm * turn_.squaredNorm();
  if (length < kTiny * kTiny) return {};
  const auto project = [&](const Vec6& m) {
    return (shift_.dot(m.head<3>()) + kArm * kArm * turn_.dot(m.tail<3>())) / length;
  };
  AxisState s{0.0, project(now.twist), project(now.acceleration)};
  const AxisLimits l = cartesian_limits();
  const StopExtent e = stop_extent(s, l.a_max, l.j_max);
  return s.v > 0.0 && e.q_high < 1.001 && e.q_low >= 0.0 ? s : AxisState{};
}

AxisLimits LinePath::cartesian_limits() const {
  const ArmConfig& c = *config_;
  const double length = std::max(shift_.norm(), kTiny), angle = std::max(turn_.norm(), kTiny);
  const double a = std::min(c.line_acceleration / length, c.turn_acceleration / angle);
  return {-1e9, 1e9, std::min(c.line_velocity / length, c.turn_velocity / angle), a,
          a * c.jerk_max[2] / c.acceleration_max[2]};
}

Reason LinePath::sample() {
  Vec6 q = q_;
  joint_limits_.start(inverse_at(0.0, q).q);
  for (int k = 1; k <= LineLimits::kSamples; ++k) {
    const psm::IkResult ik = inverse_at(static_cast<double>(k) / LineLimits::kSamples, q);
    if (ik.status != psm::IkStatus::kOk) return reason_of(ik.status);
    // The roll at the end of its range: the inverse goes on a whole turn away, no line does.
    if ((ik.q - q).cwiseAbs().maxCoeff() > kHalfTurn) return Reason::kJointLimit;
    joint_limits_.add(ik.q);
    q = ik.q;
  }
  end_q_ = q;
  return Reason::kNone;
}

psm::IkResult LinePath::inverse_at(double s, const Vec6& seed) const {
  return psm::inverse_kinematics(on_line(s), seed, range_->q_min.data(), range_->q_max.data());
}

}  // namespace trocar
