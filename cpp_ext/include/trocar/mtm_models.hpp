// SPDX-License-Identifier: Apache-2.0
/// The two master tool manipulators: seven joints, standard DH, mirrored ranges.
/// Source: jhu-dvrk/sawIntuitiveResearchKit, share/kinematic/MTML.json and MTMR.json.  The elbow's
/// comment there says -35..48 deg, its radians -50..35 deg; the radians are what runs.
#pragma once

#include "trocar/arm_model.hpp"

namespace trocar {

inline ArmModel mtm_model(bool left) {
  const double pi = 3.14159265358979323846, h = 0.5 * pi, degree = pi / 180.0;
  const JointType turns = JointType::kRevolute;
  const double v = 90.0 * degree;  // trajectory generator: 90 deg/s, roll 360 deg/s
  ArmModel m;
  m.name = left ? "MTML" : "MTMR";
  m.description = left ? "Left master tool manipulator" : "Right master tool manipulator";
  m.convention = DhConvention::kStandard;
  m.size = 7;
  m.rows[0] = {turns, h, 0.0, 0.0, -h, -65.0 * degree, 40.0 * degree, v, 1.86082986};
  m.rows[1] = {turns, 0.0, 0.2794, 0.0, -h, -18.0 * degree, 65.0 * degree, v, 3.21661506};
  m.rows[2] = {turns, -h, 0.3645, 0.0, h, -0.872665, 0.610865, v, 1.95978284};
  m.rows[3] = {turns, h, 0.0, 0.1506, 0.0, -95.0 * degree, 205.0 * degree, v, 0.30901338};
  m.rows[4] = {turns, -h, 0.0, 0.0, 0.0, -95.0 * degree, 185.0 * degree, v, 0.09684378};
  m.rows[5] = {turns, h, 0.0, 0.0, -h, -45.0 * degree, 45.0 * degree, v, 0.09684378};
  m.rows[6] = {turns, 0.0, 0.0, 0.0, h, -480.0 * degree, 450.0 * degree, 4.0 * v, 0.02287592};
  if (left) {
    m.rows[0].q_min = -40.0 * degree, m.rows[0].q_max = 65.0 * degree;
    m.rows[1].q_min = -15.0 * degree;
    m.rows[3].q_min = -205.0 * degree, m.rows[3].q_max = 95.0 * degree;
  }
  m.acceleration_max.fill(45.0 * degree);
  m.acceleration_max[6] = 360.0 * degree;
  m.joint_names = {"outer_yaw",   "shoulder_pitch", "elbow_pitch", "wrist_platform",
                   "wrist_pitch", "wrist_yaw",      "wrist_roll"};
  m.tips[0] = {"grip", 0.0};
  m.grip.name = "gripper";  // a Hall sensor, no motor
  m.grip.q_max = 60.0 * degree;
  m.coupling = Coupling::kMtm;
  return m;
}

}  // namespace trocar
