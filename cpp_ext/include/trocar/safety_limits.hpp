// SPDX-License-Identifier: Apache-2.0
/// Bounds of the safety unit that are not limits of the arm itself; `ArmConfig::safety`.
#pragma once

#include "trocar/types.hpp"

namespace trocar {

struct SafetyLimits {
  /// Measured speed over velocity_max: tracking overshoots its set-point, a run-away goes on.
  double overspeed_margin = 1.5;
  /// Measured acceleration over max(acceleration_max, velocity_max / stop_time_s), the hardest that
  /// is commanded.  What is left below is friction, contact and the encoder's noise.
  double overacceleration_margin = 10.0;
  /// Measured effort over effort_max, which outputs never exceed.
  double overeffort_margin = 1.25;
  /// rad, m beyond q_min..q_max; the mechanical stops stand 1 to 2 deg beyond.
  Vec7 model_range_margin = (Vec7() << 0.1, 0.1, 0.015, 0.1, 0.1, 0.1, 0.1).finished();
  /// m, shaft line to trocar.  Forces on the wall become harmful beyond about 20 mm (arXiv
  /// 2503.13011); half of it.
  double rcm_drift_max = 0.010;
  /// m, measured depth in a forbidden region.  The set-point keeps 0.05 mm, the arm 0.5 mm.
  double fixture_breach_max = 0.002;
  /// Deadlines missed without a break (the 30 ms watchdog of the plant side should have acted)...
  int missed_consecutive_max = 30;
  /// ...and among the last 1000 ticks: beyond a quarter the loop is none of 1 kHz any more.
  int missed_window_max = 250;
  /// Change of the set-point in one tick, over what velocity and acceleration limits allow.  For
  /// errors of the code, not for shaping: 1 would trip over rounding.
  double setpoint_margin = 1.5;
  /// s; a controlled stop takes stop_time_s and what the jerk limit adds.  The plant side brakes
  /// 0.5 s after an emergency stop anyway.
  double stop_overrun_s = 0.75;
};

}  // namespace trocar
