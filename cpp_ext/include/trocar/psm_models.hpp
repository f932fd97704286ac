// SPDX-License-Identifier: Apache-2.0
/// The two generations of the patient-side manipulator with their Large Needle Driver.
/// Source: jhu-dvrk/sawIntuitiveResearchKit, share/kinematic/PSM.json and PSM_Si.json,
/// share/tool/LARGE_NEEDLE_DRIVER_{400006,420006}.json.
///
/// The generations differ in range, effort, and where insertion and shaft are counted from; the
/// wrist-pitch axis is q3 - 15.6 mm past the RCM in both (0.4318 - 0.4162 = 0.4826 - 0.4670), so
/// one set of equations (kinematics.hpp, ik.hpp) serves both, with the limits of either.
#pragma once

#include "trocar/arm_model.hpp"
#include "trocar/psm_model.hpp"

namespace trocar {

namespace psm_si {

/// Range: rad, insertion m; wrist and roll are the instrument's.
inline constexpr psm::Axes kQMin = {-2.964, -1.265, 0.0, -4.53786, -1.39626, -1.39626, -0.349066};
inline constexpr psm::Axes kQMax = {2.964, 1.301, 0.290, 4.53786, 1.39626, 1.39626, 1.39626};
inline constexpr psm::Axes kEffortMax = {17.0845, 17.0845, 40.9063, 0.33, 0.25, 0.20, 0.16};
inline constexpr double kInsertionOffset = 0.4826;  // m, row 3
inline constexpr double kShaftLength = 0.4670;      // m, row 4

}  // namespace psm_si

/// A PSM by what differs between its generations.
inline ArmModel psm_model(const char* name, const char* description, double insertion_offset,
                          double shaft_length, const psm::Axes& q_min, const psm::Axes& q_max,
                          const psm::Axes& effort_max) {
  const double h = 0.5 * psm::kPi;
  ArmModel m;
  m.name = name;
  m.description = description;
  m.size = kNumJoints;
  m.rows[0] = {JointType::kRevolute, h, 0.0, 0.0, h};
  m.rows[1] = {JointType::kRevolute, -h, 0.0, 0.0, -h};
  m.rows[2] = {JointType::kPrismatic, h, 0.0, -insertion_offset, 0.0};
  m.rows[3] = {JointType::kRevolute, 0.0, 0.0, shaft_length, 0.0};
  m.rows[4] = {JointType::kRevolute, -h, 0.0, 0.0, -h};
  m.rows[5] = {JointType::kRevolute, -h, psm::kWristLength, 0.0, -h};
  for (std::size_t i = 0; i < kNumJoints; ++i) {
    m.rows[i].q_min = q_min[i];
    m.rows[i].q_max = q_max[i];
    m.rows[i].velocity_max = psm::kVelocityMax[i];
    m.rows[i].effort_max = effort_max[i];
    m.acceleration_max[i] = psm::kAccelerationMax[i];
  }
  m.joint_names = {"yaw", "pitch", "insertion", "roll", "wrist_pitch", "wrist_yaw"};
  m.R_last_tool = {0, -1, 0, 0, 0, 1, -1, 0, 0};
  // The jaw tip: dvrk_model, urdf/common/instruments/tip, family 006.
  m.tips = {TipFrame{"control_point", 0.0}, TipFrame{"jaw_tip", psm::kJawTipOffset}};
  m.grip = {"jaw",        q_min[6], q_max[6], psm::kVelocityMax[6], psm::kAccelerationMax[6],
            effort_max[6]};
  m.coupling = Coupling::kNeedleDriver;
  return m;
}

inline ArmModel psm_classic() {
  return psm_model("PSM_LND_400006", "PSM Classic with the Large Needle Driver 400006",
                   psm::kInsertionOffset, psm::kShaftLength, psm::kQMin, psm::kQMax,
                   psm::kEffortMax);
}

inline ArmModel psm_si_model() {
  return psm_model("PSM_SI_LND_420006", "PSM Si with the Large Needle Driver 420006",
                   psm_si::kInsertionOffset, psm_si::kShaftLength, psm_si::kQMin, psm_si::kQMax,
                   psm_si::kEffortMax);
}

}  // namespace trocar
