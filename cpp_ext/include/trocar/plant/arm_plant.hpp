// SPDX-License-Identifier: Apache-2.0
/// One simulated arm: rigid links, joints with friction, brakes and stops, cables, encoders.
///
/// One step() = one tick of 1 ms: the links' mass matrix and bias (chain_dynamics.hpp) at the true
/// state, the acceleration that the joints make of it (joint_mechanics.hpp), semi-implicit Euler
/// (speed first, then position with the new speed), then the cables (drive_train.hpp).
/// Deterministic; no allocation after the construction.
#pragma once

#include "trocar/plant/drive_train.hpp"
#include "trocar/plant/encoders.hpp"
#include "trocar/plant/joint_mechanics.hpp"
#include "trocar/plant/plant_faults.hpp"
#include "trocar/plant_supervisor.hpp"

namespace trocar {

/// What encoders and amplifiers say, one value an axis.
struct MeasuredJoints {
  ChainVec q, qd;  // rad, m
  ChainVec tau;    // N m, N: the motors' effort of the last tick
};

/// What the surroundings exert on the arm.
struct PlantLoad {
  Vec3 force = Vec3::Zero();   // N, on the control point, world axes
  Vec3 torque = Vec3::Zero();  // N m
  double grip = 0.0;           // N m along the jaw's axis, of an arm that has one
};

class ArmPlant {
 public:
  /// Faster than this an arm is unstable, not fast: rad/s, m/s.
  static constexpr double kSpeedMax = 100.0;

  /// At rest at the links' joints q, brakes on.  q inside the stops is the caller's affair.
  ArmPlant(const PlantModel& model, const Transform& T_world_base, const ChainVec& q,
           const EncoderSettings& encoders = {}, const DriveSettings& drive = {},
           std::uint64_t seed = 0);

  const PlantModel& model() const { return model_; }
  int size() const { return size_; }

  /// At rest at the links' joints q, brakes on, nothing pushing, no fault.  The encoders' noise
  /// goes on.
  void reset(const ChainVec& q);

  /// Draws fresh noise.
  MeasuredJoints measure();

  /// One tick under motor efforts, clipped to what the motors have, or under the brakes.  False:
  /// the arm diverged, unstable_axis() says where; it must be reset.
  bool step(const ChainVec& torque, bool brake);
  bool step(const PlantOutput& output);

  /// The first axis that is not finite, else the fastest of those beyond kSpeedMax; -1: none.
  int unstable_axis() const;

  /// From the next tick on, until the next call or a reset.
  void set_load(const PlantLoad& load) { load_ = load; }
  /// Effort of the load on each axis, J^T w: N m, N.
  ChainVec external_effort() const;

  PlantFaults& faults() { return faults_; }
  const PlantFaults& faults() const { return faults_; }

  const ChainVec& q_true() const { return drive_.q(); }       // of the links
  const ChainVec& qd_true() const { return drive_.speed(); }  // of the links
  const ChainVec& theta_true() const { return theta_; }       // of the motors
  const ChainVec& theta_dot_true() const { return theta_dot_; }
  const ChainVec& tau_applied() const { return tau_; }  // of the motors in the last tick
  bool braked() const { return braked_; }

  const Transform& T_world_base() const { return T_world_base_; }
  Transform T_world_link(int axis) const {
    return T_world_base_ * frames_.T_base_joint[static_cast<std::size_t>(axis)];
  }
  Transform T_world_cp() const { return T_world_link(model_.control_axis) * model_.T_axis_cp; }
  /// Twist (linear, angular) of the control point in world axes.
  Vec6 twist_world_cp() const;

  /// Of the links alone, at the true state: without motors and load.
  ChainMatrix rigid_mass_matrix() const;
  ChainVec bias_effort() const;  // C qd + g, N m, N

 private:
  AxisStops stops();
  void take_frames();

  PlantModel model_;
  ChainInertia links_;  // without motors, gravity as it is where the arm stands
  int size_;
  Transform T_world_base_;
  JointMechanics mechanics_;
  Encoders encoders_;
  DriveTrain drive_;
  PlantFaults faults_;
  PlantLoad load_;
  ChainFrames frames_;  // at q_true
  ChainVec theta_ = ChainVec::Zero();
  ChainVec theta_dot_ = ChainVec::Zero();
  ChainVec tau_ = ChainVec::Zero();
  ChainVec jammed_at_ = ChainVec::Zero();
  std::array<bool, kMaxJoints> was_stuck_{};
  bool braked_ = true;
};

}  // namespace trocar
