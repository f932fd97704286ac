// SPDX-License-Identifier: Apache-2.0
/// Moves that a region is in the way of, stops before one, and news of regions that move.
#include <doctest/doctest.h>

#include "constraint_cell.hpp"

using namespace bench;

TEST_CASE("constraint: goals inside a region are altered, and a blocked move ends") {
  Cell c;
  c.fix({post(plane(c.tip.p - Vec3(0, 0, 0.005), {0, 0, 1}))});
  Transform T = c.tip;
  T.p.z() -= 0.02;
  Result r = c.answer_to(c.arm->post(pose(MotionKind::kMoveCp, T)));
  CHECK(r.verdict == Verdict::kAltered);
  CHECK(r.reason == Reason::kFixture);
  double deepest = 0.0;
  for (int n = 0; n < 4000; ++n) deepest = std::max(deepest, c.tick().constraint.breach());
  CHECK(deepest <= kBreach);
  CHECK(c.state.is_busy == 0);
  CHECK(c.state.operating_state == OperatingState::kEnabled);
  r = c.answer_to(c.arm->post(joints(MotionKind::kMoveJp, kStart)));
  CHECK(r.verdict == Verdict::kAccepted);
  c.run(3000);
  CHECK((setpoint(c.state) - kStart).norm() < 1e-6);
}

TEST_CASE(
    "constraint: a line into a wall ends there, is answered, and does not creep or come back") {
  // A goal that is free, a bend of the wall before it: a hollow that the tip cannot slide out of.
  Cell c;
  const auto cavity =
      grid_of(box_mesh(Vec3(-0.01, -0.01, -0.01), Vec3(0.01, 0.01, 0.01), true), 0.001, 0.006);
  Fixture f = mesh(cavity);
  f.shaft = 0;
  f.position = three(c.tip.p);
  c.fix({{f, cavity}});
  const Vec3 d = Vec3(1.0, 0.0, 0.0);
  Transform T = c.tip;
  T.p += 0.03 * d;
  const std::int64_t seq = c.arm->post(pose(MotionKind::kMoveCp, T));
  Result answer = c.answer_to(seq);
  double farthest = 0.0, back = 0.0, deepest = 0.0;
  int busy = 0, said = answer.reason == Reason::kFixture;
  for (int n = 0; n < 3000; ++n) {
    const ArmState& s = c.tick();
    const double x = (c.position() - c.tip.p).dot(d);
    farthest = std::max(farthest, x);
    back = std::max(back, farthest - x);
    deepest = std::max(deepest, s.constraint.breach());
    busy += s.is_busy;
    for (const Result& r : c.arm->take_results()) said += r.seq == seq;
  }
  CHECK(said == 1);  // one answer says why
  CHECK(c.state.is_busy == 0);
  CHECK(busy < 2500);
  CHECK(deepest <= kBreach);
  CHECK(farthest == doctest::Approx(0.01).epsilon(0.01));
  CHECK(back < 5e-6);  // m
  const Vec3 end = c.position();
  c.run(1000);
  CHECK((c.position() - end).norm() < 1e-9);
}

TEST_CASE(
    "constraint: a move whose line is blocked, with a free goal, goes round what is in the way") {
  Cell c;
  const Vec3 d = Vec3(1.0, 0.2, 0.0).normalized(), side = Vec3(-0.2, 1.0, 0.0).normalized();
  Fixture f = sphere(c.tip.p + 0.015 * d + 0.002 * side, 0.006);
  f.shaft = 0;
  c.fix({post(f)});
  Transform T = c.tip;
  T.p += 0.03 * d;
  const Result r = c.answer_to(c.arm->post(pose(MotionKind::kMoveCp, T)));
  CHECK(r.verdict == Verdict::kAccepted);
  double deepest = 0.0;
  for (int n = 0; n < 6000; ++n) deepest = std::max(deepest, c.tick().constraint.breach());
  CHECK(deepest <= kBreach);
  CHECK(c.state.is_busy == 0);
  CHECK((c.position() - T.p).norm() < 1e-4);
}

TEST_CASE("constraint: a stop comes to rest before a wall and does not retreat from a moving one") {
  for (const double speed : {0.02, 0.1}) {
    Cell c;
    c.fix({post(plane(c.tip.p - Vec3(0, 0, 0.004), {0, 0, 1}))});
    CHECK(c.push({0, 0, -1}, static_cast<int>(2.5 / speed), speed) <= kBreach);
    c.arm->press_estop();
    double deepest = 0.0;
    for (int n = 0; n < 600; ++n) deepest = std::max(deepest, c.tick().constraint.breach());
    CHECK(deepest <= kBreach);
    CHECK(c.state.fault == Fault::kEstop);
    CHECK(c.state.powered == 0);
  }
  Cell c;
  const Vec3 start = c.position();
  c.fix({post(moving(plane(start - Vec3(0, 0, 0.001), {0, 0, 1}), {0, 0, 0.02}, c.now_ns()))});
  c.arm->press_estop();
  c.run(100);
  CHECK(c.state.powered == 0);  // at rest at once: nothing pushed it on
  CHECK(c.state.fault == Fault::kEstop);
  CHECK((c.position() - start).norm() < 1e-6);
}

TEST_CASE("constraint: news of a moving region at 30 Hz: the arm keeps out, without a fault") {
  Cell c;
  std::mt19937_64 random(4);
  const Vec3 start = c.position() - Vec3(0, 0, 0.008);
  double deepest = 0.0;
  int bent = 0;
  for (int n = 0; n < 3000; ++n) {
    if (n % 33 == 0) {  // breathing: 5 mm at 0.25 Hz, seen with 20 um of noise
      const double w = 2.0 * psm::kPi * 0.25, t = 1e-3 * n;
      const Vec3 p = start + Vec3(0, 0, 0.01 * std::sin(w * t) + 2e-5 * uniform(random, -1, 1));
      c.fix(
          {post(moving(plane(p, {0, 0, 1}), {0, 0, 0.01 * w * std::cos(w * t)}, c.now_ns(), 0.1))});
    }
    deepest = std::max(deepest, c.tick().constraint.breach());
    bent += c.state.constraint.bent;
    REQUIRE(c.state.fault == Fault::kNone);
  }
  CHECK(bent > 100);
  CHECK(deepest < 0.2e-3);  // what the prediction over 33 ms is wrong by, and the noise
}

TEST_CASE(
    "constraint: an arm deep in a region that was put over it leaves; one that gets deep faults") {
  Cell c;
  c.blocked = true;  // it cannot follow
  c.fix({post(plane(c.tip.p + Vec3(0, 0, 0.004), {0, 0, 1}))});
  c.run(20);
  CHECK(c.state.fault == Fault::kNone);
  CHECK(c.state.constraint.measured_breach() == doctest::Approx(0.004));
  Cell d;
  d.blocked = true;
  const Vec3 below = d.tip.p - Vec3(0, 0, 0.001);
  int n = 0;
  for (; n < 400 && d.state.fault == Fault::kNone; ++n) {  // told anew every 10 ms
    const Vec3 p = below + Vec3(0, 0, 0.02e-3 * n);
    if (n % 10 == 0) d.fix({post(moving(plane(p, {0, 0, 1}), {0, 0, 0.02}, d.now_ns()))});
    d.tick();
  }
  CHECK(d.state.fault == Fault::kFixtureBreach);
  CHECK(n == doctest::Approx(155).epsilon(0.05));  // 1 mm, 2 mm deep, 5 ticks
}
