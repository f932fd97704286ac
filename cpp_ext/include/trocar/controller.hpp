// SPDX-License-Identifier: Apache-2.0
/// From the reference to torque: one of three laws, inside the effort limits, changed without a
/// jump.
///
/// Computed torque, the default: tau = RNEA(q, qd_ref, qdd_ref + w^2 e + 2 z w ed) +
/// friction(qd_ref) + integral, with e = q_ref - q.  The integral takes what masses and friction
/// are wrong by: d/dt = r w^3 M_ii e, M at home, bounded by a share of the effort limit and frozen
/// while an axis is at that limit (no wind-up).  Joint PD: joint_pd.hpp; impedance: impedance.hpp;
/// both with RNEA(q, qd_ref, qdd_ref) and friction as feed-forward, and without an integral.
#pragma once

#include <array>

#include "trocar/arm_config.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/controller_settings.hpp"
#include "trocar/handover.hpp"
#include "trocar/impedance.hpp"

namespace trocar {

class Controller {
 public:
  explicit Controller(const ArmConfig& config);

  /// As after enabling: no integral, no memory of a torque.  The law stays the one chosen.
  void reset();

  /// Take other settings (valid ones).  Another law begins at the next tick, or when the last
  /// change of law is over; the same law slews to the new gains.
  void select(const ControllerSettings& settings) { wanted_ = settings; }

  ControlMode mode() const { return settings_.mode; }

  /// Effort (7,) inside effort_max, for measured q, qd (7,) and the reference.
  Vec7 effort(const Vec7& q, const Vec7& qd, const std::array<AxisState, kNumAxes>& reference);

  /// Ticks that an axis has been at its effort limit without a break.
  int ticks_at_limit(int axis) const { return at_limit_[axis]; }

  const Impedance& impedance() const { return impedance_; }

 private:
  struct Setpoint {
    Vec7 q, v, a;
  };

  void apply_settings(const Vec7& q_error, const Vec7& qd_error);

  /// Gains move by at most their full range in half a second; the stiffness has its energy tank.
  void slew_gains();

  Vec7 law(const Vec7& q, const Vec7& qd, const Setpoint& ref);

  /// w^2 e + 2 z w ed of axis i.
  double feedback(int i, const Vec7& error, const Vec7& rate) const;

  Vec7 feed_forward(const Vec7& q, const Vec7& speed, const Vec7& acceleration) const;

  /// Six compliant joints; the jaw keeps its own stiff loop, which no pose depends on.
  Vec7 compliant(const Vec7& q, const Vec7& qd, const Setpoint& ref, const Vec7& error,
                 const Vec7& rate);

  void limit(Vec7* tau, const Vec7& error);

  ArmConfig config_;
  Vec7 inertia_;
  ControllerSettings settings_, wanted_;
  Handover handover_;
  Impedance impedance_;
  Vec7 integral_ = Vec7::Zero();
  Vec7 last_ = Vec7::Zero();
  std::array<int, kNumAxes> at_limit_{};
  bool start_impedance_ = true;
};

}  // namespace trocar
