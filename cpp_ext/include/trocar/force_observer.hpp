// SPDX-License-Identifier: Apache-2.0
/// External joint effort by the generalised-momentum observer.
///
///   r = K (p - integral(tau - friction + C^T qd - g + r) - p_0),   p = M qd
///
/// so that dr/dt = K (tau_external - r): first order, time constant 1/K, without accelerations and
/// without inverting M.  De Luca & Mattone, ICRA 2005, eq. 8; Haddadin, De Luca, Albu-Schaeffer,
/// T-RO 2017, eq. 23.  tau_external is what the surroundings add: M qdd + C qd + g + friction =
/// tau + tau_external.
#pragma once

#include <cmath>

#include "trocar/dynamics.hpp"

namespace trocar {

class ForceObserver {
 public:
  /// `gain` K (7,) in 1/s, positive.  The parameters are copied.
  ForceObserver(const DynamicParameters& parameters, const Vec7& gain);

  /// Forget everything: the next step starts at zero.
  void reset() { started_ = false; }

  /// tau_external (7,) N m, insertion N, from the measured q, qd and the effort tau that the motors
  /// gave in the `dt` seconds that end with them.  NaN in gives NaN out until reset.
  const Vec7& step(const Vec7& q, const Vec7& qd, const Vec7& tau, double dt);

  const Vec7& tau_external() const { return external_; }

  /// Whether the slowest axis has had five time constants since the reset (99.3 % of a step).
  bool is_settled() const { return started_ && age_s_ * gain_.minCoeff() >= 5.0; }

 private:
  DynamicParameters parameters_;
  Vec7 gain_;
  Vec7 integral_ = Vec7::Zero();
  Vec7 external_ = Vec7::Zero();
  double age_s_ = 0.0;
  bool started_ = false;
};

}  // namespace trocar
