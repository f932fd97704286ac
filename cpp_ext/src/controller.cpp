// SPDX-License-Identifier: Apache-2.0
/// The three laws, and the change from one to another.
#include "trocar/controller.hpp"

#include <algorithm>
#include <cmath>

#include "trocar/dynamics.hpp"
#include "trocar/joint_pd.hpp"

namespace trocar {

Controller::Controller(const ArmConfig& config)
    : config_(config), inertia_(mass_matrix(config.dynamics, config.home_q).diagonal()) {}

void Controller::reset() {
  integral_.setZero();
  at_limit_.fill(0);
  handover_.reset();
  last_ = Vec7::Zero();
  start_impedance_ = true;
}

Vec7 Controller::effort(const Vec7& q, const Vec7& qd,
                        const std::array<AxisState, kNumAxes>& reference) {
  Setpoint ref;
  for (int i = 0; i < kNumAxes; ++i) {
    ref.q[i] = reference[i].q;
    ref.v[i] = reference[i].v;
    ref.a[i] = reference[i].a;
  }
  apply_settings(q - ref.q, qd - ref.v);
  handover_.step();
  ref.q += handover_.delta();
  ref.v += handover_.rate();
  ref.a += handover_.acceleration();
  Vec7 tau = law(q, qd, ref);
  tau += handover_.torque(tau, last_);
  limit(&tau, ref.q - q);
  last_ = tau;
  return tau;
}

void Controller::apply_settings(const Vec7& q_error, const Vec7& qd_error) {
  if (wanted_.mode == settings_.mode) {
    slew_gains();
  } else if (handover_.is_over()) {
    settings_ = wanted_;
    integral_.setZero();
    handover_.begin(q_error, qd_error);
    start_impedance_ = true;
  }
}

void Controller::slew_gains() {
  const auto slew = [](double* gain, double wanted, double range) {
    const double most = 2.0 * kTickS * range;
    *gain += std::clamp(wanted - *gain, -most, most);
  };
  for (std::size_t i = 0; i < kNumAxes; ++i) {
    slew(&settings_.kp[i], wanted_.kp[i], kKpMax[i]);
    slew(&settings_.kd[i], wanted_.kd[i], kKdMax[i]);
  }
  slew(&settings_.damping_ratio, wanted_.damping_ratio, kDampingRatioMax);
  slew(&settings_.friction_share, wanted_.friction_share, kFrictionShareMax);
  settings_.stiffness = wanted_.stiffness;
}

Vec7 Controller::law(const Vec7& q, const Vec7& qd, const Setpoint& ref) {
  const Vec7 error = ref.q - q, rate = ref.v - qd;
  switch (settings_.mode) {
    case ControlMode::kJointPd:
      return joint_pd(settings_, error, rate) + feed_forward(q, ref.v, ref.a);
    case ControlMode::kImpedance:
      return compliant(q, qd, ref, error, rate);
    case ControlMode::kComputedTorque:
      break;
  }
  Vec7 acceleration;
  for (int i = 0; i < kNumAxes; ++i) acceleration[i] = ref.a[i] + feedback(i, error, rate);
  return feed_forward(q, ref.v, acceleration) + integral_;
}

double Controller::feedback(int i, const Vec7& error, const Vec7& rate) const {
  const double w = config_.natural_frequency[i];
  return w * w * error[i] + 2.0 * config_.damping_ratio * w * rate[i];
}

Vec7 Controller::feed_forward(const Vec7& q, const Vec7& speed, const Vec7& acceleration) const {
  return inverse_dynamics(config_.dynamics, q, speed, acceleration) +
         friction_effort(config_.dynamics, speed);
}

Vec7 Controller::compliant(const Vec7& q, const Vec7& qd, const Setpoint& ref, const Vec7& error,
                           const Vec7& rate) {
  constexpr int kJaw = kNumJoints;
  const Vec6 joints = q.head<kNumJoints>(), reference = ref.q.head<kNumJoints>();
  if (start_impedance_) {
    impedance_.start(Eigen::Map<const Vec6>(settings_.stiffness.data()), joints, reference);
    start_impedance_ = false;
  }
  const DynamicFrames T = dynamic_frames(q);
  const Mat6 M = mass_matrix(config_.dynamics, T).topLeftCorner<6, 6>();
  Vec7 acceleration = ref.a;
  acceleration[kJaw] += feedback(kJaw, error, rate);
  Vec7 friction = settings_.friction_share * friction_effort(config_.dynamics, qd);
  friction[kJaw] = friction_effort(config_.dynamics, ref.v)[kJaw];
  Vec7 tau = inverse_dynamics(config_.dynamics, T, ref.v, acceleration) + friction;
  tau.head<kNumJoints>() += impedance_.effort(settings_, M, joints, qd.head<kNumJoints>(),
                                              reference, ref.v.head<kNumJoints>());
  return tau;
}

void Controller::limit(Vec7* tau, const Vec7& error) {
  for (int i = 0; i < kNumAxes; ++i) {
    const double most = config_.effort_max[i];
    const bool saturated = std::abs((*tau)[i]) > most;
    at_limit_[i] = saturated ? at_limit_[i] + 1 : 0;
    if (saturated) {
      (*tau)[i] = std::copysign(most, (*tau)[i]);
      continue;
    }
    if (settings_.mode != ControlMode::kComputedTorque) continue;
    const double w = config_.natural_frequency[i];
    const double bound = config_.integral_share * most;
    integral_[i] = std::clamp(
        integral_[i] + config_.integral_ratio * w * w * w * inertia_[i] * error[i] * kTickS, -bound,
        bound);
  }
}

}  // namespace trocar
