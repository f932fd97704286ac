// SPDX-License-Identifier: Apache-2.0
/// No allocation in the tick: every allocator is counted while a thread-local flag is up.
#include <doctest/doctest.h>

#include <cstdlib>
#include <limits>

#include "bench.hpp"
#include "fixtures.hpp"
#include "plant_rig.hpp"
#include "trocar/clutch.hpp"
#include "trocar/jaw_slew.hpp"
#include "trocar/tremor_filter.hpp"
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Of the sanitizers' allocator interface; g++ does not ship its header everywhere.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void*,
                                                                           std::size_t),
                                                         void (*on_free)(const volatile void*));
#endif

namespace {
thread_local bool counting = false;
thread_local long allocations = 0;

struct Count {
  Count() { counting = true; }
  ~Count() { counting = false; }
};
}  // namespace

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// The sanitizers own malloc; they call back instead.
namespace {
void on_malloc(const volatile void*, std::size_t) {
  if (counting) ++allocations;
}
void on_free(const volatile void*) {}
const int hooked = __sanitizer_install_malloc_and_free_hooks(&on_malloc, &on_free);
}  // namespace
#else
extern "C" {
void* __libc_malloc(std::size_t n);
void* __libc_calloc(std::size_t n, std::size_t size);
void* __libc_realloc(void* p, std::size_t n);

void* malloc(std::size_t n) {
  if (counting) ++allocations;
  return __libc_malloc(n);
}
void* calloc(std::size_t n, std::size_t size) {
  if (counting) ++allocations;
  return __libc_calloc(n, size);
}
void* realloc(void* p, std::size_t n) {
  if (counting) ++allocations;
  return __libc_realloc(p, n);
}
}
#endif

using namespace bench;

TEST_CASE("allocation: the counter counts") {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  REQUIRE(hooked != 0);
#endif
  {
    const Count count;
    double* volatile kept = new double[100];  // volatile: else the pair is optimised away
    delete[] kept;
  }
  CHECK(allocations > 0);
  allocations = 0;
}

TEST_CASE("allocation: none in operator shaping") {
  Clutch clutch;
  TremorFilter filter;
  JawSlew jaw;
  Transform T, out;
  allocations = 0;
  {
    const Count count;
    filter.start(T, 0);
    clutch.engage(T, T, 0.5);
    jaw.engage(0.0);
    for (int k = 1; k < 1000; ++k) {
      T.p.x() = 1e-4 * (k % 20);
      filter.step(T, 5'000'000LL * k);
      clutch.map(filter.output(), &out);
      clutch.rescale(filter.output(), k % 2 == 0 ? 0.5 : 1.0);
      clutch.pull_to(T, out);
      jaw.step(0.01 * (k % 50), 0.005);
    }
  }
  CHECK(allocations == 0);
}

TEST_CASE("allocation: none in a plant under its arm, with faults, cables, link and stops") {
  DriveSettings drive;
  drive.stiffness[4] = 0.37;
  drive.backlash[5] = 0.02;
  LinkSettings link;
  link.loss = 0.01;
  link.state_delay = 1;
  plant_rig::Rig rig(drive, link);
  rig.enabled();
  allocations = 0;
  for (int n = 0; n < 20'000; ++n) {
    if (n % 4000 == 1000) rig.plant.faults().is_stuck[3] = true;
    if (n % 4000 == 2000) rig.plant.faults() = {};
    if (n % 4000 == 2001) rig.arm->post(StateCommand::kEnable);
    const Count count;
    rig.cell.tick();
    rig.plant.measure();
  }
  for (int n = 0; n < 3000; ++n) {
    const Count count;
    rig.plant.step(0.5 * rig.plant.model().effort_max, false);
  }
  CHECK(allocations == 0);
}

TEST_CASE("allocation: none in 1e6 ticks with mode changes and faults") {
  Bench b;
  b.home();
  const Vec3 tip = psm::forward_kinematics(setpoint(b.state)).p;
  const auto grid =
      fixtures::grid_of(fixtures::ball_mesh(tip + Vec3(0.03, 0, 0), 0.01), 1e-3, 5e-3);
  const std::vector<FixturePost> fixtures = {
      {fixtures::plane(tip - Vec3(0, 0, 0.01), {0, 0, 1}), nullptr},
      {fixtures::sphere(tip + Vec3(0, 0.03, 0), 0.01), nullptr},
      {fixtures::mesh(grid), grid}};
  int index = 0;
  std::mt19937_64 random(3);
  long total = 0, bent = 0;
  long faults = 0;
  MeasuredState m;
  for (int n = 0; n < 1'000'000; ++n) {
    if (n % 37 == 0) {
      const Vec6 q = random_joints(random);
      switch (n / 37 % 6) {
        case 0:
          b.arm->post(joints(MotionKind::kServoJp, q));
          break;
        case 1:
          b.arm->post(joints(MotionKind::kMoveJp, q));
          break;
        case 2:
          b.arm->post(pose(MotionKind::kMoveCp, psm::forward_kinematics(q)));
          break;
        case 3:
          b.arm->post(pose(MotionKind::kServoCp, psm::forward_kinematics(q), Source::kFollow));
          break;
        case 4:
          b.arm->post(JawCommand{});
          break;
        default:
          b.arm->post(MotionCommand{});
          break;
      }
    }
    if (n % 5000 == 0) b.arm->post(StateCommand::kPause);
    if (n % 5000 == 100) b.arm->post(StateCommand::kResume);
    if (n % 5000 == 2000) b.arm->press_estop();
    if (n % 5000 == 2500) b.arm->release_estop();
    if (n % 5000 == 2501) b.arm->post(StateCommand::kEnable);
    if (n % 5000 == 3000) b.arm->set_trocar({{0.0, 0.05, 0.0}});
    if (n % 5000 == 3500) b.arm->set_trocar({});
    if (n % 5000 == 3502) b.arm->post(StateCommand::kEnable);
    if (n % 5000 == 500) b.arm->set_fixtures(fixtures, &index);
    if (n % 5000 == 1900) b.arm->set_fixtures({}, &index);
    if (n % 50 == 0) b.arm->take_results();
    m.sequence = b.ticks + 1 + n;
    m.stamp_ns = b.now_ns() + static_cast<std::int64_t>(n) * kTickNs;
    m.q = b.q;
    m.qd = b.qd;
    m.enable_counter = b.plant.enable_counter();
    m.plant_reason = b.plant.reason();
    if (n % 5000 == 4000) m.qd[0] = std::numeric_limits<double>::quiet_NaN();
    if (n % 5000 == 4002) b.arm->post(StateCommand::kEnable);
    const TorqueCommand* command = nullptr;
    {
      const Count count;
      command = &b.arm->tick(m);
      b.plant.advance(n % 999 == 0 ? nullptr : command, m.qd, m.stamp_ns, true, false);
      if (n % 5000 == 4500) b.arm->tick_without_plant(m.stamp_ns);
    }
    if (n % 5000 == 4502) b.arm->post(StateCommand::kEnable);
    bent += b.arm->state().constraint.bent;
    if (command->power) {
      b.q = command->setpoint_q;
      b.qd = command->setpoint_qd;
    } else {
      b.qd.fill(0.0);
    }
    if (n % 5000 == 2100 || n % 5000 == 3010 || n % 5000 == 4001 || n % 5000 == 4501) {
      faults += b.arm->state().operating_state == OperatingState::kFault;
    }
  }
  total = allocations;
  CHECK(total == 0);
  CHECK(bent > 1000);
  CHECK(faults == 800);
}
