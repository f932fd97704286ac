// SPDX-License-Identifier: Apache-2.0
/// The force that a ticking arm tells of.
#include <doctest/doctest.h>

#include "bench.hpp"

using namespace bench;

TEST_CASE("arm force: a measured speed that overflows the model makes no force, and is forgotten") {
  for (const double speed : {1e300, -std::numeric_limits<double>::max()}) {
    Bench b;
    b.home();
    b.run(400);
    REQUIRE(b.state.wrench_valid);
    b.spoil = [speed](MeasuredState* m) { m->qd[1] = speed; };
    b.tick();
    for (const double tau : b.state.tau_external) CHECK(tau == 0.0);
    for (const double f : b.state.wrench) CHECK(f == 0.0);
    CHECK_FALSE(b.state.wrench_valid);
    b.spoil = nullptr;
    b.run(1000);
    b.arm->post(StateCommand::kEnable);  // where the arm stopped for it
    b.run(3000);
    CHECK(b.state.wrench_valid);
    for (const double tau : b.state.tau_external) CHECK(std::abs(tau) < 10.0);
  }
}
