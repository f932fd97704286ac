// SPDX-License-Identifier: Apache-2.0
/// Two arms in one process: two loops, each its own thread, on one segment and on two mocks.
#include <doctest/doctest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "bench.hpp"
#include "trocar/loop.hpp"
#include "trocar/mock_arm.hpp"
#include "trocar/plant_port.hpp"
#include "trocar/seal.hpp"
#include "trocar/shared_seam.hpp"

using namespace bench;

namespace {

bool await(const std::function<bool()>& event) {
  const std::int64_t deadline = monotonic_ns() + 20'000'000'000;
  while (monotonic_ns() < deadline) {
    if (event()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return false;
}

/// On a shared machine a stall may brake a plant: acknowledged, then asked again.
bool home(Arm& arm) {
  return await([&] {
    const ArmState s = arm.state();
    if (s.operating_state == OperatingState::kFault) arm.post(StateCommand::kEnable);
    if (!s.is_homed && !s.is_busy) arm.post(StateCommand::kHome);
    return s.is_homed != 0;
  });
}

struct Pair {
  std::shared_ptr<Arm> arm = std::make_shared<Arm>(ArmConfig{});
  std::unique_ptr<ArmLoop> loop;
};

/// A perfect arm that can fall silent; counts for how long the loop waited in vain.
class SilentSeam final : public Seam {
 public:
  bool wait(std::int64_t timeout_ns) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
    if (!silent.load()) return true;
    waited_ns_ += timeout_ns;
    return false;
  }
  bool read(MeasuredState* m) override {
    m_.sequence += 1;
    m_.stamp_ns = m_.sequence * kTickNs;
    *m = m_;
    return true;
  }
  void write(const TorqueCommand& c) override {
    if (c.power) m_.q = c.setpoint_q;
    if (c.power) m_.enable_counter = c.enable_counter;
  }
  void reconnect() override {  // called right after the arm was told
    if (lost_ns.load() == 0) lost_ns.store(waited_ns_);
  }
  void set_realtime(bool) override {}
  void stop() override {}

  std::atomic<bool> silent{false};
  std::atomic<std::int64_t> lost_ns{0};

 private:
  MeasuredState m_;
  std::int64_t waited_ns_ = 0;
};

}  // namespace

TEST_CASE("loop: PLANT_LOST comes after the silence that its row says") {
  auto seam = std::make_unique<SilentSeam>();
  SilentSeam& plant = *seam;
  auto arm = std::make_shared<Arm>(ArmConfig{});
  ArmLoop loop(arm, std::move(seam));
  loop.start(0);
  arm->post(StateCommand::kEnable);
  REQUIRE(await([&] { return arm->state().powered != 0; }));
  plant.silent.store(true);
  REQUIRE(await([&] { return plant.lost_ns.load() != 0; }));
  CHECK(arm->state().fault == Fault::kPlantLost);
  CHECK_FALSE(arm->state().powered);
  CHECK(plant.lost_ns.load() == entry(Fault::kPlantLost).detection_ticks * kTickNs);
  loop.stop();
}

TEST_CASE("two arms: two mocks in one process, one stops while the other goes on") {
  Pair pair[2];
  for (Pair& p : pair) {
    p.loop =
        std::make_unique<ArmLoop>(p.arm, std::make_unique<MockArm>(to_axes(ArmConfig{}.home_q)));
    CHECK(p.loop->start(0).empty());
  }
  for (Pair& p : pair) REQUIRE(home(*p.arm));
  for (int k = 0; k < 2; ++k) {
    Vec6 goal = setpoint(pair[k].arm->state());
    goal[0] += k == 0 ? 0.05 : -0.05;
    pair[k].arm->post(joints(MotionKind::kMoveJp, goal));
    REQUIRE(await([&] { return std::abs(pair[k].arm->state().q[0] - goal[0]) < 1e-5; }));
  }
  pair[0].arm->press_estop();
  REQUIRE(await([&] { return pair[0].arm->state().fault == Fault::kEstop; }));
  CHECK(pair[1].arm->state().fault == Fault::kNone);
  pair[0].loop->stop();
  const std::int64_t ticks = pair[1].loop->statistics().ticks.load();
  CHECK(await([&] { return pair[1].loop->statistics().ticks.load() > ticks + 20; }));
  CHECK(pair[1].arm->state().powered);
  pair[1].loop->stop();
}

TEST_CASE("two arms: one segment, two plant ports paced by one thread, two loops") {
  const std::string name = "trocar_test_pair_" + std::to_string(getpid());
  Segment segment(name, 2);
  std::atomic<bool> end{false};
  std::thread plant([&] {
    PlantPort ports[2] = {{name, 0, 2'000'000}, {name, 1, 2'000'000}};
    const Axes q = {0.0, 0.0, 0.12, 0.0, 0.0, 0.0, 0.0};
    while (!end.load()) {
      for (PlantPort& port : ports) port.exchange(q, Axes{}, Axes{}, system_ns());
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  });
  Pair pair[2];
  for (int k = 0; k < 2; ++k) {
    pair[k].loop = std::make_unique<ArmLoop>(pair[k].arm, std::make_unique<SharedSeam>(name, k));
    pair[k].loop->start(0);
  }
  for (Pair& p : pair) CHECK(home(*p.arm));
  CHECK(Segment::set_estop(name, true));  // one flag, both arms
  for (Pair& p : pair) {
    CHECK(await([&] {
      return p.arm->state().operating_state == OperatingState::kFault && !p.arm->state().powered;
    }));
  }
  for (Pair& p : pair) p.loop->stop();
  end.store(true);
  plant.join();
}

TEST_CASE("shared memory: a damaged state is a fault, a damaged answer is a miss") {
  const std::string name = "trocar_test_damage_" + std::to_string(getpid());
  Segment segment(name, 1);
  ArmMapping plant(name, 0);
  SharedSeam seam(name, 0);
  PlantPort port(name, 0, 2'000'000'000);
  MeasuredState m;
  m.sequence = 1;
  for (const bool sealed : {true, false}) {
    if (sealed) seal(&m);
    if (!sealed) m.q[0] += 1e-9;
    plant.arm().measured.write(m);
    plant.arm().measured_sequence.store(static_cast<std::uint32_t>(m.sequence));
    MeasuredState got;
    CHECK(seam.read(&got));
    CHECK(is_whole(got) == sealed);
  }
  m.checksum = 0;  // over shared memory none is as bad as a wrong one
  plant.arm().measured.write(m);
  MeasuredState got;
  CHECK(seam.read(&got));
  CHECK_FALSE(is_whole(got));

  TorqueCommand c;
  c.sequence = 1;
  plant.arm().command.write(c);  // not sealed
  plant.arm().command_sequence.store(1);
  CHECK_FALSE(port.exchange(Axes{}, Axes{}, Axes{}, 1).missed);  // nobody is connected yet
  CHECK(port.damaged() == 1);
}
