// SPDX-License-Identifier: Apache-2.0
/// A reference without an arm around it, commanded at random, and how near its limits it came.
#pragma once

#include <random>

#include "trocar/reference.hpp"

namespace rig {

using namespace trocar;

using Axes7 = std::array<AxisState, kNumAxes>;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr int kShare = 10;
#else
inline constexpr int kShare = 1;
#endif

struct Rig {
  explicit Rig(std::uint64_t seed) : random(seed) {
    Vec7 q = config.home_q;
    reference.reset(q);
  }

  double uniform(double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1p-53;
  }

  Vec6 joints() {
    Vec6 q;
    for (int i = 0; i < 6; ++i) q[i] = uniform(0.6 * config.q_min[i], 0.6 * config.q_max[i]);
    q[2] = uniform(0.08, 0.22);
    return q;
  }

  Transform tip() const {
    Vec6 q;
    for (int i = 0; i < 6; ++i) q[i] = reference.axes()[i].q;
    return psm::forward_kinematics(q);
  }

  void step() {
    now_ns += kTickNs;
    reference.step(now_ns);
  }

  /// At rest at these joints.
  void place(const Vec6& q) {
    Vec7 whole = config.home_q;
    whole.head<6>() = q;
    reference.reset(whole);
  }

  Outcome move_cp(const Transform& T) {
    MotionCommand c;
    c.kind = MotionKind::kMoveCp;
    Eigen::Map<Vec3>(c.position.data()) = T.p;
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data()) = T.R;
    return reference.command(c, now_ns);
  }

  void random_command() {
    const double kind = uniform(0.0, 1.0);
    MotionCommand c;
    const Vec6 q = joints();
    const Transform T = psm::forward_kinematics(q);
    c.kind = kind < 0.2   ? MotionKind::kServoJp
             : kind < 0.4 ? MotionKind::kServoCp
             : kind < 0.6 ? MotionKind::kMoveJp
             : kind < 0.9 ? MotionKind::kMoveCp
                          : MotionKind::kHold;
    Eigen::Map<Vec6>(c.joints.data()) = q;
    Eigen::Map<Vec3>(c.position.data()) = T.p;
    Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data()) = T.R;
    c.has_velocity = uniform(0.0, 1.0) < 0.5;
    for (double& v : c.velocity) v = uniform(-0.2, 0.2);
    reference.command(c, now_ns);
    JawCommand jaw;
    jaw.angle = uniform(-0.5, 1.2);
    jaw.is_move = kind < 0.5;
    reference.jaw(jaw, now_ns);
  }

  /// This tick's set-points bent by some later stage, in reach of the last ones.
  Axes7 bent(const Axes7& before) {
    Axes7 out;
    for (int i = 0; i < kNumAxes; ++i) {
      AxisLimits l = motion_limits(config, i);
      if (i == 2) l.q_min = 0.0607;
      out[i] = step_guarded(before[i], uniform(-1.0, 1.0) * l.a_max, l);
    }
    return out;
  }

  ArmConfig config;
  Reference reference{config};
  std::mt19937_64 random;
  std::int64_t now_ns = 1'000'000'000;
};

/// Largest shares of the limits of stops (the widest there are) in one tick, and of the range.
struct Worst {
  double v = 0.0, a = 0.0, j = 0.0, jump = 0.0, beyond = -1.0;

  void add(const Axes7& before, const Axes7& after, const ArmConfig& config) {
    for (int i = 0; i < kNumAxes; ++i) {
      const AxisLimits l = stop_limits(config, i);
      v = std::max(v, std::abs(after[i].v) / l.v_max);
      a = std::max(a, std::abs(after[i].a) / l.a_max);
      j = std::max(j, std::abs(after[i].a - before[i].a) / (l.j_max * kTickS));
      const double mean = 0.5 * (before[i].v + after[i].v) * kTickS;
      jump = std::max(
          jump, std::abs(after[i].q - before[i].q - mean) / (l.j_max * kTickS * kTickS * kTickS));
      beyond = std::max({beyond, l.q_min - after[i].q, after[i].q - l.q_max});
    }
  }
};

}  // namespace rig
