// SPDX-License-Identifier: Apache-2.0
/// Limits, gains and ages of one arm, with the source of every default.
#pragma once

#include "trocar/dynamics.hpp"
#include "trocar/fault_table.hpp"
#include "trocar/psm_model.hpp"
#include "trocar/safety_limits.hpp"

namespace trocar {

/// Axes are the six joints, then the jaw.  Written before the arm is made; the tick only reads it.
struct ArmConfig {
  // Range (rad, m), velocity and effort: psm_model.hpp.
  Vec7 q_min = psm::vector(psm::kQMin);
  Vec7 q_max = psm::vector(psm::kQMax);
  Vec7 velocity_max = psm::vector(psm::kVelocityMax);
  /// The dVRK limits only trajectories and lets servo commands through as they are.  Here nothing
  /// goes unlimited: servo has three times the trajectory limit (an operator's hand needs it, and
  /// 4.7 rad/s2 takes a fifth of the effort), moves have the dVRK's own, a third of this.
  Vec7 acceleration_max = 3.0 * psm::vector(psm::kAccelerationMax);
  double move_acceleration_share = 1.0 / 3.0;
  /// rad/s3, m/s3.  The dVRK bounds no jerk.  Here the full acceleration is there within 5 ms, one
  /// period of a 200 Hz stream, so that such a stream is followed kink by kink; libfranka allows
  /// 2 ms (rate_limiting.h: 5000 rad/s3 for 10 rad/s2).  Moves have their share of it.
  Vec7 jerk_max = 200.0 * 3.0 * psm::vector(psm::kAccelerationMax);
  Vec7 effort_max = psm::vector(psm::kEffortMax);
  /// Stops (hold, pause, disable, fault) brake from full speed within this time, so harder than
  /// motions accelerate, and jerk-limited too (reference_limits.hpp): 30 mm/s end in 32 ms and a
  /// full-speed stop before the plant's own 500 ms.
  double stop_time_s = 0.2;

  /// rad/s.  Stable for natural_frequency * 1 ms <= 0.15 (simulation reference, torque mode).
  Vec7 natural_frequency = Vec7::Constant(70.0);
  double damping_ratio = 1.0;
  /// Integral gain = ratio * natural_frequency^3; below 2 * damping_ratio it is stable (Routh).
  double integral_ratio = 0.3;
  /// Bound of the integral's torque as a share of effort_max.
  double integral_share = 0.35;

  /// 1/s: gain of the external-force observer; 100 is a time constant of 10 ms.  Speed noise of
  /// 5e-4 rad/s then gives 5e-3 N m on the outer joints, and a push at 1 Hz lags by 6 % of itself.
  Vec7 observer_gain = Vec7::Constant(100.0);

  /// Tighter than the dVRK's (0.5 rad, 0.05 m, 0.6 rad; share/pid), which tunes for cable arms.
  Vec7 tracking_error_max = (Vec7() << 0.1, 0.1, 0.02, 0.4, 0.4, 0.4, 0.5).finished();
  int tracking_error_ticks = kTrackingErrorTicks;  // debounce
  int effort_limit_ticks = kEffortLimitTicks;      // that long at the limit is a fault
  /// A position may not change by more than this many times velocity_max * dt.
  double encoder_jump_margin = 5.0;
  SafetyLimits safety;

  /// q3 = 0.12 m: where the dVRK homes to.
  Vec7 home_q = (Vec7() << 0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0).finished();

  DynamicParameters dynamics;

  // Ages in s: design.md, section 2, "Losing a command source".
  double crtk_stale_s = 0.100;
  double operator_hold_s = 0.100;
  double follow_extrapolate_s = 2.5 / 15.0;  // 2.5 and 4 periods of the default 15 Hz
  double follow_hold_s = 4.0 / 15.0;

  /// Straight moves (move_cp): m/s, m/s2, rad/s, rad/s2; joints may slow them further.
  double line_velocity = 0.10;
  double line_acceleration = 0.20;
  double turn_velocity = 1.5;
  double turn_acceleration = 3.0;

  /// 1/s: how fast the reference closes on its target, within velocity and acceleration limits.
  /// Lower for images, whose targets step by their noise.
  double approach_rate = 60.0;
  double approach_rate_follow = 25.0;

  /// m, taken off the shaft's clearance from a forbidden region: instruments of 8 mm.
  double shaft_radius = 0.004;
};

}  // namespace trocar
