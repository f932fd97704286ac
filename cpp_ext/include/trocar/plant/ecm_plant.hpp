// SPDX-License-Identifier: Apache-2.0
/// The endoscope manipulator (Classic) as a plant of four axes.
///
/// Sources.  [Si] = ECM_Si_physical.json and PSM_Si_physical.json of sawIntuitiveResearchKit (the
/// outer links of both arms are the same castings); [IRK] = mtsIntuitiveResearchKit.h, endoscope
/// masses; [currents] = maximum current x gear x torque constant of ECM.json, which give the
/// efforts of ecm_models.hpp.  [assumed] = no published value; the reason stands beside it.
#pragma once

#include "trocar/ecm_models.hpp"
#include "trocar/plant/plant_model.hpp"

namespace trocar {

namespace ecm {

inline constexpr double kScopeMass = 1.5;  // kg, Classic SD [IRK]
inline constexpr double kScopeMassMax = 5.0;
/// m, centre of the scope along z of the insertion link [IRK], its camera head behind the RCM.
inline constexpr double kScopeCentre = -0.1;

/// Reflected motor inertia through the gears of [currents].
/// Yaw and pitch, 0.119 N m/A: [assumed] a 35 mm brushed motor.  Insertion, 0.0438 N m/A: the
/// PSM's 25 mm motor (dynamic_parameters.hpp).  Roll, 0.00495 N m/A: [assumed] a 13 mm motor.
inline constexpr double kRotorYawPitch = 6.5e-6;  // kg m2
inline constexpr double kRotorInsertion = 1.0e-6;
inline constexpr double kRotorRoll = 5.0e-8;
inline constexpr double kGearYawPitch = 240.0;
inline constexpr double kGearInsertion = 2748.55;  // 1/m
inline constexpr double kGearRoll = 300.15;

}  // namespace ecm

/// Masses of the moving links; `scope_mass` in kg is shared by insertion (a third: adapter and
/// carriage's part) and roll (the rest turns with the scope) [assumed], with one centre [IRK].
inline ChainInertia ecm_masses(double scope_mass) {
  ChainInertia m;
  // Yaw, pitch: masses [Si].  Centres [assumed] drawn in as the PSM's: the Classic arm is
  // counterbalanced; gravity then takes at most 42 % of the pitch motor's effort, with the
  // heavier HD scope of 2.5 kg [IRK] (test_plant.cpp).  Inertias
  // [assumed] as the PSM's links of the same size and mass.
  m.links[0] = {1.003, Vec3(-0.0117, 0.0068, 0.0), Vec3(6.0e-3, 6.0e-3, 6.0e-3).asDiagonal()};
  m.links[1] = {1.391 + 1.792 + 1.845, Vec3(0.008, -0.010, 0.004),
                Vec3(6.0e-2, 6.0e-2, 1.1e-1).asDiagonal()};
  // [assumed] a uniform rod of 0.3 m across, and along its axis a camera head of 60 mm.
  const double across = 0.3 * 0.3 / 12.0, along = 0.5 * 0.03 * 0.03;  // m2
  const double fixed = scope_mass / 3.0, turning = scope_mass - fixed;
  const Vec3 shape(across, across, along);
  m.links[2] = {fixed, Vec3(0.0, 0.0, ecm::kScopeCentre), (fixed * shape).asDiagonal()};
  m.links[3] = {turning, Vec3(0.0, 0.0, ecm::kScopeCentre - ecm::kScopeLength),
                (turning * shape).asDiagonal()};
  m.armature.head<4>() << ecm::kRotorYawPitch * ecm::kGearYawPitch * ecm::kGearYawPitch,
      ecm::kRotorYawPitch * ecm::kGearYawPitch * ecm::kGearYawPitch,
      ecm::kRotorInsertion * ecm::kGearInsertion * ecm::kGearInsertion,
      ecm::kRotorRoll * ecm::kGearRoll * ecm::kGearRoll;
  return m;
}

inline PlantModel ecm_plant(ecm::Scope scope, double scope_mass = ecm::kScopeMass) {
  PlantModel m;
  const ArmModel arm = ecm_model(scope);
  m.chain = chain_of(arm);
  m.T_axis_cp = m.chain.T_last_tip;
  m.control_axis = 3;
  set_limits_of_chain(&m);
  m.masses = ecm_masses(scope_mass);
  for (std::size_t i = 0; i < 4; ++i) {
    m.names[i] = arm.joint_names[i];
    m.acceleration_max[static_cast<int>(i)] = arm.acceleration_max[i];
  }
  // [assumed] as the PSM's: Coulomb 5 % of the maximum effort, viscous 5 % of it at full speed
  // (30 deg/s, 60 mm/s); the speeds keep the sign function smooth at rest.
  m.friction.coulomb.head<4>() << 1.35, 1.35, 4.0, 0.044;
  m.friction.viscous.head<4>() << 2.6, 2.6, 67.0, 0.084;
  m.friction.speed.head<4>() << 0.01, 0.01, 0.001, 0.01;
  m.friction.stribeck_speed = 10.0 * m.friction.speed;
  m.steeper[2] = 2.0;
  return m;
}

}  // namespace trocar
