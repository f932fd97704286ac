// SPDX-License-Identifier: Apache-2.0
/// The plant's side of losing the loop, tick by tick.
#include <doctest/doctest.h>

#include <limits>

#include "trocar/plant_supervisor.hpp"

using namespace trocar;

namespace {

struct Plant {
  PlantSupervisor supervisor;
  TorqueCommand command;
  Axes qd{};
  std::int64_t ns = 0;
  bool realtime = false;
  bool estop = false;

  Plant() {
    command.power = 1;
    command.enable_counter = 1;
    command.torque.fill(0.1);
    qd.fill(0.01);
  }
  PlantOutput step(bool answered) {
    ns += kTickNs;
    return supervisor.advance(answered ? &command : nullptr, qd, ns, realtime, estop);
  }
};

}  // namespace

TEST_CASE("plant: a miss holds the torque, the second damps, 30 ms brake and latch") {
  Plant p;
  CHECK(p.step(false).reason == PlantReason::kNotConnected);
  CHECK_FALSE(p.step(false).missed);  // nobody was expected
  CHECK_FALSE(p.step(true).brake);
  PlantOutput o = p.step(false);
  CHECK(o.missed);
  CHECK_FALSE(o.brake);
  CHECK(o.torque[0] == 0.1);
  o = p.step(false);
  CHECK(o.torque[0] == doctest::Approx(0.1 - PlantSupervisor::kDamping[0] * 0.01));
  CHECK(o.torque[4] == doctest::Approx(0.1 - PlantSupervisor::kDamping[4] * 0.01));
  int n = 2;
  while (!o.brake && n < 100) {
    o = p.step(false);
    ++n;
  }
  CHECK(n == 30);
  CHECK(o.reason == PlantReason::kNoCommand30Ms);
  CHECK(p.supervisor.missed() == 30);
  CHECK_FALSE(p.supervisor.is_connected());
  CHECK_FALSE(p.step(false).missed);  // it is not waited for any more
  // The same enable counter, come late, changes nothing; a new one does.
  CHECK(p.step(true).reason == PlantReason::kNoCommand30Ms);
  p.command.enable_counter = 2;
  CHECK_FALSE(p.step(true).brake);
}

TEST_CASE(
    "plant: 5 consecutive misses brake where the loop has real-time priority, and only there") {
  for (const bool realtime : {false, true}) {
    Plant p;
    p.realtime = realtime;
    p.step(true);
    for (int i = 0; i < 4; ++i) CHECK_FALSE(p.step(false).brake);
    const PlantOutput fifth = p.step(false);
    CHECK(fifth.brake == realtime);
    if (realtime) CHECK(fifth.reason == PlantReason::kConsecutiveMisses);
    p.step(true);
    CHECK(p.step(true).brake == realtime);
  }
}

TEST_CASE("plant: an answer in between starts the count anew") {
  Plant p;
  p.realtime = true;
  for (int i = 0; i < 20; ++i) {
    p.step(true);
    for (int k = 0; k < 4; ++k) CHECK_FALSE(p.step(false).brake);
  }
}

TEST_CASE("plant: the e-stop waits 500 ms for the loop, then brakes; enable only once released") {
  Plant p;
  p.step(true);
  p.estop = true;
  int n = 0;
  while (!p.step(true).brake && n < 1000) ++n;
  CHECK(n == 500);
  CHECK(p.supervisor.reason() == PlantReason::kEstop);
  p.command.enable_counter = 2;
  CHECK(p.step(true).brake);
  p.estop = false;
  CHECK(p.step(true).reason == PlantReason::kEstop);  // seen while pressed: does not count
  p.command.enable_counter = 3;
  CHECK_FALSE(p.step(true).brake);
}

TEST_CASE("plant: the e-stop of a loop that is gone brakes at once") {
  Plant p;
  p.step(true);
  for (int i = 0; i < 40; ++i) p.step(false);
  p.estop = true;
  CHECK(p.step(false).brake);
  Plant fresh;
  fresh.estop = true;
  CHECK(fresh.step(false).reason == PlantReason::kEstop);
}

TEST_CASE("plant: power off brakes; a torque that is not finite counts as none") {
  Plant p;
  p.step(true);
  p.command.power = 0;
  CHECK(p.step(true).reason == PlantReason::kNotPowered);
  p.supervisor.release();
  CHECK(p.step(false).reason == PlantReason::kNotConnected);
  CHECK(p.supervisor.missed() == 0);
  p.command.power = 1;
  p.command.enable_counter = 2;
  p.step(true);
  p.command.torque[2] = std::numeric_limits<double>::quiet_NaN();
  const PlantOutput o = p.step(true);
  CHECK(o.missed);
  CHECK(o.torque[2] == 0.1);
}
