// SPDX-License-Identifier: Apache-2.0
/// What a joint has beside its links: motor inertia, friction, a brake and two stops.
///
/// A step of dt solves (M + A + dt S) qdd = tau - h - S qd.
///
/// A is the motors' inertia reflected through the gears, on the diagonal.  It cannot be put into
/// the links: on the insertion it would weigh, and resist turning about the RCM; on a wrist link it
/// would turn with the axes before it, which a rotor does not.
///
/// S is the secant slope of viscous + dry friction, d(qd) tanh(qd / v0) / qd: taken implicitly,
/// because an explicit dry term chatters on wrist axes of 1e-4 kg m2 at 1 kHz.  d is Coulomb's, and
/// where the model has it what breaking loose takes beyond (Stribeck, friction.hpp).
///
/// A brake is a velocity motor at 0 with an effort limit: the effort that stops the axis within the
/// step.  A stop takes the speed that would carry its axis beyond it.
///
/// Vectors hold one value an axis: rad, prismatic m; N m, prismatic N.  No allocation.
#pragma once

#include "trocar/plant/plant_model.hpp"

namespace trocar {

/// Where the axes may be: rad, m.
struct AxisStops {
  ChainVec low, high;
};

class JointMechanics {
 public:
  /// For steps of `dt` seconds.
  JointMechanics(const PlantModel& model, double dt);

  /// Acceleration under motor efforts `tau`; `rigid` and `h`: the links' M, and C qd + g less what
  /// the surroundings add.
  ChainVec driven(const ChainMatrix& rigid, const ChainVec& h, const ChainVec& q,
                  const ChainVec& qd, const ChainVec& tau, const AxisStops& stops) const;

  /// Acceleration under the brakes: to rest within the step where their limit allows.
  ChainVec braked(const ChainMatrix& rigid, const ChainVec& h, const ChainVec& q,
                  const ChainVec& qd, const AxisStops& stops) const;

 private:
  double slope(int i, double v) const;
  ChainVec held_at_stops(const ChainMatrix& mass, const ChainVec& effort, const ChainVec& q,
                         const ChainVec& qd, ChainVec qdd, const AxisStops& stops) const;

  int size_;
  double dt_;
  ChainVec armature_;
  AxisFriction friction_;  // its speed is the plant's own, steeper one
  ChainVec brake_max_;
};

}  // namespace trocar
