// SPDX-License-Identifier: Apache-2.0
/// What tissue is made of, in SI units.
#pragma once

#include <cmath>

namespace trocar::tissue {

/// Stable neo-Hookean solid: psi = mu/2 (tr F^T F - 3) + lambda/2 (J - 1)^2 - mu (J - 1).
/// Macklin & Mueller, "A Constraint-based Formulation of Stable Neo-Hookean Materials", MIG 2021,
/// section 3 (their lambda/2 (J - gamma)^2 with gamma = 1 + mu/lambda, less a constant).
/// Linearised at rest it is Hooke's law with Lame's mu and lambda - mu, hence `lambda()`.
struct Material {
  double young = 5e3;       // Pa, small strain; soft organs: 1e3 to 3e4
  double poisson = 0.45;    // 1; above 0.49 linear tetrahedra lock
  double density = 1050.0;  // kg/m3
  double damping = 20.0;    // 1/s, of velocity, as Rayleigh's mass term
  double viscosity = 4e-4;  // s, of strain rate, as Rayleigh's stiffness term

  double mu() const { return young / (2.0 * (1.0 + poisson)); }
  double lambda() const {
    return young * poisson / ((1.0 + poisson) * (1.0 - 2.0 * poisson)) + mu();
  }
};

/// Null where usable, else what is wrong and what is allowed.
inline const char* fault_of(const Material& m) {
  const auto within = [](double x, double low, double high) { return x >= low && x <= high; };
  if (!within(m.young, 10.0, 1e7)) return "young, allowed 10 to 1e7 Pa";
  if (!within(m.poisson, 0.0, 0.49)) return "poisson, allowed 0 to 0.49";
  if (!within(m.density, 100.0, 2e4)) return "density, allowed 100 to 20000 kg/m3";
  if (!within(m.damping, 0.0, 1e3)) return "damping, allowed 0 to 1000 1/s";
  if (!within(m.viscosity, 0.0, 1e-2)) return "viscosity, allowed 0 to 0.01 s";
  return nullptr;
}

}  // namespace trocar::tissue
