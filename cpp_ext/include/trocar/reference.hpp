// SPDX-License-Identifier: Apache-2.0
/// The reference of one arm: from the newest command to set-points within every limit.
///
/// Joints and jaw are independent.  Whatever the mode, each axis keeps position, velocity,
/// acceleration and jerk limits in every tick, and every motion can be stopped or retargeted at any
/// tick: streams follow axis_profile.hpp, moves play axis_move.hpp, straight lines line_path.hpp.
/// Stops have limits of their own (reference_limits.hpp).
#pragma once

#include <array>

#include "trocar/arm_command.hpp"
#include "trocar/arm_config.hpp"
#include "trocar/arm_state.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/joint_move.hpp"
#include "trocar/line_path.hpp"
#include "trocar/pose_extrapolator.hpp"
#include "trocar/set_point_stream.hpp"

namespace trocar {

struct Outcome {
  Verdict verdict = Verdict::kAccepted;
  Reason reason = Reason::kNone;
};

class Reference {
 public:
  explicit Reference(const ArmConfig& config);
  Reference(const Reference&) = delete;  // the line looks at the configuration
  Reference& operator=(const Reference&) = delete;

  /// At rest at `q`, holding.
  void reset(const Vec7& q);

  /// Braking from where the arm is and as fast as it moves (clipped to velocity_max).
  void restart(const Vec7& q, const Vec7& qd);

  /// Take a motion command (finite, allowed now); `now_ns` is the tick's stamp.
  Outcome command(const MotionCommand& c, std::int64_t now_ns);
  Outcome jaw(const JawCommand& c, std::int64_t now_ns);

  /// Move joints and jaw to home_q.
  void home();

  /// Brake and stay; `jaw_too` also stops the jaw.
  void hold(bool jaw_too = true);

  /// One tick.
  void step(std::int64_t now_ns);

  /// The set-points that were really used, where a later stage bent this tick's: the next tick
  /// goes on from there.
  void accept(const std::array<AxisState, kNumAxes>& axes);

  const std::array<AxisState, kNumAxes>& axes() const { return axes_; }
  Vec7 goal() const;
  bool is_busy() const { return busy_ || jaw_busy_; }
  bool is_stale() const { return stale_; }
  bool is_at_rest() const;
  Source source() const { return source_; }

 private:
  enum class Mode { kHold, kStream, kJoints, kPose, kMove, kLine, kLineStop };
  enum class JawMode { kHold, kStream, kMove };
  struct Target {
    Vec6 q;
    Vec6 v;
  };

  Outcome servo_jp(const MotionCommand& c, std::int64_t now_ns);
  Outcome servo_cp(const MotionCommand& c, std::int64_t now_ns);
  Outcome move_jp(const Vec6& goal, Outcome outcome);
  Outcome move_cp(const Transform& goal, Outcome outcome);
  void begin_move(const Vec6& goal);
  void begin_jaw_move(double goal);
  Outcome limit_goal(Vec6* goal) const;
  Outcome check_distance(const Vec6& goal, const Vec6& velocity, Outcome outcome) const;
  void begin_servo(const MotionCommand& c, const Vec6& goal, Mode mode, std::int64_t now_ns);
  void age(std::int64_t now_ns);
  Horizon horizon() const;
  double rate() const;
  Vec6 q() const;
  AxisLimits limits(int axis) const;
  std::array<AxisLimits, kNumAxes> all_limits() const;
  Vec6 extrapolated_joints(double age_s) const;
  Vec6 extrapolated_pose(double age_s) const;
  Target target(std::int64_t now_ns);
  void step_joints(std::int64_t now_ns);
  void step_hold();
  void step_line();
  void step_jaw();

  ArmConfig config_;
  JointRange range_;
  std::array<AxisState, kNumAxes> axes_{};
  std::array<AxisLimits, kNumAxes> limits_{};
  std::array<AxisLimits, kNumAxes> stop_limits_{};

  Mode mode_ = Mode::kHold;
  Source source_ = Source::kNone;
  SetPointStream<kNumJoints> stream_;
  JointMove move_;
  LinePath line_;
  Vec6 goal_ = Vec6::Zero();      // newest goal, inside the limits
  Vec6 velocity_ = Vec6::Zero();  // qd or twist of the newest set-point
  Vec6 target_v_ = Vec6::Zero();  // of the last tick, and its smoothed change
  Vec6 target_a_ = Vec6::Zero();
  PoseExtrapolator pose_;  // of the newest Cartesian set-point
  std::int64_t arrival_ns_ = 0;
  std::int64_t stamp_ns_ = 0;
  bool busy_ = false;
  bool stale_ = false;

  JawMode jaw_mode_ = JawMode::kHold;
  SetPointStream<1> jaw_stream_;
  GuardedMove jaw_move_;
  double jaw_goal_ = 0.0;
  std::int64_t jaw_arrival_ns_ = 0;
  Source jaw_source_ = Source::kNone;
  bool jaw_busy_ = false;
};

}  // namespace trocar
