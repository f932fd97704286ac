// SPDX-License-Identifier: Apache-2.0
/// Fixtures posted by one thread while the loop of another obeys them: grids live as long as
/// needed.
#include <doctest/doctest.h>

#include <chrono>
#include <thread>

#include "fixtures.hpp"
#include "trocar/loop.hpp"
#include "trocar/mock_arm.hpp"

using namespace trocar;

TEST_CASE("loop: fixtures are swapped while it runs, and grids are let go of") {
  const auto arm = std::make_shared<Arm>(ArmConfig{});
  ArmLoop loop(arm, std::make_unique<MockArm>(to_axes(ArmConfig{}.home_q)));
  loop.start(0);
  std::weak_ptr<const SignedDistanceGrid> first;
  int index = 0, seen = 0;
  std::thread other([&] {  // reads while the first posts
    for (int n = 0; n < 300; ++n) {
      const ArmState s = arm->state();
      seen += s.constraint.measured_index >= 0;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  for (int n = 0; n < 300; ++n) {
    const auto grid = fixtures::grid_of(
        fixtures::box_mesh(Vec3::Constant(-0.01), Vec3::Constant(0.01)), 0.005, 0.01);
    if (n == 0) first = grid;
    Fixture moving = fixtures::mesh(grid);
    moving.position = {0.0, 0.0, -0.08};
    moving.twist[0] = 0.01;
    moving.stamp_ns = 1;
    REQUIRE(arm->set_fixtures({{moving, grid}, {fixtures::sphere(Vec3::Zero(), 0.01), nullptr}},
                              &index) == nullptr);
    if (n % 2 == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  other.join();
  CHECK(seen > 0);
  for (int n = 0; n < 20'000 && !first.expired(); ++n) {  // a deadline for a loop that stalls
    CHECK(arm->set_fixtures({}, &index) == nullptr);
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK(first.expired());
  loop.stop();
}
