// SPDX-License-Identifier: Apache-2.0
/// No jump where one control law follows another.
///
/// The new law starts from the motion that is there: its reference is q_ref + delta, where delta
/// begins as (q - q_ref, qd - qd_ref) and dies out critically damped, delta'' = -2 w delta' - w^2
/// delta.  What is left of a torque step (an integral, a friction model) is added and decays by 1/e
/// in 0.1 s.
#pragma once

#include <cmath>

#include "trocar/types.hpp"

namespace trocar {

class Handover {
 public:
  static constexpr double kFrequency = 8.0;  // rad/s: 98 % of a deflection is gone in 0.73 s
  static constexpr double kTorqueDecayS = 0.1;
  static constexpr int kTicks = 300;  // before the next change of law is begun

  void reset() {
    delta_.setZero();
    rate_.setZero();
    acceleration_.setZero();
    torque_.setZero();
    ticks_ = kTicks;
    is_new_ = false;
  }

  void begin(const Vec7& q_error, const Vec7& qd_error) {
    delta_ = q_error;
    rate_ = qd_error;
    acceleration_ = -2.0 * kFrequency * rate_ - kFrequency * kFrequency * delta_;
    ticks_ = 0;
    is_new_ = true;
  }

  bool is_over() const { return ticks_ >= kTicks; }

  /// Advance delta by a tick.  All of it is exactly 0 while no change was ever made.
  void step() {
    if (ticks_ < kTicks) ++ticks_;
    if (is_new_) return;  // the first tick starts where the arm is
    rate_ += kTickS * acceleration_;
    delta_ += kTickS * rate_;
    acceleration_ = -2.0 * kFrequency * rate_ - kFrequency * kFrequency * delta_;
    torque_ *= 1.0 - kTickS / kTorqueDecayS;
  }

  /// Torque (7,) to add, where the new law alone says `effort` and the last output was `last`.
  const Vec7& torque(const Vec7& effort, const Vec7& last) {
    if (is_new_) torque_ = last - effort;
    is_new_ = false;
    return torque_;
  }

  const Vec7& delta() const { return delta_; }
  const Vec7& rate() const { return rate_; }
  const Vec7& acceleration() const { return acceleration_; }

 private:
  Vec7 delta_ = Vec7::Zero(), rate_ = Vec7::Zero(), acceleration_ = Vec7::Zero();
  Vec7 torque_ = Vec7::Zero();
  int ticks_ = kTicks;
  bool is_new_ = false;
};

}  // namespace trocar
