// SPDX-License-Identifier: Apache-2.0
/// A whole arm: any clients, any plant.
#include "targets.hpp"
#include "trocar/arm.hpp"
#include "trocar/plant_supervisor.hpp"
#include "trocar/seal.hpp"

namespace fuzz {

ControllerSettings settings_of(Bytes& in);
std::vector<FixturePost> fixtures_of(Bytes& in);

namespace {

bool all_finite(const Axes& values) {
  for (const double x : values) {
    if (!std::isfinite(x)) return false;
  }
  return true;
}

void post_something(Bytes& in, Arm& arm) {
  switch (in.below(13)) {
    case 0:
      arm.post(in.word<StateCommand>(6));
      break;
    case 1: {
      JawCommand jaw;
      jaw.source = in.word<Source>(4);
      jaw.is_move = in.coin();
      jaw.angle = in.real(2.0);
      arm.post(jaw);
      break;
    }
    case 2:
      arm.set_trocar({{in.real(0.05), in.real(0.05), in.real(0.05)}});
      break;
    case 3:
      arm.set_controller(settings_of(in));
      break;
    case 4:
      if (in.coin()) arm.press_estop();
      arm.release_estop();
      break;
    case 5:
      arm.take_results();
      arm.fault_snapshot();
      break;
    case 6: {
      const std::vector<FixturePost> posts = fixtures_of(in);
      int index = -1;
      const char* fault = arm.set_fixtures(posts, &index);
      FUZZ_REQUIRE(fault == nullptr || (index >= 0 && index <= kMaxFixtures));
      break;
    }
    default: {
      MotionCommand m;
      m.kind = in.word<MotionKind>(5);
      m.source = in.word<Source>(4);
      m.stamp_ns = in.is_wild() && in.coin() ? in.raw<std::int64_t>() : 0;
      in.fill(&m.joints, 1.5);
      in.fill(&m.position, 0.2);
      Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(m.rotation.data()) = in.rotation();
      in.fill(&m.velocity, 0.3);
      m.has_velocity = in.coin();
      arm.post(m);
    }
  }
}

struct Plant {
  Axes q = to_axes(ArmConfig{}.home_q);
  Axes qd{};
  std::int64_t ticks = 0;
  PlantSupervisor side;
};

/// Mostly what is true; where wild, at times anything.
MeasuredState measure(Bytes& in, Plant& plant) {
  MeasuredState m;
  m.sequence = ++plant.ticks;
  m.stamp_ns = 1'000'000'000 + plant.ticks * kTickNs;
  m.q = plant.q;
  m.qd = plant.qd;
  m.enable_counter = plant.side.enable_counter();
  m.plant_reason = plant.side.reason();
  if (in.is_wild() && in.byte() < 16) {
    switch (in.below(6)) {
      case 0:
        in.fill(&m.q, 1.0);
        break;
      case 1:
        in.fill(&m.qd, 5.0);
        break;
      case 2:
        in.fill(&m.tau, 5.0);
        break;
      case 3:
        m.stamp_ns = in.raw<std::int64_t>();
        break;
      case 4:
        m.sequence = in.raw<std::int64_t>();
        m.missed = in.raw<std::int64_t>();
        break;
      default:
        m.enable_counter = in.raw<std::int64_t>();
        m.plant_reason = in.word<PlantReason>(6);
        m.estop = in.raw<std::int32_t>();
    }
  }
  if (in.coin()) seal(&m);
  if (in.is_wild() && in.byte() < 4) m.checksum = in.raw<std::uint64_t>();
  return m;
}

void require_sane(const Arm& arm, const TorqueCommand& out) {
  FUZZ_REQUIRE(all_finite(out.torque) && all_finite(out.setpoint_q));
  FUZZ_REQUIRE(all_finite(out.setpoint_qd));
  const ArmState s = arm.state();
  FUZZ_REQUIRE(all_finite(s.q) && all_finite(s.qd) && all_finite(s.tau));
  FUZZ_REQUIRE(all_finite(s.setpoint_q) && all_finite(s.setpoint_qd) && all_finite(s.goal_q));
  FUZZ_REQUIRE(all_finite(s.tau_external));
  FUZZ_REQUIRE(!std::isnan(s.constraint.distance) && !std::isnan(s.constraint.measured_distance));
  for (const double x : s.wrench) FUZZ_REQUIRE(std::isfinite(x));
  FUZZ_REQUIRE(out.power == 0 || s.powered != 0);
  FUZZ_REQUIRE((s.operating_state == OperatingState::kFault) == (s.fault != Fault::kNone));
  for (int i = 0; i < kNumAxes; ++i) {
    FUZZ_REQUIRE(std::abs(out.torque[i]) <= (1.0 + 1e-8) * psm::kEffortMax[i]);
    FUZZ_REQUIRE(std::abs(out.setpoint_qd[i]) <= (1.0 + 1e-8) * psm::kVelocityMax[i]);
  }
}

}  // namespace

void fuzz_arm(Bytes& in) {
  in.choose_wildness();
  Arm arm{ArmConfig{}};
  Plant plant;
  if (in.coin()) arm.post(StateCommand::kHome);
  for (int n = 0; n < 400 && (n < 40 || !in.is_empty()); ++n) {
    if (in.byte() < 64) post_something(in, arm);
    if (in.is_wild() && in.byte() < 2) {
      arm.tick_without_plant(in.coin() ? plant.ticks * kTickNs : in.raw<std::int64_t>());
      continue;
    }
    const MeasuredState m = measure(in, plant);
    const TorqueCommand& out = arm.tick(m);
    require_sane(arm, out);
    if (out.power != 0) {
      plant.q = out.setpoint_q;
      plant.qd = out.setpoint_qd;
    } else {
      plant.qd.fill(0.0);
    }
    plant.side.advance(&out, plant.qd, m.stamp_ns, in.coin(), m.estop != 0);
  }
  arm.request_shutdown();
  require_sane(arm, arm.tick(measure(in, plant)));
}

/// The plant's side: whatever is answered, what it does is finite and inside the effort limits.
void fuzz_plant(Bytes& in) {
  in.choose_wildness();
  PlantSupervisor side;
  std::int64_t now = 0;
  for (int n = 0; n < 60 && !in.is_empty(); ++n) {
    now = in.is_wild() && in.byte() < 8 ? in.raw<std::int64_t>() : now + kTickNs;
    TorqueCommand c;
    c.power = in.coin();
    c.enable_counter = in.is_wild() ? in.raw<std::int64_t>() : in.byte();
    in.fill(&c.torque, 5.0);
    Axes qd{};
    in.fill(&qd, 10.0);
    const PlantOutput out =
        side.advance(in.byte() < 64 ? nullptr : &c, qd, now, in.coin(), in.byte() < 8);
    for (int i = 0; i < kNumAxes; ++i) {
      FUZZ_REQUIRE(std::abs(out.torque[i]) <= psm::kEffortMax[i]);  // false for NaN
    }
    FUZZ_REQUIRE(out.brake == (out.reason != PlantReason::kNone));
    if (in.byte() < 8) side.release();
  }
}

}  // namespace fuzz
