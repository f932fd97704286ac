// SPDX-License-Identifier: Apache-2.0
/// How to bring about every fault of the table: for the tests and for the benchmark's campaign.
#pragma once

#include <functional>
#include <limits>
#include <vector>

#include "arm_probe.hpp"
#include "bench.hpp"

namespace bench {

/// `inject` makes the cause show in the next tick for the first time, and stay.
struct Injection {
  Fault fault;
  std::function<void(Bench&)> inject;
  int axis;                                             // that the fault names
  bool persists = false;                                // as long as nobody mends it
  std::function<void(ArmConfig*)> configure = nullptr;  // so that no other fault comes first
  std::function<void(Bench&)> prepare = nullptr;        // what belongs to it and is no fault yet
};

inline void spoil(Bench& b, std::function<void(MeasuredState*)> how) { b.spoil = std::move(how); }

/// A code that computes wrong set-points: the next tick goes on from one changed by `how`.
inline void derail(Bench& b, const std::function<void(std::array<AxisState, kNumAxes>*)>& how) {
  Reference& reference = ArmProbe::reference(*b.arm);
  std::array<AxisState, kNumAxes> axes = reference.axes();
  how(&axes);
  reference.accept(axes);
}

/// A surgeon's stream, a set-point with its speed every tick.
inline void stream(Bench& b) {
  b.client = [goal = setpoint(b.state)](Bench& c) mutable {
    constexpr double kSpeed = 0.2;  // rad/s
    goal[0] += kSpeed * kTickS;
    MotionCommand m = joints(MotionKind::kServoJp, goal, Source::kTeleop);
    m.velocity[0] = kSpeed;
    m.has_velocity = 1;
    c.arm->post(m);
  };
}

/// +1 to go deeper by 30 mm, -1 to come back by as much where there is no room.
inline double way_along_shaft(const Bench& b) { return b.q[2] < 0.15 ? 1.0 : -1.0; }

/// Walls before and behind the tip along the shaft.
inline void build_walls(Bench& b, double away) {
  const Vec6 q = Eigen::Map<const Vec6>(b.q.data());
  const Vec3 tip = psm::forward_kinematics(q).p;
  std::vector<FixturePost> walls(2);
  for (const double way : {1.0, -1.0}) {
    const Vec3 d = way * psm::jacobian(q).col(2).head<3>(), p = tip + away * d;
    Fixture& wall = walls[way > 0.0].fixture;
    wall.shaft = 0;
    wall.point = {p.x(), p.y(), p.z()};
    wall.direction = {-d.x(), -d.y(), -d.z()};
  }
  int index = 0;
  b.arm->set_fixtures(walls, &index);
  b.run(2);
}

inline void allow_jumps(ArmConfig* c) {
  c->encoder_jump_margin = 1e6;
  c->tracking_error_max.setConstant(10.0);
}

/// What was measured, or what the plant says.
inline const std::vector<Injection>& sensor_injections() {
  static const std::vector<Injection> all = {
      {Fault::kNonFinite, [](Bench& b) { spoil(b, [](auto* m) { m->qd[3] = std::nan(""); }); }, 3,
       true},
      {Fault::kNonFinite,
       [](Bench& b) {
         spoil(b, [](auto* m) { m->tau[5] = std::numeric_limits<double>::infinity(); });
       },
       5, true},
      {Fault::kEncoderJump, [](Bench& b) { spoil(b, [](auto* m) { m->q[1] += 0.02; }); }, 1},
      {Fault::kModelRange,
       [](Bench& b) { spoil(b, [](auto* m) { m->q[6] = psm::kQMax[6] + 0.101; }); }, 6, true,
       [](ArmConfig* c) { c->encoder_jump_margin = 1e6; }},
      {Fault::kStateSequence, [](Bench& b) { spoil(b, [](auto* m) { m->sequence -= 1; }); }, -1},
      {Fault::kStateChecksum,
       [](Bench& b) {
         b.reseal = false;
         spoil(b, [](auto* m) { m->q[2] += 1e-12; });
       },
       -1, true},
      {Fault::kMissedDeadline,
       [](Bench& b) { spoil(b, [](auto* m) { m->plant_reason = PlantReason::kNoCommand30Ms; }); },
       -1},
      {Fault::kMissedDeadline,
       [](Bench& b) {
         spoil(b, [](auto* m) { m->plant_reason = PlantReason::kConsecutiveMisses; });
       },
       -1},
      {Fault::kMissedDeadline, [](Bench& b) { b.missed += 30; }, -1},
      {Fault::kPlantLost, [](Bench& b) { b.silent = true; }, -1, true},
  };
  return all;
}

/// What the arm does.
inline const std::vector<Injection>& motion_injections() {
  static const std::vector<Injection> all = {
      {Fault::kTrackingError,
       [](Bench& b) {
         spoil(b, [at = b.q[0]](MeasuredState* m) mutable { m->q[0] = (at -= 0.004) - 0.1; });
         // The first of them is 0.104 rad behind: no jump, as the margin is 5 here and 0.1 there.
       },
       0, false, [](ArmConfig* c) { c->encoder_jump_margin = 100.0; }},
      {Fault::kEffortLimit,
       [](Bench& b) {
         // Its plant stands still 0.5 rad behind: the first output of that is at the limit.
         spoil(b, [at = b.q](MeasuredState* m) {
           m->q = at;
           m->q[0] -= 0.5;
           m->qd.fill(0.0);
         });
       },
       0, false, allow_jumps},
      {Fault::kOverspeed,
       [](Bench& b) { spoil(b, [](auto* m) { m->qd[4] = 1.51 * psm::kVelocityMax[4]; }); }, 4},
      {Fault::kOveracceleration,
       [](Bench& b) { spoil(b, [n = 0](MeasuredState* m) mutable { m->qd[5] += ++n % 2; }); }, 5},
      {Fault::kOvereffort,
       [](Bench& b) { spoil(b, [](auto* m) { m->tau[6] = 1.26 * psm::kEffortMax[6]; }); }, 6},
      {Fault::kNearRcm,
       [](Bench& b) { spoil(b, [](auto* m) { m->q[2] = psm::kWristOffset + 0.0429; }); }, 2, false,
       allow_jumps},
      {Fault::kFixtureBreach,
       [](Bench& b) {
         spoil(b, [way = way_along_shaft(b)](MeasuredState* m) { m->q[2] += 0.03 * way; });
       },
       -1, false, allow_jumps, [](Bench& b) { build_walls(b, 0.02); }},
      {Fault::kRcmDrift, [](Bench& b) { b.arm->set_trocar({{0.0, 0.03, 0.0}}); }, -1, true},
  };
  return all;
}

/// People, clients, and the code itself.
inline const std::vector<Injection>& other_injections() {
  static const std::vector<Injection> all = {
      {Fault::kEstop, [](Bench& b) { b.arm->press_estop(); }, -1, true},
      {Fault::kEstop, [](Bench& b) { b.estop = 1; }, -1, true},
      {Fault::kStaleCommand,
       [](Bench& b) {
         b.client = nullptr;
         b.run(static_cast<int>(std::lround(b.arm->config().operator_hold_s / kTickS)));
       },
       -1},
      {Fault::kOutputLimit,
       [](Bench& b) { derail(b, [](auto* axes) { (*axes)[4].v = 2.0 * psm::kVelocityMax[4]; }); },
       4},
      {Fault::kSetpointJump, [](Bench& b) { derail(b, [](auto* axes) { (*axes)[3].q += 0.05; }); },
       3},
      {Fault::kStopOverrun,
       [](Bench& b) {
         b.arm->post(StateCommand::kDisable);
         b.run(50);  // as long as it may take
       },
       -1, false,
       [](ArmConfig* c) {
         c->safety.stop_overrun_s = 0.05;
         c->stop_time_s = 0.5;
       }},
  };
  return all;
}

inline const std::vector<Injection>& injections() {
  static const std::vector<Injection> all = [] {
    std::vector<Injection> whole = sensor_injections();
    for (const auto* more : {&motion_injections(), &other_injections()}) {
      whole.insert(whole.end(), more->begin(), more->end());
    }
    return whole;
  }();
  return all;
}

inline ArmConfig config_for(const Injection& injection) {
  ArmConfig config;
  if (injection.configure) injection.configure(&config);
  return config;
}

/// Whether this tick says that it has found `fault`.
inline bool is_detected(const Bench& b, Fault fault) {
  if (fault == Fault::kStaleCommand) return (b.state.causes & bit(fault)) != 0;
  return b.state.operating_state == OperatingState::kFault && b.state.fault == fault;
}

}  // namespace bench
