// SPDX-License-Identifier: Apache-2.0
/// Straight lines of the reference: exact, blended, refused by name, stopped on the way.
#include <doctest/doctest.h>

#include "reference_rig.hpp"

using namespace rig;

TEST_CASE("move_cp: from rest straight to 1e-6 m, about one axis, inside every joint's limits") {
  Rig rig(11);
  int moves = 0;
  double off = 0.0, skew_angle = 0.0;
  Worst worst;
  for (int n = 0; n < 200 / kShare; ++n) {
    rig.place(rig.joints());
    const Transform start = rig.tip(), goal = psm::forward_kinematics(rig.joints());
    if (rig.move_cp(goal).verdict != Verdict::kAccepted) continue;
    ++moves;
    const Vec3 along = (goal.p - start.p).normalized();
    const Vec3 turn = log_so3(goal.R * start.R.transpose());
    const Vec3 axis = turn.normalized();
    Axes7 before = rig.reference.axes();
    for (int k = 0; k < 20000 && rig.reference.is_busy(); ++k) {
      rig.step();
      worst.add(before, rig.reference.axes(), rig.config);
      before = rig.reference.axes();
      const Transform T = rig.tip();
      const Vec3 moved = T.p - start.p;
      off = std::max(off, (moved - moved.dot(along) * along).norm());
      const Vec3 w = log_so3(T.R * start.R.transpose());
      skew_angle = std::max(skew_angle, (w - w.dot(axis) * axis).norm());
    }
    CHECK_FALSE(rig.reference.is_busy());
    CHECK((rig.tip().p - goal.p).norm() < 1e-9);
  }
  CHECK(moves > 50 / kShare);
  CHECK(off <= 1e-6);
  CHECK(skew_angle <= 1e-5);
  const AxisLimits m = motion_limits(rig.config, 0), s = stop_limits(rig.config, 0);
  CHECK(worst.v <= 1.0);
  CHECK(worst.a <= m.a_max / s.a_max + 1e-9);
  CHECK(worst.beyond <= 1e-12);
}

TEST_CASE("move_cp: a line that would wind the roll beyond its range is refused by name") {
  Rig rig(1);
  const Vec6 q = (Vec6() << 0.0, 0.0, 0.14, rig.config.q_max[3] - 0.1, 0.0, 0.0).finished();
  rig.place(q);
  const Transform start = rig.tip();
  // About the shaft, by 2 rad either way: one is free, the other only a turn away.
  const Vec3 shaft = start.p.normalized();
  int refused = 0;
  for (const double angle : {2.0, -2.0}) {
    const Outcome outcome = rig.move_cp({exp_so3(angle * shaft) * start.R, start.p});
    if (outcome.verdict == Verdict::kRefused) {
      CHECK(outcome.reason == Reason::kJointLimit);
      ++refused;
    }
    rig.place(q);
  }
  CHECK(refused == 1);
}

TEST_CASE("move_cp: a new goal in motion is blended, without a stop on the way") {
  Rig rig(13);
  for (const double angle : {0.4, 0.8, 1.2, 1.57}) {
    rig.place((Vec6() << 0.0, 0.0, 0.14, 0.0, 0.2, 0.1).finished());
    const Transform start = rig.tip();
    Transform first = start, second = start;
    first.p += Vec3(0.06, 0.0, 0.0);
    REQUIRE(rig.move_cp(first).verdict == Verdict::kAccepted);
    Vec3 p = rig.tip().p;
    double cruise = 0.0;
    for (int k = 0; k < 450; ++k) {
      rig.step();
      cruise = (rig.tip().p - p).norm() / kTickS;
      p = rig.tip().p;
    }
    second.p = p + 0.05 * Vec3(std::cos(angle), std::sin(angle), 0.0);
    REQUIRE(rig.move_cp(second).verdict == Verdict::kAccepted);
    double slowest = cruise;
    while (rig.reference.is_busy()) {
      rig.step();
      const Vec3 now = rig.tip().p;
      if ((second.p - now).norm() > 0.015) slowest = std::min(slowest, (now - p).norm() / kTickS);
      p = now;
    }
    CHECK((p - second.p).norm() < 1e-9);
    CHECK(slowest > 0.3 * cruise);
  }
}

TEST_CASE("move_cp: a hold at any time stops on the line") {
  Rig rig(17);
  int stops = 0, beside = 0;
  double off = 0.0, longest = 0.0;
  for (int n = 0; n < 300 / kShare; ++n) {
    rig.place(rig.joints());
    const Transform start = rig.tip(), goal = psm::forward_kinematics(rig.joints());
    if (rig.move_cp(goal).verdict != Verdict::kAccepted) continue;
    const Vec3 along = (goal.p - start.p).normalized();
    const int ticks = static_cast<int>(rig.uniform(1.0, 1500.0));
    for (int k = 0; k < ticks && rig.reference.is_busy(); ++k) rig.step();
    if (!rig.reference.is_busy()) continue;
    ++stops;
    rig.reference.hold();
    double worst = 0.0;
    int k = 0;
    for (; k < 1000 && !rig.reference.is_at_rest(); ++k) {
      rig.step();
      const Vec3 moved = rig.tip().p - start.p;
      worst = std::max(worst, (moved - moved.dot(along) * along).norm());
    }
    longest = std::max(longest, k * kTickS);
    if (worst > 1e-6) ++beside;
    off = std::max(off, worst);
  }
  CHECK(stops > 50 / kShare);
  CHECK(beside == 0);
  CHECK(off < 1e-9);
  CHECK(longest <= rig.config.stop_time_s);
}
