// SPDX-License-Identifier: Apache-2.0
#include "trocar/plant/joint_servo.hpp"

namespace trocar {

JointServo::JointServo(const PlantModel& model, const Transform& T_world_base,
                       const ServoSettings& settings)
    : model_(model), settings_(settings), size_(model.size()) {
  model_.masses.gravity_base = gravity_in_base(T_world_base);
  ChainVec middle = ChainVec::Zero();
  for (int i = 0; i < size_; ++i) {
    const auto n = static_cast<std::size_t>(i);
    const ChainJoint& j = model_.chain.joints[n];
    const double a_max = model_.acceleration_max[i];
    limits_[n] = {j.q_min, j.q_max, j.velocity_max, a_max, a_max / settings_.rise_s};
    middle[i] = 0.5 * (j.q_min + j.q_max);
  }
  inertia_ = chain_mass_matrix(model_.chain, model_.masses, middle).diagonal();
}

void JointServo::enable() {
  if (enabled_ && !disabling_) return;
  starting_ = enabled_ = true;
  stopping_ = disabling_ = has_news_ = false;
  fault_ = ServoFault::kNone;
  fault_axis_ = -1;
}

ServoRefusal JointServo::move(const ChainVec& q, int* axis) {
  *axis = -1;
  if (!enabled_ || disabling_) return ServoRefusal::kNotEnabled;
  for (int i = 0; i < size_; ++i) {
    const AxisLimits& l = limits_[static_cast<std::size_t>(i)];
    *axis = i;
    if (!std::isfinite(q[i])) return ServoRefusal::kNotFinite;
    if (q[i] < l.q_min || q[i] > l.q_max) return ServoRefusal::kOutOfRange;
  }
  *axis = -1;
  goal_.head(size_) = q.head(size_);
  has_news_ = true;
  stopping_ = false;
  return ServoRefusal::kNone;
}

void JointServo::plan() {
  has_news_ = false;
  for (std::size_t i = 0; i < static_cast<std::size_t>(size_); ++i) {
    moves_[i] = GuardedMove(reference_[i], goal_[static_cast<int>(i)], limits_[i]);
    moving_[i] = true;
  }
}

ServoOutput JointServo::tick(const ChainVec& q, const ChainVec& qd) {
  ServoOutput output;
  if (!enabled_) return output;
  if (!watch(q, qd)) return output;
  if (starting_) start(q);
  if (has_news_) plan();
  step_reference();
  if (disabling_ && is_at_rest()) {
    enabled_ = stopping_ = disabling_ = false;
    return output;
  }
  output.torque = effort(q, qd);
  output.brake = false;
  if (!output.torque.allFinite()) {
    let_go(ServoFault::kNonFinite, -1);
    return {};
  }
  return output;
}

void JointServo::start(const ChainVec& q) {
  starting_ = false;
  integral_.setZero();
  late_.fill(0);
  moving_.fill(false);
  for (int i = 0; i < size_; ++i) {
    reference_[static_cast<std::size_t>(i)] = {q[i], 0.0, 0.0};
    if (!has_news_) goal_[i] = q[i];
  }
}

void JointServo::step_reference() {
  for (std::size_t i = 0; i < static_cast<std::size_t>(size_); ++i) {
    AxisState& s = reference_[i];
    if (stopping_) {
      s = step_to_rest(s, limits_[i].a_max, limits_[i].j_max);
      goal_[static_cast<int>(i)] = s.q;
      moving_[i] = false;
    } else if (moving_[i]) {
      s = moves_[i].next(s, limits_[i]);
      moving_[i] = !moves_[i].done();
    }
  }
  if (stopping_ && is_at_rest()) stopping_ = false;
}

bool JointServo::watch(const ChainVec& q, const ChainVec& qd) {
  for (int i = 0; i < size_; ++i) {
    const auto n = static_cast<std::size_t>(i);
    if (!std::isfinite(q[i]) || !std::isfinite(qd[i])) {
      let_go(ServoFault::kNonFinite, i);
      return false;
    }
    if (starting_) continue;
    const bool slides = model_.chain.joints[n].type == JointType::kPrismatic;
    const double most = slides ? settings_.slide_error_max : settings_.turn_error_max;
    late_[n] = std::abs(reference_[n].q - q[i]) > most ? late_[n] + 1 : 0;
    if (late_[n] >= kTrackingErrorTicks) {
      let_go(ServoFault::kTrackingError, i);
      return false;
    }
  }
  return true;
}

void JointServo::let_go(ServoFault fault, int axis) {
  fault_ = fault;
  fault_axis_ = axis;
  enabled_ = starting_ = stopping_ = disabling_ = has_news_ = false;
  moving_.fill(false);
}

ChainVec JointServo::effort(const ChainVec& q, const ChainVec& qd) {
  const double w = settings_.natural_frequency;
  ChainVec acceleration = ChainVec::Zero(), error = ChainVec::Zero();
  const ChainVec v = setpoint_qd();
  for (int i = 0; i < size_; ++i) {
    const AxisState& s = reference_[static_cast<std::size_t>(i)];
    error[i] = s.q - q[i];
    acceleration[i] = s.a + w * w * error[i] + 2.0 * settings_.damping_ratio * w * (s.v - qd[i]);
  }
  ChainVec tau = chain_inverse_dynamics(model_.chain, model_.masses, q, v, acceleration);
  for (int i = 0; i < size_; ++i) {
    const double most = model_.effort_max[i], bound = settings_.integral_share * most;
    tau[i] += model_.friction.effort(i, v[i]) + integral_[i];
    if (std::abs(tau[i]) > most) {
      tau[i] = std::copysign(most, tau[i]);
      continue;  // no winding up at the limit
    }
    const double gain = settings_.integral_ratio * w * w * w * inertia_[i];
    integral_[i] = std::clamp(integral_[i] + gain * error[i] * kTickS, -bound, bound);
  }
  return tau;
}

bool JointServo::is_at_rest() const {
  return std::all_of(reference_.begin(), reference_.end(),
                     [](const AxisState& s) { return s.v == 0.0 && s.a == 0.0; });
}

bool JointServo::is_busy() const {
  return enabled_ &&
         (stopping_ || has_news_ ||
          std::any_of(moving_.begin(), moving_.end(), [](bool is_moving) { return is_moving; }));
}

ChainVec JointServo::setpoint_q() const {
  ChainVec q = ChainVec::Zero();
  for (int i = 0; i < size_; ++i) q[i] = reference_[static_cast<std::size_t>(i)].q;
  return q;
}

ChainVec JointServo::setpoint_qd() const {
  ChainVec v = ChainVec::Zero();
  for (int i = 0; i < size_; ++i) v[i] = reference_[static_cast<std::size_t>(i)].v;
  return v;
}

}  // namespace trocar
