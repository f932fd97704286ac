// SPDX-License-Identifier: Apache-2.0
/// An arm on a test bench: ticks against a plant that is where it is told to be, or rigid bodies.
#pragma once

#include <functional>
#include <random>

#include "trocar/arm.hpp"
#include "trocar/plant_supervisor.hpp"
#include "trocar/seal.hpp"

namespace bench {

using namespace trocar;

/// A plant of the bench: where it goes under one tick's torque or set-point.
struct Bench {
  explicit Bench(const ArmConfig& config = {}) : arm(std::make_unique<Arm>(config)) {
    q = {0.0, 0.0, 0.10, 0.0, 0.0, 0.0, 0.0};
  }

  /// One tick; what the arm answers is applied as the perfect mock does, unless `blocked`.
  const ArmState& tick() {
    if (client) client(*this);
    if (silent) return miss();
    MeasuredState m;
    m.sequence = ++ticks;
    m.stamp_ns = 1'000'000'000 + ticks * kTickNs;
    m.q = q;
    m.qd = qd;
    m.enable_counter = plant.enable_counter();
    m.plant_reason = plant.reason();
    m.estop = estop;
    m.missed = missed;
    seal(&m);
    if (spoil) spoil(&m);
    if (spoil && reseal) seal(&m);
    command = arm->tick(m);
    output = plant.advance(&command, qd, m.stamp_ns, false, estop != 0);
    state = arm->state();
    if (command.power && !blocked) {
      q = command.setpoint_q;
      qd = command.setpoint_qd;
    } else {
      qd.fill(0.0);
    }
    return state;
  }

  /// A tick without a state: after kPlantLostTicks of them the loop tells the arm.
  const ArmState& miss() {
    ++ticks;
    if (++missing >= kPlantLostTicks) arm->tick_without_plant(now_ns());
    state = arm->state();
    command.power = state.powered;
    return state;
  }

  const ArmState& run(int n) {
    for (int i = 0; i < n; ++i) tick();
    return state;
  }

  std::int64_t now_ns() const { return 1'000'000'000 + ticks * kTickNs; }

  /// Whatever was wrong is well again; the arm is told nothing.
  void mend() {
    spoil = nullptr;
    reseal = true;
    silent = false;
    missing = 0;
    estop = 0;
    arm->release_estop();
    arm->set_trocar({});
  }

  /// Enabled, homed and at rest.
  void home() {
    arm->post(StateCommand::kHome);
    for (int i = 0; i < 5000 && !(i > 0 && state.is_homed); ++i) tick();
    run(300);
    arm->take_results();
  }

  /// The answer to `seq`, posted before; ticks once.
  Result answer_to(std::int64_t seq) {
    tick();
    for (const Result& r : arm->take_results()) {
      if (r.seq == seq) return r;
    }
    return {};
  }

  std::unique_ptr<Arm> arm;
  PlantSupervisor plant;
  TorqueCommand command;  // what left the arm
  PlantOutput output;
  ArmState state;
  Axes q{};
  Axes qd{};
  std::int64_t ticks = 0;
  std::int32_t estop = 0;
  bool blocked = false;
  std::int64_t missed = 0;
  bool silent = false;                        // the plant says nothing
  int missing = 0;                            // ticks of that
  std::function<void(Bench&)> client;         // posts before a tick
  std::function<void(MeasuredState*)> spoil;  // on its way to the arm
  bool reseal = true;                         // a spoilt sensor, not a damaged record
};

inline MotionCommand joints(MotionKind kind, const Vec6& q, Source source = Source::kCrtk) {
  MotionCommand c;
  c.kind = kind;
  c.source = source;
  Eigen::Map<Vec6>(c.joints.data()) = q;
  return c;
}

inline MotionCommand pose(MotionKind kind, const Transform& T, Source source = Source::kCrtk) {
  MotionCommand c;
  c.kind = kind;
  c.source = source;
  Eigen::Map<Vec3>(c.position.data()) = T.p;
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(c.rotation.data()) = T.R;
  return c;
}

inline Vec6 setpoint(const ArmState& s) { return Eigen::Map<const Vec6>(s.setpoint_q.data()); }

inline double uniform(std::mt19937_64& random, double lo, double hi) {
  return lo + (hi - lo) * std::uniform_real_distribution<double>(0.0, 1.0)(random);
}

/// Random joints inside the range, wrist beyond the 45 mm rule.
inline Vec6 random_joints(std::mt19937_64& random, double beyond = 0.0) {
  Vec6 q;
  for (int i = 0; i < kNumJoints; ++i) {
    const double width = psm::kQMax[i] - psm::kQMin[i];
    q[i] = uniform(random, psm::kQMin[i] - beyond * width, psm::kQMax[i] + beyond * width);
  }
  if (beyond == 0.0) q[2] = uniform(random, 0.062, 0.24);
  return q;
}

}  // namespace bench
