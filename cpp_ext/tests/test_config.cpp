// SPDX-License-Identifier: Apache-2.0
/// What an arm's configuration may not be.
#include <doctest/doctest.h>

#include <string>

#include "trocar/config_check.hpp"

using namespace trocar;

TEST_CASE("config: what the reference cannot work with is named") {
  ArmConfig good;
  CHECK(config_fault(good) == nullptr);
  for (const double bad : {0.0, -1.0, std::nan(""), HUGE_VAL}) {
    ArmConfig c;
    c.jerk_max[3] = bad;
    REQUIRE(config_fault(c) != nullptr);
    CHECK(std::string(config_fault(c)) == "jerk_max: allowed finite and above 0");
    c = good;
    c.acceleration_max[6] = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.velocity_max[0] = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.stop_time_s = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.turn_velocity = bad;
    CHECK(config_fault(c) != nullptr);
    c = good;
    c.approach_rate = bad;
    CHECK(config_fault(c) != nullptr);
  }
  good.q_min[1] = good.q_max[1] + 1.0;
  CHECK(config_fault(good) != nullptr);
}
