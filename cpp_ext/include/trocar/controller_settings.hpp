// SPDX-License-Identifier: Apache-2.0
/// Which law drives the arm, and its gains: plain data that crosses to the tick through a mailbox.
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "trocar/types.hpp"

namespace trocar {

enum class ControlMode : std::int32_t {
  kComputedTorque = 0,  // stiff, with integral: the default (controller.hpp)
  kJointPd = 1,         // joint_pd.hpp
  kImpedance = 2,       // impedance.hpp
};

/// Gains of the two laws that have any of their own; the defaults are usable as they are.
struct ControllerSettings {
  ControlMode mode = ControlMode::kComputedTorque;
  /// Joint PD: N m/rad and N m s/rad, insertion N/m and N s/m.
  std::array<double, kNumAxes> kp{150.0, 150.0, 800.0, 0.8, 0.8, 0.8, 0.3};
  std::array<double, kNumAxes> kd{8.0, 8.0, 40.0, 0.02, 0.02, 0.02, 0.01};
  /// Impedance, base axes at the control point: N/m (x, y, z), N m/rad (x, y, z).
  std::array<double, 6> stiffness{500.0, 500.0, 500.0, 0.5, 0.5, 0.5};
  double damping_ratio = 0.8;
  /// Share of the modelled friction that measured motion is relieved of, so that the arm can be
  /// pushed lightly; below 1 the rest still brakes.
  double friction_share = 0.5;
};

static_assert(std::is_trivially_copyable_v<ControllerSettings>);

/// Largest gains that a 1 kHz loop holds on the lightest links (test_controller sweeps them):
/// natural frequency x 1 ms <= 0.15 (simulation reference, torque mode).
inline constexpr std::array<double, kNumAxes> kKpMax = {1000.0, 1000.0, 6000.0, 2.5, 4.0, 4.0, 1.5};
inline constexpr std::array<double, kNumAxes> kKdMax = {30.0, 30.0, 120.0, 0.06, 0.1, 0.1, 0.04};
inline constexpr double kStiffnessMax = 3000.0;   // N/m
inline constexpr double kTurnStiffnessMax = 2.0;  // N m/rad
inline constexpr double kDampingRatioMin = 0.3, kDampingRatioMax = 1.5;
inline constexpr double kFrictionShareMax = 0.9;

/// What is wrong with the settings, in words; nullptr where nothing is.
inline const char* find_fault(const ControllerSettings& s) {
  // Written so that a NaN makes a comparison false.
  const auto inside = [](double value, double low, double high) {
    return value >= low && value <= high;
  };
  if (s.mode != ControlMode::kComputedTorque && s.mode != ControlMode::kJointPd &&
      s.mode != ControlMode::kImpedance) {
    return "mode is none of COMPUTED_TORQUE, JOINT_PD, IMPEDANCE";
  }
  for (std::size_t i = 0; i < kNumAxes; ++i) {
    if (!inside(s.kp[i], 0.0, kKpMax[i])) {
      return "kp is out of range, allowed 0 to (1000, 1000, 6000, 2.5, 4, 4, 1.5) N m/rad, N/m";
    }
    if (!inside(s.kd[i], 0.0, kKdMax[i])) {
      return "kd is out of range, allowed 0 to (30, 30, 120, 0.06, 0.1, 0.1, 0.04) N m s/rad, "
             "N s/m";
    }
  }
  for (std::size_t i = 0; i < 6; ++i) {
    if (!inside(s.stiffness[i], 0.0, i < 3 ? kStiffnessMax : kTurnStiffnessMax)) {
      return "stiffness is out of range, allowed 0 to 3000 N/m and 0 to 2 N m/rad";
    }
  }
  if (!inside(s.damping_ratio, kDampingRatioMin, kDampingRatioMax)) {
    return "damping_ratio is out of range, allowed 0.3 to 1.5";
  }
  if (!inside(s.friction_share, 0.0, kFrictionShareMax)) {
    return "friction_share is out of range, allowed 0 to 0.9";
  }
  return nullptr;
}

}  // namespace trocar
