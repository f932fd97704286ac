// SPDX-License-Identifier: Apache-2.0
/// From the detection of a fault to the commanded stop, in ticks, over every cause of every fault.
///
/// Two arms live the same life; one of them meets the cause somewhere in its motion.  *Detection*
/// is the first tick whose published state names the fault; the table says how many ticks that
/// takes.  The *commanded stop* is the first tick, from the detection on, whose output has the
/// power off or slower set-points than the twin's (all at rest counts too): 0 is the same tick.
/// Where a region bends both, the twin may brake as hard: there no joint may be faster than in the
/// tick before, and some must be slower.
#include "../tests/fault_injections.hpp"
#include "campaign.hpp"

namespace bench {

namespace {

constexpr int kPatience = 50;  // ticks

double speed(const Bench& b) { return Eigen::Map<const Vec7>(b.command.setpoint_qd.data()).norm(); }

bool brakes(const Axes& before, const Axes& now) {
  bool slower = false;
  for (int i = 0; i < kNumAxes; ++i) {
    if (std::abs(now[i]) > std::abs(before[i]) + 1e-12) return false;
    slower = slower || std::abs(now[i]) < std::abs(before[i]);
  }
  return slower;
}

bool stops(const Bench& hit, const Axes& before, const Bench& twin) {
  return !hit.command.power || speed(hit) < speed(twin) || speed(hit) == 0.0 ||
         (hit.state.constraint.bent != 0 && brakes(before, hit.command.setpoint_qd));
}

struct Ticks {
  int to_detection = 0, to_stop = 0;
};

Ticks live_through(const Injection& injection, std::mt19937_64& random) {
  Bench hit(config_for(injection)), twin(config_for(injection));
  Vec6 goal = random_joints(random);
  goal[0] = uniform(random, 0.0, 1.0) < 0.5 ? -1.0 : 1.0;  // far enough to be under way
  const int running = 300 + static_cast<int>(uniform(random, 0.0, 400.0));
  for (Bench* b : {&hit, &twin}) {
    b->home();
    if (injection.fault == Fault::kStaleCommand)
      stream(*b);
    else
      b->arm->post(joints(MotionKind::kMoveJp, goal));
    b->run(running);
    if (injection.prepare) injection.prepare(*b);
  }
  injection.inject(hit);
  twin.run(static_cast<int>(hit.ticks - twin.ticks));
  Axes before{};
  const auto tick = [&] {
    before = hit.command.setpoint_qd;
    hit.tick();
    twin.tick();
  };
  Ticks ticks;
  const int most = entry(injection.fault).detection_ticks + kPatience;
  do {
    tick();
  } while (++ticks.to_detection < most && !is_detected(hit, injection.fault));
  for (; ticks.to_stop < kPatience && !stops(hit, before, twin); ++ticks.to_stop) tick();
  return ticks;
}

}  // namespace

void fault_campaign(const Task& task) {
  std::mt19937_64 random(task.seed);
  int to_stop = 0, off_table = 0;
  for (std::int64_t n = 0; n < task.count; ++n) {
    const Injection& injection = injections()[static_cast<std::size_t>(n) % injections().size()];
    const FaultEntry& row = entry(injection.fault);
    const Ticks ticks = live_through(injection, random);
    const int off = std::abs(ticks.to_detection - row.detection_ticks);
    if (ticks.to_stop > 1 || off > 0) {
      std::fprintf(stderr, "%s: detected after %d ticks (table: %d), stopped %d later\n", row.name,
                   ticks.to_detection, row.detection_ticks, ticks.to_stop);
    }
    to_stop = std::max(to_stop, ticks.to_stop);
    off_table = std::max(off_table, off);
  }
  std::int64_t met = 0;
  for (const Injection& injection : injections()) met |= bit(injection.fault);
  int faults = 0;
  for (; met != 0; met &= met - 1) ++faults;
  const double n = static_cast<double>(task.count);
  print_figure("fault", "ticks_to_stop", to_stop, n);
  print_figure("fault", "detection_off_table_ticks", off_table, n);
  print_figure("fault", "faults", faults, n);
}

}  // namespace bench
