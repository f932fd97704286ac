// SPDX-License-Identifier: Apache-2.0
/// Approaches at 20 mm/s to every kind of region, still and moving, with the shaft counting or not:
/// how deep the set-points get, and how deep the arm does that follows them (rigid bodies with
/// friction under torque, the controller's model wrong by 10 %).
#include "../tests/simulated_arm.hpp"
#include "campaign.hpp"
#include "fixture_scenes.hpp"

namespace bench {

namespace {

constexpr double kSpeed = 0.02;   // m/s
constexpr double kMoving = 0.01;  // m/s and
constexpr double kTurning = 0.1;  // rad/s of regions
constexpr int kTicks = 700;

/// An arm on the simulated plant.
struct DynamicArm {
  explicit DynamicArm(const ArmConfig& config) : arm(config) {
    plant.q << 0.0, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0;
    arm.post(StateCommand::kHome);
    run(3000);
  }

  const ArmState& tick() {
    MeasuredState m;
    m.sequence = ++ticks;
    m.stamp_ns = now_ns();
    m.q = to_axes(plant.q);
    m.qd = to_axes(plant.qd);
    m.tau = torque;
    m.enable_counter = counter;
    const TorqueCommand& command = arm.tick(m);
    counter = command.enable_counter;
    torque = command.torque;
    if (command.power != 0) plant.step(to_vector(torque));
    state = arm.state();
    return state;
  }

  void run(int n) {
    for (int i = 0; i < n; ++i) tick();
    arm.take_results();
  }

  std::int64_t now_ns() const { return ticks * kTickNs; }

  Arm arm;
  oracle::SimulatedArm plant;
  ArmState state;
  Axes torque{};
  std::int64_t ticks = 0, counter = 0;
};

struct Deepest {
  double setpoint = 0.0, measured = 0.0;
};

Vec3 random_direction(std::mt19937_64& random) {
  return Vec3(uniform(random, -1, 1), uniform(random, -1, 1), uniform(random, -1, 1)).normalized();
}

/// A random start, far from limits, at rest.
Transform start(DynamicArm& a, std::mt19937_64& random) {
  int index = 0;
  a.arm.set_fixtures({}, &index);
  Vec6 q;
  q << uniform(random, -0.4, 0.4), uniform(random, -0.4, 0.4), uniform(random, 0.12, 0.18),
      uniform(random, -0.5, 0.5), uniform(random, -0.4, 0.4), uniform(random, -0.4, 0.4);
  a.arm.post(joints(MotionKind::kMoveJp, q));
  a.run(1500);
  return psm::forward_kinematics(setpoint(a.state));
}

/// Whether a region leaves the remote centre of motion free to the end: the shaft cannot leave
/// that.
bool leaves_rcm(const Fixture& f, std::int64_t now_ns) {
  const FixturePose pose = pose_at(f, now_ns + kTicks * kTickNs);
  return f.shaft == 0 || clearance(f, inverse(pose.T_base_fixture).p).distance > 0.01;
}

/// Clear by 1 mm at the start, or the case is no approach.
bool is_clear(const ArmConfig& config, const FixturePost& post, const Vec6& q,
              std::int64_t now_ns) {
  FixtureSet set;
  set.count = 1;
  set.fixtures[0] = post.fixture;
  ConstraintStage stage(config);
  stage.set(set);
  return stage.distance(q, now_ns) > 1e-3;
}

}  // namespace

void fixture_campaign(const Task& task) {
  std::mt19937_64 random(task.seed);
  const SceneGrids grids;
  ArmConfig config;
  config.dynamics = config.dynamics.perturbed(0.1, task.seed);
  DynamicArm a(config);
  std::array<Deepest, kScenes> deepest;
  std::int64_t bent = 0, yielding = 0, faults = 0, runs = 0;
  for (std::int64_t n = 0; n < task.count; ++n) {
    const int kind = static_cast<int>(n % kScenes);
    const Transform T_start = start(a, random);
    const Vec3 d = random_direction(random),
               way = (d + 0.7 * random_direction(random)).normalized();
    FixturePost post = scene(kind, T_start.p, d, grids);
    post.fixture.shaft = static_cast<std::int32_t>(random() % 2);
    if (n % 2 == 1) {
      Eigen::Map<Vec3>(post.fixture.twist.data()) = kMoving * random_direction(random);
      Eigen::Map<Vec3>(post.fixture.twist.data() + 3) = kTurning * random_direction(random);
      post.fixture.stamp_ns = a.now_ns();
      post.fixture.horizon_s = 1.0;
    }
    post.fixture.grid = post.grid.get();
    if (!is_clear(config, post, setpoint(a.state), a.now_ns())) continue;
    if (!leaves_rcm(post.fixture, a.now_ns())) continue;
    int index = 0;
    a.arm.set_fixtures({post}, &index);
    ++runs;
    for (int k = 0; k < kTicks; ++k) {
      Transform T = T_start;
      T.p += way * (kSpeed * kTickS * k);
      if (k % 5 == 0) a.arm.post(pose(MotionKind::kServoCp, T));
      const ConstraintReport& r = a.tick().constraint;
      deepest[kind].setpoint = std::max(deepest[kind].setpoint, r.breach());
      deepest[kind].measured = std::max(deepest[kind].measured, r.measured_breach());
      bent += r.bent;
      yielding += r.yielding != 0;
      faults += a.state.fault != Fault::kNone;
    }
    a.arm.post(MotionCommand{});
  }
  Deepest all;
  const double count = static_cast<double>(runs);
  for (int k = 0; k < kScenes; ++k) {
    all.setpoint = std::max(all.setpoint, deepest[k].setpoint);
    all.measured = std::max(all.measured, deepest[k].measured);
    print_figure("fixture", std::string("setpoint_breach_") + kSceneNames[k], deepest[k].setpoint,
                 count / kScenes);
    print_figure("fixture", std::string("measured_breach_") + kSceneNames[k], deepest[k].measured,
                 count / kScenes);
  }
  print_figure("fixture", "setpoint_breach", all.setpoint, count);
  print_figure("fixture", "measured_breach", all.measured, count);
  print_figure("fixture", "bent_ticks", static_cast<double>(bent), count * kTicks);
  print_figure("fixture", "yielding_ticks", static_cast<double>(yielding), count * kTicks);
  print_figure("fixture", "ticks_in_fault", static_cast<double>(faults), count * kTicks);
}

}  // namespace bench
