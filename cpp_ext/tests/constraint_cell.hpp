// SPDX-License-Identifier: Apache-2.0
/// A homed arm before forbidden regions, pushed about.
#pragma once

#include <doctest/doctest.h>

#include "bench.hpp"
#include "fixtures.hpp"

namespace bench {

using namespace fixtures;

inline constexpr double kSpeed = 0.02;      // m/s, of the goal's figures
inline constexpr double kBreach = 0.05e-3;  // m
inline const Vec6 kStart = (Vec6() << 0.1, -0.1, 0.13, 0.2, 0.1, -0.1).finished();

/// A homed arm at kStart.
struct Cell : Bench {
  Cell() {
    home();
    arm->post(joints(MotionKind::kMoveJp, kStart));
    run(3000);
    tip = psm::forward_kinematics(setpoint(state));
    arm->take_results();
  }

  void fix(const std::vector<FixturePost>& posts) {
    int index = 0;
    REQUIRE(arm->set_fixtures(posts, &index) == nullptr);
  }

  /// Servo the control point along `direction` at `speed` for `ticks`; the deepest breach.
  double push(const Vec3& direction, int duration, double speed = kSpeed) {
    double deepest = 0.0;
    for (int k = 0; k < duration; ++k) {
      if (k % 5 == 0) {
        Transform T = tip;
        T.p += direction * speed * kTickS * k;
        arm->post(pose(MotionKind::kServoCp, T));
      }
      tick();
      deepest = std::max(deepest, state.constraint.breach());
      nearest = std::min(nearest, state.constraint.distance);
      bent += state.constraint.bent;
      REQUIRE(state.fault == Fault::kNone);
      if (k % 100 == 0) arm->take_results();
    }
    return deepest;
  }

  Vec3 position() const { return psm::forward_kinematics(setpoint(state)).p; }

  Transform tip;
  double nearest = 1.0;
  int bent = 0;
};

inline FixturePost post(const Fixture& f) { return {f, nullptr}; }

inline Fixture moving(Fixture f, const Vec3& velocity, std::int64_t stamp_ns,
                      double horizon_s = 1.0) {
  Eigen::Map<Vec3>(f.twist.data()) = velocity;
  f.stamp_ns = stamp_ns;
  f.horizon_s = horizon_s;
  return f;
}

}  // namespace bench
