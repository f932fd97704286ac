// SPDX-License-Identifier: Apache-2.0
/// Gains and limits of a JointServo, and its words.
#pragma once

#include <cmath>

#include "trocar/fault_table.hpp"
#include "trocar/plant/plant_model.hpp"

namespace trocar {

struct ServoSettings {
  /// rad/s.  Stable for natural_frequency * 1 ms <= 0.15 (simulation reference, torque mode).
  double natural_frequency = 40.0;
  double damping_ratio = 1.0;
  /// Integral gain = ratio * natural_frequency^3; below 2 * damping_ratio it is stable (Routh).
  double integral_ratio = 0.3;
  double integral_share = 0.35;  // of effort_max: bound of the integral's effort
  /// s in which a motion builds its full acceleration up [assumed: no shaking picture; the dVRK
  /// bounds no jerk].
  double rise_s = 0.05;
  /// As an arm's outer joints (arm_config.hpp), for kTrackingErrorTicks.
  double turn_error_max = 0.1;    // rad
  double slide_error_max = 0.02;  // m
};

/// Why a goal was not taken.
enum class ServoRefusal : std::int32_t { kNone, kNotEnabled, kNotFinite, kOutOfRange };

/// Why the servo let go: brakes on until enabled again.
enum class ServoFault : std::int32_t { kNone, kNonFinite, kTrackingError };

inline const char* describe(ServoFault fault) {
  switch (fault) {
    case ServoFault::kNone:
      return "no fault";
    case ServoFault::kNonFinite:
      return "a measured or computed value was not finite: brakes on; enable";
    case ServoFault::kTrackingError:
      return "a joint did not follow its set-point: it may be blocked; brakes on; enable";
  }
  return "unknown fault";
}

/// What of a model a servo cannot work with, or nullptr; *axis says which.
inline const char* servo_fault_of(const PlantModel& model, int* axis) {
  for (*axis = 0; *axis < model.size(); ++*axis) {
    const ChainJoint& j = model.chain.joints[static_cast<std::size_t>(*axis)];
    if (!std::isfinite(j.q_min) || !std::isfinite(j.q_max)) return "its range must be finite";
    if (!(j.velocity_max > 0.0)) return "its velocity_max must be known (> 0)";
    if (!(model.acceleration_max[*axis] > 0.0)) return "its acceleration_max must be known (> 0)";
    if (!(model.effort_max[*axis] > 0.0)) return "its effort_max must be known (> 0)";
  }
  return nullptr;
}

}  // namespace trocar
