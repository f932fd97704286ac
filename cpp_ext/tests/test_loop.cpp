// SPDX-License-Identifier: Apache-2.0
/// The loop thread against the perfect mock, and against a plant thread through shared memory.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <thread>

#include "bench.hpp"
#include "trocar/loop.hpp"
#include "trocar/mock_arm.hpp"
#include "trocar/plant_port.hpp"
#include "trocar/realtime.hpp"
#include "trocar/shared_seam.hpp"
#include "trocar/snapshot.hpp"

using namespace bench;

namespace {

/// Wait for an event, 20 s at most (a deadline for a broken test, not a measured time).
bool await(const std::function<bool()>& event) {
  const std::int64_t deadline = monotonic_ns() + 20'000'000'000;
  while (monotonic_ns() < deadline) {
    if (event()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

/// Ask for `command` until `event`: on a shared machine a stall of 30 ms may brake the plant in
/// between, which is a fault that has to be acknowledged first.
bool ask(Arm& arm, StateCommand command, const std::function<bool()>& event) {
  return await([&] {
    if (event()) return true;
    const ArmState s = arm.state();
    if (s.operating_state == OperatingState::kFault) arm.post(StateCommand::kEnable);
    if (!s.is_busy) arm.post(command);
    return event();
  });
}

std::string unique_name(const char* what) {
  return std::string("trocar_test_") + what + "_" + std::to_string(getpid());
}

/// A plant thread that is where its arm's set-point is, as far as brakes allow.
class PlantThread {
 public:
  explicit PlantThread(const std::string& name) : port_(name, 0, 2'000'000) {
    thread_ = std::thread([this] {
      Axes q = {0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0};
      while (!end_.load()) {
        const PlantOutput o = port_.exchange(q, Axes{}, Axes{}, system_ns());
        brake_.store(o.brake);
        reason_.store(o.reason);
        std::this_thread::sleep_for(std::chrono::microseconds(700));
      }
    });
  }
  ~PlantThread() {
    end_.store(true);
    thread_.join();
  }
  bool brake() const { return brake_.load(); }
  PlantReason reason() const { return reason_.load(); }

 private:
  PlantPort port_;
  std::atomic<bool> end_{false}, brake_{true};
  std::atomic<PlantReason> reason_{PlantReason::kNotConnected};
  std::thread thread_;
};

}  // namespace

TEST_CASE("loop: the mock is homed, moved and stopped") {
  auto arm = std::make_shared<Arm>(ArmConfig{});
  ArmLoop loop(arm, std::make_unique<MockArm>(to_axes(ArmConfig{}.home_q)));
  CHECK(loop.start(0).empty());
  arm->post(StateCommand::kHome);
  REQUIRE(await([&] { return arm->state().is_homed != 0; }));
  Vec6 goal = setpoint(arm->state());
  goal[0] += 0.05;
  arm->post(joints(MotionKind::kMoveJp, goal));
  REQUIRE(await([&] { return std::abs(arm->state().q[0] - goal[0]) < 1e-5; }));
  loop.stop();
  CHECK_FALSE(loop.running());
  CHECK_FALSE(arm->state().powered);
  CHECK(arm->state().operating_state == OperatingState::kDisabled);
  CHECK(loop.statistics().ticks.load() > 100);
  CHECK(loop.statistics().wake.count() == loop.statistics().ticks.load());
  CHECK(loop.start(0).empty());  // and again
  arm->post(StateCommand::kEnable);
  CHECK(await([&] { return arm->state().powered != 0; }));
}

TEST_CASE("shared memory: plant and loop meet, the loop stops, the plant brakes and is left") {
  const std::string name = unique_name("meet");
  Segment segment(name, 2);
  CHECK_THROWS_AS(Segment(name, 2), SharedMemoryError);
  PlantThread plant(name);
  auto arm = std::make_shared<Arm>(ArmConfig{});
  ArmLoop loop(arm, std::make_unique<SharedSeam>(name, 0));
  CHECK_THROWS_AS(SharedSeam(name, 0), SharedMemoryError);  // one loop per arm
  CHECK_THROWS_AS(SharedSeam(name, 2), SharedMemoryError);  // no such arm
  loop.start(0);
  REQUIRE(ask(*arm, StateCommand::kHome, [&] { return arm->state().is_homed != 0; }));
  CHECK(ask(*arm, StateCommand::kEnable, [&] { return !plant.brake(); }));
  CHECK(Segment::set_estop(name, true));
  CHECK(await([&] { return arm->state().fault == Fault::kEstop && !arm->state().powered; }));
  CHECK(await([&] { return plant.brake(); }));
  arm->post(StateCommand::kEnable);
  REQUIRE(await([&] { return !arm->take_results().empty(); }));
  CHECK(arm->state().operating_state == OperatingState::kFault);
  CHECK(Segment::set_estop(name, false));
  CHECK(ask(*arm, StateCommand::kEnable,
            [&] { return arm->state().operating_state == OperatingState::kEnabled; }));
  loop.stop();
  CHECK(await([&] { return plant.reason() == PlantReason::kNotConnected; }));
}

TEST_CASE("shared memory: the plant falls silent and comes back under the same name") {
  const std::string name = unique_name("back");
  auto segment = std::make_unique<Segment>(name, 1);
  auto plant = std::make_unique<PlantThread>(name);
  auto arm = std::make_shared<Arm>(ArmConfig{});
  ArmLoop loop(arm, std::make_unique<SharedSeam>(name, 0));
  loop.start(0);
  REQUIRE(ask(*arm, StateCommand::kEnable, [&] { return arm->state().powered != 0; }));
  plant.reset();
  segment.reset();
  REQUIRE(await([&] { return arm->state().fault == Fault::kPlantLost; }));
  CHECK_FALSE(arm->state().powered);
  segment = std::make_unique<Segment>(name, 1);
  plant = std::make_unique<PlantThread>(name);
  CHECK(ask(*arm, StateCommand::kEnable, [&] {
    return arm->state().operating_state == OperatingState::kEnabled && !plant->brake();
  }));
  CHECK(loop.statistics().lost.load() >= 1);
  loop.stop();
}

TEST_CASE("shared memory: errors are one line each") {
  CHECK_THROWS_WITH_AS(SharedSeam(unique_name("none"), 0), doctest::Contains("does not exist"),
                       SharedMemoryError);
  CHECK_THROWS_AS(Segment("a/b", 1), SharedMemoryError);
  CHECK_THROWS_AS(Segment(unique_name("many"), 99), SharedMemoryError);
  CHECK_FALSE(Segment::set_estop(unique_name("none"), true));
  CHECK_FALSE(Segment::estop_pressed(unique_name("none")));
}

TEST_CASE("snapshot: written here, read there, whole") {
  const std::string name = unique_name("snapshot");
  Snapshot writer(name, 33, true);
  Snapshot reader(name, 33, false);
  CHECK_THROWS_AS(Snapshot(name, 34, false), SharedMemoryError);
  std::vector<double> values(33), out(33, 1.0);
  std::int64_t stamp = 1;
  CHECK(reader.read(out.data(), &stamp) == 0);
  std::thread thread([&] {
    for (int n = 1; n <= 20000; ++n) {
      std::fill(values.begin(), values.end(), n);
      writer.write(values.data(), n);
    }
  });
  std::int64_t torn = 0;
  while (stamp < 20000) {
    if (reader.read(out.data(), &stamp) <= 0) continue;
    for (const double x : out) torn += x != static_cast<double>(stamp);
  }
  thread.join();
  CHECK(torn == 0);
}

TEST_CASE("histogram: quantiles are at most 6.25 % high") {
  Histogram h;
  for (int n = 1; n <= 100000; ++n) h.add(n);
  for (const double f : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    CHECK(h.quantile_ns(f) >= f * 100000.0 - 1.0);
    CHECK(h.quantile_ns(f) <= f * 100000.0 * 1.0626 + 1.0);
  }
  CHECK(h.max_ns() == 100000);
  CHECK(h.count() == 100000);
}
