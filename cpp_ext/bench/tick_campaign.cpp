// SPDX-License-Identifier: Apache-2.0
/// The tick with everything on: eight fixtures with a mesh among them, a Cartesian stream with its
/// twist, a new pose every tick, the jaw too; every 500 ticks another kind of command, every 1000
/// another control law, every 20,000 a fault and its acknowledgement.
/// Times one tick and counts what it allocates.
#include "../tests/bench.hpp"
#include "allocations.hpp"
#include "campaign.hpp"
#include "fixture_scenes.hpp"

namespace bench {

namespace {

constexpr std::int64_t kFaultEvery = 20'000;

/// A figure of eight of 20 mm at 0.5 Hz around the home pose, turning with it.
MotionCommand stream(const Transform& T_home, std::int64_t tick) {
  const double w = 2.0 * psm::kPi * 0.5, t = static_cast<double>(tick) * kTickS;
  Transform T = T_home;
  T.p += Vec3(0.02 * std::sin(w * t), 0.01 * std::sin(2.0 * w * t), 0.0);
  T.R = T_home.R * exp_so3(Vec3(0.2 * std::sin(w * t), 0.0, 0.0));
  MotionCommand c = pose(MotionKind::kServoCp, T);
  c.velocity = {0.02 * w * std::cos(w * t), 0.02 * w * std::cos(2.0 * w * t), 0.0, 0.0, 0.0, 0.0};
  c.has_velocity = 1;
  return c;
}

/// News of the eight fixtures: the mesh moves as tissue does, 5 mm at 0.25 Hz.
void fix(Bench& b, const Vec3& tip, const SceneGrids& grids) {
  const double w = 2.0 * psm::kPi * 0.25, t = static_cast<double>(b.ticks) * kTickS;
  std::vector<FixturePost> posts = eight(tip, grids);
  Fixture& tissue = posts[6].fixture;
  tissue.position[2] += 0.005 * std::sin(w * t);
  tissue.twist[2] = 0.005 * w * std::cos(w * t);
  tissue.stamp_ns = b.now_ns();
  int index = 0;
  b.arm->set_fixtures(posts, &index);
}

/// Commands of this tick.
void command(Bench& b, const Transform& T_home, std::mt19937_64& random, std::int64_t n) {
  const std::int64_t phase = n % kFaultEvery;
  if (phase == 19'000) b.arm->press_estop();
  if (phase == 19'500) b.arm->release_estop();
  if (phase == 19'501) b.arm->post(StateCommand::kEnable);
  if (n % 500 == 0) {
    const Vec6 q = random_joints(random);
    b.arm->post(n % 1000 == 0 ? joints(MotionKind::kMoveJp, q)
                              : pose(MotionKind::kMoveCp, psm::forward_kinematics(q)));
  } else if (n % 500 > 100) {
    b.arm->post(stream(T_home, n));
  }
  if (n % 1000 == 250) {
    ControllerSettings law;
    law.mode = n % 2000 == 250 ? ControlMode::kImpedance : ControlMode::kComputedTorque;
    b.arm->set_controller(law);
  }
  JawCommand jaw;
  jaw.source = Source::kCrtk;
  jaw.angle = 0.3 + 0.3 * std::sin(0.002 * static_cast<double>(n));
  b.arm->post(jaw);
}

}  // namespace

void tick_campaign(const Task& task) {
  Bench b;
  b.home();
  std::mt19937_64 random(task.seed);
  const Transform T_home = psm::forward_kinematics(setpoint(b.state));
  std::vector<double> us;
  us.reserve(static_cast<std::size_t>(task.count));
  std::int64_t faults = 0, bent = 0;
  const SceneGrids grids;
  MeasuredState m;
  for (std::int64_t n = 0; n < task.count; ++n) {
    command(b, T_home, random, n);
    if (n % 33 == 0) fix(b, T_home.p, grids);
    if (n % 50 == 0) b.arm->take_results();
    m.sequence = ++b.ticks;
    m.stamp_ns = b.now_ns();
    m.q = b.q;
    m.qd = b.qd;
    m.enable_counter = b.plant.enable_counter();
    m.plant_reason = b.plant.reason();
    const TorqueCommand* output = nullptr;
    const double start = now_ns();
    {
      const Counting counting;
      output = &b.arm->tick(m);
    }
    us.push_back((now_ns() - start) * 1e-3);
    b.plant.advance(output, m.qd, m.stamp_ns, false, false);
    b.q = output->power ? output->setpoint_q : b.q;
    b.qd = output->power ? output->setpoint_qd : Axes{};
    faults += b.arm->state().operating_state == OperatingState::kFault;
    bent += b.arm->state().constraint.bent;
  }
  print_times("tick", &us);
  print_figure("tick", "allocations", static_cast<double>(allocations()),
               static_cast<double>(task.count));
  print_figure("tick", "bent_ticks", static_cast<double>(bent), static_cast<double>(task.count));
  print_figure("tick", "ticks_in_fault", static_cast<double>(faults),
               static_cast<double>(task.count));
}

}  // namespace bench
