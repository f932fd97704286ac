// SPDX-License-Identifier: Apache-2.0
/// The PSM Classic with its jaw as a plant of seven axes, from DynamicParameters.
#pragma once

#include "trocar/dynamic_parameters.hpp"
#include "trocar/plant/plant_model.hpp"
#include "trocar/psm_models.hpp"

namespace trocar {

/// Link frames are the DH frames of psm_model.hpp; the jaw's is row 6 turned about its z.
inline PlantModel psm_plant(const DynamicParameters& p) {
  PlantModel m;
  const ArmModel psm = psm_classic();
  m.chain = chain_of(psm);
  m.T_axis_cp = m.chain.T_last_tip;
  m.control_axis = kNumJoints - 1;
  m.grip_axis = kNumJoints;
  m.chain.size = kNumAxes;
  m.chain.T_last_tip = {};
  ChainJoint& jaw = m.chain.joints[kNumJoints];
  jaw.q_min = psm.grip.q_min;
  jaw.q_max = psm.grip.q_max;
  jaw.velocity_max = psm.grip.velocity_max;
  jaw.effort_max = psm.grip.effort_max;
  set_limits_of_chain(&m);
  for (int i = 0; i < kNumAxes; ++i) {
    const auto n = static_cast<std::size_t>(i);
    m.masses.links[n] = {p.mass[i], p.com.row(i).transpose(), p.inertia_matrix(i)};
    m.names[n] = i < kNumJoints ? psm.joint_names[n] : psm.grip.name;
    m.acceleration_max[i] = i < kNumJoints ? psm.acceleration_max[n] : psm.grip.acceleration_max;
  }
  m.masses.armature.head<kNumAxes>() = p.armature;
  m.friction.viscous.head<kNumAxes>() = p.viscous;
  m.friction.coulomb.head<kNumAxes>() = p.coulomb;
  m.friction.speed.head<kNumAxes>() = p.friction_speed;
  m.friction.stribeck.head<kNumAxes>() = p.stribeck;
  m.friction.stribeck_speed.head<kNumAxes>() = p.stribeck_speed;
  m.steeper[2] = 2.0;  // insertion: 5e-4 m/s; the others 2e-3 rad/s, wrist and jaw 1e-2 rad/s
  return m;
}

}  // namespace trocar
