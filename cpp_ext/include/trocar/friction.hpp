// SPDX-License-Identifier: Apache-2.0
/// Joint friction: viscous, Coulomb and, where given, Stribeck.
///
///   tau = Fv qd + (Fc + Fs exp(-(qd / v_s)^2)) tanh(qd / v_0)
///
/// Fv viscous, Fc Coulomb, Fs the Stribeck excess (Armstrong-Helouvry, Dupont, Canudas de Wit,
/// Automatica 1994, eq. 9); tanh in place of the sign keeps it smooth at rest, where friction
/// between -Fc and Fc is in truth undetermined.
#pragma once

#include <cmath>

#include "trocar/dynamic_parameters.hpp"

namespace trocar {

/// Effort (7,) that friction takes at the joint speed qd (7,): N m, insertion N.
inline Vec7 friction_effort(const DynamicParameters& p, const Vec7& qd) {
  Vec7 tau;
  for (int i = 0; i < kNumAxes; ++i) {
    double dry = p.coulomb[i];
    if (p.stribeck[i] != 0.0) {
      const double x = qd[i] / p.stribeck_speed[i];
      dry += p.stribeck[i] * std::exp(-x * x);
    }
    tau[i] = p.viscous[i] * qd[i] + dry * std::tanh(qd[i] / p.friction_speed[i]);
  }
  return tau;
}

}  // namespace trocar
