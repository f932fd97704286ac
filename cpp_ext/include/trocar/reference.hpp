// SPDX-License-Identifier: Apache-2.0
/// The reference of one arm: from the newest command to set-points within every limit.
///
/// Joints and jaw are independent.  Whatever the mode, each axis goes through axis_profile.hpp, so
/// velocity, acceleration and range hold in every tick and every motion can be stopped or
/// retargeted at any tick.  Stops brake at velocity_max / stop_time_s.
#pragma once

#include <array>

#include "trocar/arm_command.hpp"
#include "trocar/arm_config.hpp"
#include "trocar/arm_state.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/extrapolation.hpp"
#include "trocar/line_path.hpp"
#include "trocar/set_point_stream.hpp"

namespace trocar {

struct Outcome {
  Verdict verdict = Verdict::kAccepted;
  Reason reason = Reason::kNone;
};

class Reference {
 public:
  explicit Reference(const ArmConfig& config);

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

  const std::array<AxisState, kNumAxes>& axes() const { return axes_; }
  Vec7 goal() const;
  bool is_busy() const { return busy_ || jaw_busy_; }
  bool is_stale() const { return stale_; }
  bool is_at_rest() const;
  Source source() const { return source_; }

 private:
  enum class Mode { kHold, kStream, kJoints, kPose, kMove, kLine };
  enum class JawMode { kHold, kStream, kMove };
  struct Target {
    Vec6 q;
    Vec6 v;
  };

  Outcome servo_jp(const MotionCommand& c, std::int64_t now_ns);
  Outcome servo_cp(const MotionCommand& c, std::int64_t now_ns);
  Outcome move_jp(const Vec6& goal, Outcome outcome);
  Outcome move_cp(const Transform& goal, Outcome outcome);
  Outcome limit_goal(Vec6* goal) const;
  Outcome check_distance(const Vec6& goal, const Vec6& velocity, Outcome outcome) const;
  void begin_servo(const MotionCommand& c, const Vec6& goal, Mode mode, std::int64_t now_ns);
  void age(std::int64_t now_ns);
  Horizon horizon() const;
  double rate() const;
  Vec6 q() const;
  Vec6 v() const;
  Vec6 extrapolated_joints(double age_s) const;
  Vec6 extrapolated_pose(double age_s) const;
  Target target(std::int64_t now_ns);
  void step_joints(std::int64_t now_ns);
  void step_jaw(std::int64_t now_ns);
  void scale_move_limits(const Vec6& goal);

  ArmConfig config_;
  JointRange range_;
  std::array<AxisState, kNumAxes> axes_{};
  std::array<AxisLimits, kNumAxes> limits_{};
  std::array<double, kNumAxes> deceleration_{};

  Mode mode_ = Mode::kHold;
  Source source_ = Source::kNone;
  SetPointStream<kNumJoints> stream_;
  LinePath line_;
  Vec6 goal_ = Vec6::Zero();      // newest goal, inside the limits
  Vec6 velocity_ = Vec6::Zero();  // qd or twist of the newest set-point
  Vec6 target_v_ = Vec6::Zero();  // of the last tick, and its smoothed change
  Vec6 target_a_ = Vec6::Zero();
  Transform pose_;  // of the newest Cartesian set-point
  std::array<AxisLimits, kNumJoints> move_limits_{};
  std::int64_t arrival_ns_ = 0;
  std::int64_t stamp_ns_ = 0;
  bool busy_ = false;
  bool stale_ = false;

  JawMode jaw_mode_ = JawMode::kHold;
  SetPointStream<1> jaw_stream_;
  double jaw_goal_ = 0.0;
  std::int64_t jaw_arrival_ns_ = 0;
  Source jaw_source_ = Source::kNone;
  bool jaw_busy_ = false;
};

}  // namespace trocar
