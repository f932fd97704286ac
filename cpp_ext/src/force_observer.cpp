// SPDX-License-Identifier: Apache-2.0
/// One tick of the observer.
#include "trocar/force_observer.hpp"

#include "trocar/dynamics.hpp"

namespace trocar {

ForceObserver::ForceObserver(const DynamicParameters& parameters, const Vec7& gain)
    : parameters_(parameters), gain_(gain) {}

const Vec7& ForceObserver::step(const Vec7& q, const Vec7& qd, const Vec7& tau, double dt) {
  const DynamicFrames T = dynamic_frames(q);
  const Momentum m = momentum(parameters_, T, qd);
  if (!started_) {
    started_ = true;
    age_s_ = 0.0;
    integral_ = m.p;  // holds p_0
    external_.setZero();
    return external_;
  }
  integral_ += dt * (tau - friction_effort(parameters_, qd) + m.coriolis_transpose -
                     gravity_effort(parameters_, T) + external_);
  for (int i = 0; i < kNumAxes; ++i) {
    // The gain whose sampled pole is exp(-K dt) exactly: (1 - exp(-K dt)) / dt instead of K.
    external_[i] = -std::expm1(-gain_[i] * dt) / dt * (m.p[i] - integral_[i]);
  }
  age_s_ += dt;
  return external_;
}

}  // namespace trocar
