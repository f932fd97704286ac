// SPDX-License-Identifier: Apache-2.0
/// The arm before forbidden regions: what its set-points do there, tick by tick.
#include <doctest/doctest.h>

#include <cstring>

#include "constraint_cell.hpp"

using namespace bench;

TEST_CASE("constraint: where nothing binds, set-points pass bit by bit") {
  Cell free, fixed;
  fixed.fix(
      {post(sphere(free.tip.p + Vec3(0, 0.15, 0), 0.01)), post(plane({0, 0, -0.4}, {0, 0, 1}))});
  for (int n = 0; n < 500; ++n) {
    for (Cell* c : {&free, &fixed}) {
      Transform T = c->tip;
      T.p.x() += 0.01 * std::sin(0.01 * n);
      if (n % 5 == 0) c->arm->post(pose(MotionKind::kServoCp, T));
      c->tick();
    }
    REQUIRE(std::memcmp(&free.state.setpoint_q, &fixed.state.setpoint_q, sizeof(Axes)) == 0);
    REQUIRE(fixed.state.constraint.bent == 0);
  }
  CHECK(fixed.state.constraint.distance > 0.02);
  CHECK(free.state.constraint.distance == ConstraintReport::kClear);
}

TEST_CASE("constraint: a plane stops the way in, and the way along it goes on") {
  Cell c;
  const Vec3 n = Vec3(0.2, 0.3, 1.0).normalized(), along = Vec3(1.0, 0.0, -0.2).normalized();
  c.fix({post(plane(c.tip.p - 0.003 * n, n))});
  const Vec3 start = c.position();
  CHECK(c.push((along - n).normalized(), 1000) <= kBreach);
  CHECK(c.state.constraint.bent == 1);
  const Vec3 moved = c.position() - start;
  CHECK(std::abs(moved.dot(n) + 0.003) < 2e-4);
  CHECK(moved.dot(along) > 0.9 * kSpeed / std::sqrt(2.0));  // of a second without the plane
}

TEST_CASE("constraint: a held arm retreats from what comes at it, and stays when it has passed") {
  Cell c;
  c.arm->post(MotionCommand{});
  c.run(50);
  const Vec3 start = c.position();
  c.fix({post(moving(plane(start - Vec3(0, 0, 0.01), {0, 0, 1}), {0, 0, 0.02}, c.now_ns()))});
  double deepest = 0.0;
  for (int n = 0; n < 1000; ++n) {
    c.tick();
    deepest = std::max(deepest, c.state.constraint.breach());
  }
  CHECK(deepest <= kBreach);
  CHECK(c.position().z() - start.z() > 0.009);
  c.run(500);  // beyond its horizon it stands still, and says so
  CHECK(c.state.constraint.expired == 1);
  const Vec3 end = c.position();
  c.fix({});
  c.run(200);
  CHECK((c.position() - end).norm() < 1e-9);
  CHECK(c.state.operating_state == OperatingState::kEnabled);
}

TEST_CASE("constraint: the shaft counts where the tip is clear") {
  Cell c;
  const Vec3 middle = 0.6 * c.tip.p, side = c.tip.p.cross(Vec3::UnitX()).normalized();
  c.fix({post(sphere(middle + 0.012 * side, 0.005))});
  CHECK(c.push(side, 2000, 0.01) <= kBreach);
  CHECK(c.state.constraint.bent == 1);
  CHECK((c.position() - c.tip.p).dot(side) < 0.015);
}

TEST_CASE("constraint: guides let only their share of a command through") {
  Cell c;
  Fixture f;
  f.kind = FixtureKind::kLineGuide;
  f.point = three(c.tip.p);
  f.direction = {1.0, 0.0, 0.0};
  f.scale = 0.25;
  c.fix({post(f)});
  Transform T = c.tip;
  T.p += Vec3(0.01, 0.008, 0.0);
  const Result r = c.answer_to(c.arm->post(pose(MotionKind::kMoveCp, T)));
  CHECK(r.reason == Reason::kFixture);
  c.run(3000);
  CHECK((c.position() - c.tip.p - Vec3(0.01, 0.002, 0.0)).norm() < 1e-6);
}

TEST_CASE("constraint: a region put over the arm is left softly, without a fault") {
  Cell c;
  c.fix({post(plane(c.tip.p + Vec3(0, 0, 0.004), {0, 0, 1}))});
  double fastest = 0.0;
  for (int n = 0; n < 1500; ++n) {
    const Vec3 before = c.position();
    c.tick();
    fastest = std::max(fastest, (c.position() - before).norm() / kTickS);
  }
  CHECK(c.state.fault == Fault::kNone);
  CHECK(c.state.constraint.breach() < 1e-5);
  CHECK(fastest < 0.05);
}
