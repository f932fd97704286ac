// SPDX-License-Identifier: Apache-2.0
/// A straight line of the control point with a turn about one axis (slerp), as joint states.
///
/// p(t) = p0 + s(t) d + r(t),  R(t) = exp(r_w(t)) exp(s(t) w) R0: one jerk-limited parameter s
/// (axis_move.hpp) inside what every joint can do along the whole line (line_limits.hpp), and an
/// offset r for what the tip still had of another motion (carried_motion.hpp).  From rest r = 0:
/// the line is straight to rounding.  A stop goes on along the line.
#pragma once

#include "trocar/carried_motion.hpp"
#include "trocar/joint_range.hpp"
#include "trocar/line_limits.hpp"

namespace trocar {

using JointStates = std::array<AxisState, kNumJoints>;

class LinePath {
 public:
  /// From the motion `axes` (six at least) to `goal` (base frame).  Anything but kNone: the line
  /// leaves what the joints can do, and the path is as it was.
  Reason plan(const std::array<AxisState, kNumAxes>& axes, const Transform& goal,
              const ArmConfig& config, const JointRange& range);

  /// The next tick's joint states on the path.
  JointStates next();

  /// The arm went elsewhere: what it has beyond the line is carried from now on.
  void carry(const std::array<AxisState, kNumAxes>& axes);

  /// Come to rest on the line, braking as stops do; false where that takes longer than `longest`
  /// (s) or the arm is not on the line.
  bool stop(double longest);

  const Vec6& end_q() const { return end_q_; }
  bool done() const { return t_ >= s_.duration() && t_ >= carried_.duration(); }

 private:
  static constexpr double kTiny = 1e-9;
  static constexpr double kStep = 2e-5;  // s, of the differences that give qd and qdd
  static constexpr double kArm = 0.1;    // m: a radian weighs as much as a decimetre
  static constexpr double kHalfTurn = 3.14159265358979323846;

  Transform on_line(double s) const;

  Vec6 inverse(double t) const;

  /// What of the motion goes along the new line (returned, in s) and what is carried.
  AxisState split(const TipMotion& now, const Transform& goal);

  /// Part of the motion along the line; none where it could not stop before the end.
  AxisState along(const TipMotion& now) const;

  AxisLimits cartesian_limits() const;

  Reason sample();

  psm::IkResult inverse_at(double s, const Vec6& seed) const;

  const ArmConfig* config_ = nullptr;  // of the Reference that owns the path
  const JointRange* range_ = nullptr;
  Transform start_;
  Vec3 shift_ = Vec3::Zero();
  Vec3 turn_ = Vec3::Zero();
  Vec6 q_ = Vec6::Zero();  // newest joints: seed of the next inverse
  Vec6 end_q_ = Vec6::Zero();
  LineLimits joint_limits_;
  AxisLimits limits_{};  // of s
  AxisMove s_;
  CarriedMotion carried_;
  double t_ = 0.0;
};

}  // namespace trocar
