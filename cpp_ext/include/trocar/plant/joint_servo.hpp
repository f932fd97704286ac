// SPDX-License-Identifier: Apache-2.0
/// Drives any chain of up to eight joints to goals: jerk-limited profiles, computed torque with PD
/// and a bounded integral.
///
///   tau = M (a_ref + w^2 e + 2 z w de/dt) + C v_ref + g + friction(v_ref) + integral
///
/// It is what moves the ECM in the simulator until a full arm does.  One tick() a millisecond, from
/// one thread; nothing in it allocates or throws.
#pragma once

#include "trocar/guarded_move.hpp"
#include "trocar/plant/servo_settings.hpp"

namespace trocar {

/// What the plant does in the coming tick.
struct ServoOutput {
  ChainVec torque = ChainVec::Zero();  // N m, N
  bool brake = true;
};

class JointServo {
 public:
  /// `model` as the servo knows it, in an arm whose base stands at T_world_base; every range,
  /// velocity, acceleration and effort must be there (servo_fault_of).  Starts disabled.
  JointServo(const PlantModel& model, const Transform& T_world_base,
             const ServoSettings& settings = {});

  int size() const { return size_; }
  const PlantModel& model() const { return model_; }

  /// Brakes off from the next tick on, at rest where it then is; clears a fault.
  void enable();
  /// Controlled stop, then brakes.
  void disable() {
    hold();
    disabling_ = true;
  }
  /// Controlled stop, power stays.
  void hold() {
    stopping_ = true;
    has_news_ = false;
  }
  /// Go to q and rest there, from any state, from the next tick on; each joint by its own fastest
  /// way.  Where it is refused nothing changes, and *axis is the joint that is to blame.
  ServoRefusal move(const ChainVec& q, int* axis);

  /// Measured positions and speeds in, what the plant does out.
  ServoOutput tick(const ChainVec& q, const ChainVec& qd);

  bool is_enabled() const { return enabled_; }
  bool is_busy() const;  // moving or stopping
  ServoFault fault() const { return fault_; }
  int fault_axis() const { return fault_axis_; }
  ChainVec setpoint_q() const;
  ChainVec setpoint_qd() const;
  const ChainVec& goal() const { return goal_; }

 private:
  void start(const ChainVec& q);
  void plan();
  void step_reference();
  bool watch(const ChainVec& q, const ChainVec& qd);
  void let_go(ServoFault fault, int axis);
  ChainVec effort(const ChainVec& q, const ChainVec& qd);
  bool is_at_rest() const;

  PlantModel model_;
  ServoSettings settings_;
  int size_;
  std::array<AxisLimits, kMaxJoints> limits_{};
  std::array<AxisState, kMaxJoints> reference_{};
  std::array<GuardedMove, kMaxJoints> moves_{};
  std::array<bool, kMaxJoints> moving_{};
  std::array<int, kMaxJoints> late_{};  // ticks beyond the error's limit
  ChainVec inertia_ = ChainVec::Zero();
  ChainVec integral_ = ChainVec::Zero();
  ChainVec goal_ = ChainVec::Zero();
  ServoFault fault_ = ServoFault::kNone;
  int fault_axis_ = -1;
  bool enabled_ = false;
  bool starting_ = false;
  bool has_news_ = false;  // a goal that is not planned yet
  bool stopping_ = false;
  bool disabling_ = false;
};

}  // namespace trocar
