// SPDX-License-Identifier: Apache-2.0
/// What a simulated arm is made of: its chain, masses, friction, motors, stops and names.
/// psm_plant.hpp and ecm_plant.hpp fill one; any other chain may.
#pragma once

#include <string>

#include "trocar/chain_dynamics.hpp"
#include "trocar/plant/axis_friction.hpp"

namespace trocar {

inline constexpr double kGravity = 9.81;  // m/s2, along -z of the world

/// Gravity in the base frame of an arm that stands in the world.
inline Vec3 gravity_in_base(const Transform& T_world_base) {
  return T_world_base.R.transpose() * Vec3(0.0, 0.0, -kGravity);
}

struct PlantModel {
  /// Its ranges are the controller's, its tip is not looked at: the control point is below.
  Chain chain;
  /// Armature included; gravity_base is not looked at, the plant takes it from where it stands.
  ChainInertia masses;
  AxisFriction friction;
  /// The plant's smooth sign is steeper by this than friction.speed, so that a controller's
  /// friction feed-forward is never an exact inverse of the plant.  Below that speed friction
  /// holds by creep: there is no true stiction.
  ChainVec steeper = ChainVec::Constant(5.0);
  ChainVec effort_max = ChainVec::Zero();        // N m, N: motors
  ChainVec brake_max = ChainVec::Zero();         // N m, N
  ChainVec stop_low = ChainVec::Zero();          // rad, m: mechanical stops
  ChainVec stop_high = ChainVec::Zero();         // rad, m
  ChainVec acceleration_max = ChainVec::Zero();  // rad/s2, m/s2: of a servo; 0: not known
  std::array<std::string, kMaxJoints> names;
  int control_axis = 0;  // the axis whose link carries the control point
  Transform T_axis_cp;   // the control point in that link's frame
  int grip_axis = -1;    // the axis of a jaw; -1: the arm has none

  int size() const { return joint_count(chain); }
};

/// A brake holds this many times the motor's maximum effort (assumed; no figure is published).
inline constexpr double kBrakeFactor = 2.0;

/// Mechanical stops stand beyond the controller's limits: joints are calibrated to about 1 deg, and
/// a limit of the software must never be held by a stop.  2 deg; prismatic 3 mm.
inline double stop_margin(JointType type) { return type == JointType::kPrismatic ? 0.003 : 0.035; }

/// Brakes, stops and motor limits from the chain's ranges and maxima.
inline void set_limits_of_chain(PlantModel* model) {
  for (int i = 0; i < model->size(); ++i) {
    const ChainJoint& joint = model->chain.joints[static_cast<std::size_t>(i)];
    model->effort_max[i] = joint.effort_max;
    model->brake_max[i] = kBrakeFactor * joint.effort_max;
    model->stop_low[i] = joint.q_min - stop_margin(joint.type);
    model->stop_high[i] = joint.q_max + stop_margin(joint.type);
  }
}

}  // namespace trocar
