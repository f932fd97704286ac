// SPDX-License-Identifier: Apache-2.0
/// One axis: limits over random retargets, exact arrival, soft recovery.
#include <doctest/doctest.h>

#include "trocar/trajectory_campaign.hpp"

using namespace trocar;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kRetargets = 20000;
#else
constexpr int kRetargets = 200000;
#endif

constexpr AxisLimits kLimits{-1.0, 1.0, 0.5, 2.0, 100.0};

AxisState follow(AxisState s, double target, int ticks, const AxisLimits& limits = kLimits) {
  for (int k = 0; k < ticks; ++k) s = step_toward(s, target, 0.0, 0.0, limits, 60.0);
  return s;
}

}  // namespace

TEST_CASE("trajectory: random retargets stay inside position, velocity, acceleration and jerk") {
  for (const std::uint64_t seed : {1u, 2u}) {
    const TrajectoryReport r = TrajectoryCampaign(seed).run(kRetargets);
    CHECK(r.retargets == kRetargets);
    CHECK(r.violations == 0);
    CHECK(r.velocity > 0.999);  // the sweep does go to the limits
    CHECK(r.acceleration > 0.999);
    CHECK(r.jerk > 0.999);
    CHECK(r.beyond_range > -1e-9);
  }
}

TEST_CASE("trajectory: a followed axis arrives at rest, exactly, and does not overshoot") {
  for (const double target : {0.7, -0.2, 1.0, 1e-4}) {
    AxisState s{0.1, 0.0, 0.0};
    double beyond = 0.0;
    for (int k = 0; k < 4000; ++k) {
      s = step_toward(s, target, 0.0, 0.0, kLimits, 60.0);
      beyond = std::max(beyond, (s.q - target) * (target > 0.1 ? 1.0 : -1.0));
    }
    CHECK(s.q == target);
    CHECK(s.v == 0.0);
    CHECK(s.a == 0.0);
    CHECK(beyond < 2e-6);
  }
}

TEST_CASE("trajectory: a moving target is followed without lag") {
  AxisState s{};
  for (int k = 0; k < 2000; ++k) s = step_toward(s, 0.1e-3 * k, 0.1, 0.0, kLimits, 60.0);
  CHECK(s.v == doctest::Approx(0.1));
  CHECK(s.q == doctest::Approx(0.1e-3 * 2000).epsilon(1e-6));
}

TEST_CASE("trajectory: what starts outside comes back softly") {
  const AxisState starts[] = {
      {1.3, 0.0, 0.0}, {0.99, 0.5, 0.0}, {0.0, 0.9, 0.0}, {0.0, 0.0, 5.0}, {-1.2, -0.8, -3.0}};
  for (const AxisState& start : starts) {
    CHECK_FALSE(can_stop(start, kLimits));
    const AxisLimits wide = widened(start, kLimits);
    AxisState s = start;
    for (int k = 0; k < 5000; ++k) {
      const AxisState next = step_toward(s, 0.3, 0.0, 0.0, kLimits, 60.0);
      CHECK(std::abs(next.a - s.a) <= kLimits.j_max * kTickS * (1.0 + 1e-9));
      CHECK(std::abs(next.a) <= wide.a_max * (1.0 + 1e-9));
      CHECK(std::abs(next.v) <= wide.v_max * (1.0 + 1e-9));
      CHECK(next.q <= wide.q_max + 1e-9);
      CHECK(next.q >= wide.q_min - 1e-9);
      s = next;
    }
    CHECK(s.q == 0.3);
    CHECK(can_stop(s, kLimits));
  }
}

TEST_CASE("trajectory: the fastest move ends at its goal and is a motion of its jerks") {
  std::mt19937_64 random(3);
  const auto uniform = [&](double lo, double hi) {
    return lo + (hi - lo) * static_cast<double>(random() >> 11) * 0x1p-53;
  };
  for (int n = 0; n < 2000; ++n) {
    const AxisState start{uniform(-1, 1), uniform(-0.4, 0.4), uniform(-1.9, 1.9)};
    const AxisMove move(start, uniform(-1, 1), kLimits);
    const AxisState end = move.at(move.duration() * (1.0 - 1e-12));
    CHECK(std::abs(end.q - move.goal()) < 1e-9);
    CHECK(std::abs(end.v) < 1e-9);
    CHECK(std::abs(end.a) < 1e-6);
    for (const JerkSegment& segment : move.segments()) CHECK(segment.duration >= 0.0);
    CHECK(move.at(move.duration()).q == move.goal());
  }
}

TEST_CASE("trajectory: a step of nanometres is as exact as any (the root is threefold there)") {
  for (double d = 1e-9; d < 1e-3; d *= 10.0) {
    const AxisMove move({0.0, 0.0, 0.0}, d, kLimits);
    const AxisState end = move.at(move.duration() * (1.0 - 1e-12));
    CHECK(std::abs(end.q - d) < 1e-6 * d);
    // 4 segments of jerk, each t with 2 j t^3 = d
    CHECK(move.duration() ==
          doctest::Approx(4.0 * std::cbrt(0.5 * d / kLimits.j_max)).epsilon(1e-6));
  }
}

TEST_CASE("trajectory: a goal at a bound where the axis turns round is reached from inside") {
  // Moving down, turned round by its acceleration exactly at q_min.
  for (const double v : {-0.01, -1e-4, -1e-7}) {
    const double a = std::sqrt(-2.0 * kLimits.j_max * v) * 1.000001;
    AxisState s{0.0, v, a};
    s.q = kLimits.q_min - stop_extent({0.0, v, a}, kLimits.a_max, kLimits.j_max).q_low + 1e-12;
    REQUIRE(can_stop(s, kLimits));
    GuardedMove move(s, kLimits.q_min, kLimits);
    for (int k = 0; k < 2000 && !move.done(); ++k) {
      s = move.next(s, kLimits);
      CHECK(s.q >= kLimits.q_min - 1e-11);
    }
    CHECK(s.q == kLimits.q_min);
  }
}

TEST_CASE("trajectory: the guard is what keeps the limits (without it the sweep does not)") {
  // The same target, the range one millimetre beyond: the axis that does not know goes there.
  AxisLimits unaware = kLimits;
  unaware.q_max = 1.001;
  CHECK(follow({0.9, 0.0, 0.0}, 1.001, 3000, unaware).q == 1.001);
  CHECK(follow({0.9, 0.0, 0.0}, 1.001, 3000).q <= 1.0 + 1e-12);
  CHECK(follow({0.9, 0.0, 0.0}, 1.001, 3000).q > 1.0 - 1e-6);
}
