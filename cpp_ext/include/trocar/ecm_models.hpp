// SPDX-License-Identifier: Apache-2.0
/// The endoscope manipulator (Classic) with straight and 30 degree scopes.
/// Source: jhu-dvrk/sawIntuitiveResearchKit, share/kinematic/ECM.json; the tool rotation and the
/// scopes: core/components/code/mtsIntuitiveResearchKitECM.cpp.
///
/// A slanted scope turns the view by 30 deg about the image's horizontal axis, x of the straight
/// scope's frame, whose origin stays on the shaft.  That axis is the one that the arm's own pitch
/// turns the picture about at roll 0, which is what makes the slant up or down and not sideways;
/// the extra rotation therefore comes after the tool rotation, as in the controller.  (The
/// reference's golden vectors have straight scopes only.)
#pragma once

#include "trocar/arm_model.hpp"

namespace trocar {

namespace ecm {

inline constexpr double kPi = 3.14159265358979323846;
inline constexpr double kInsertionOffset = 0.3822;  // m, row 3
inline constexpr double kScopeLength = 0.3829;      // m, row 4
/// RCM to the scope's end along the shaft is q3 + kTipOffset.
inline constexpr double kTipOffset = kScopeLength - kInsertionOffset;  // 0.7 mm
inline constexpr double kSlant = kPi / 6.0;

enum class Scope : std::int32_t { kStraight = 0, kUp = 1, kDown = 2 };

/// Angle about x of the straight scope's frame, rad.
inline double view_tilt(Scope scope) {
  return scope == Scope::kUp ? -kSlant : scope == Scope::kDown ? kSlant : 0.0;
}

}  // namespace ecm

inline ArmModel ecm_model(ecm::Scope scope) {
  const double h = 0.5 * ecm::kPi, degree = ecm::kPi / 180.0;
  ArmModel m;
  m.name = scope == ecm::Scope::kUp     ? "ECM_30_UP"
           : scope == ecm::Scope::kDown ? "ECM_30_DOWN"
                                        : "ECM_0";
  m.description = scope == ecm::Scope::kUp     ? "ECM Classic with a 30 degree scope looking up"
                  : scope == ecm::Scope::kDown ? "ECM Classic with a 30 degree scope looking down"
                                               : "ECM Classic with a straight scope";
  m.size = 4;
  const JointType turns = JointType::kRevolute;
  // Trajectory generator of the dVRK: 30 deg/s, insertion 60 mm/s.
  m.rows[0] = {turns, h, 0.0, 0.0, h, -1.5708, 1.5708, 30.0 * degree, 26.93208};
  m.rows[1] = {turns, -h, 0.0, 0.0, -h, -0.76794, 1.1344, 30.0 * degree, 26.93208};
  m.rows[2] = {
      JointType::kPrismatic, h, 0.0, -ecm::kInsertionOffset, 0.0, 0.0, 0.255, 0.060, 80.6589483};
  m.rows[3] = {turns, 0.0, 0.0, ecm::kScopeLength, 0.0, -1.552, 1.552, 30.0 * degree, 0.87658808};
  m.acceleration_max = {h, h, 0.060, h};  // 90 deg/s2, 60 mm/s2
  m.joint_names = {"yaw", "pitch", "insertion", "roll"};
  m.R_last_tool = {0, 1, 0, -1, 0, 0, 0, 0, 1};
  m.view_tilt = ecm::view_tilt(scope);
  m.tips[0] = {"camera", 0.0};
  return m;
}

}  // namespace trocar
