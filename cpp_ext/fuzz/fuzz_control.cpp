// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/controller.hpp"
#include "trocar/safety_unit.hpp"

namespace fuzz {

namespace {

bool all_finite(const Axes& values) {
  for (const double x : values) {
    if (!std::isfinite(x)) return false;
  }
  return true;
}

MeasuredState measured_of(Bytes& in) {
  MeasuredState m;
  m.sequence = in.is_wild() ? in.raw<std::int64_t>() : in.byte();
  m.stamp_ns = in.is_wild() ? in.raw<std::int64_t>() : in.raw<std::uint32_t>();
  in.fill(&m.q, 2.0);
  in.fill(&m.qd, 20.0);
  in.fill(&m.tau, 5.0);
  m.missed = in.is_wild() ? in.raw<std::int64_t>() : in.byte();
  if (in.coin()) seal(&m);
  return m;
}

}  // namespace

ControllerSettings settings_of(Bytes& in) {
  ControllerSettings s;
  s.mode = in.is_wild() ? in.word<ControlMode>(3) : static_cast<ControlMode>(in.below(3));
  for (int i = 0; i < kNumAxes; ++i) {
    s.kp[i] = std::abs(in.real(kKpMax[i]));
    s.kd[i] = std::abs(in.real(kKdMax[i]));
  }
  for (int i = 0; i < 6; ++i) {
    s.stiffness[i] = std::abs(in.real(i < 3 ? kStiffnessMax : kTurnStiffnessMax));
  }
  s.damping_ratio = 0.9 + in.real(0.6);
  s.friction_share = 0.45 + in.real(0.45);
  return s;
}

/// Finite motions of an arm, any settings that are accepted: torque inside its limits.
void fuzz_control(Bytes& in) {
  in.choose_wildness();
  const ArmConfig config;
  Controller controller(config);
  for (int n = 0; n < 12 && !in.is_empty(); ++n) {
    const ControllerSettings settings = settings_of(in);
    if (find_fault(settings) == nullptr) controller.select(settings);
    std::array<AxisState, kNumAxes> reference;
    Vec7 q, qd;
    for (int i = 0; i < kNumAxes; ++i) {
      reference[static_cast<std::size_t>(i)] = {in.fair(), 3.0 * in.fair(), 20.0 * in.fair()};
      q[i] = in.fair();
      qd[i] = 5.0 * in.fair();
    }
    for (int k = 0; k < 4; ++k) {
      const Vec7 tau = controller.effort(q, qd, reference);
      FUZZ_REQUIRE(tau.allFinite());
      FUZZ_REQUIRE((tau.cwiseAbs() - config.effort_max).maxCoeff() <= 1e-12);
    }
    if (in.coin()) controller.reset();
  }
  Controller handed(config);
  const std::array<AxisState, kNumAxes> rest{};
  handed.effort(in.vector<7>(2.0), in.vector<7>(10.0), rest);
}

/// Whatever is asked for, what leaves is finite, inside the limits, or braked.
void fuzz_safety(Bytes& in) {
  in.choose_wildness();
  const ArmConfig config;
  SafetyUnit unit(config);
  std::array<AxisState, kNumAxes> setpoint{};
  for (int n = 0; n < 16 && !in.is_empty(); ++n) {
    const MeasuredState m = measured_of(in);
    std::int64_t causes = 0;
    const Finding sensors = unit.sensors.check(m, &causes);
    FUZZ_REQUIRE(static_cast<bool>(sensors) == (causes != 0));
    FUZZ_REQUIRE(all_finite(m.q) || (causes & bit(Fault::kNonFinite)) != 0);
    if (!sensors) unit.motion.check(m, setpoint);
    unit.geometry.look(m.q, &causes);
    unit.geometry.check(m.q, in.coin());
    unit.geometry.check_regions(in.real(0.01));
    unit.deadlines.check(m.missed);
    unit.check_stop(in.coin());
    unit.check_effort();
    unit.age.is_stale(m.stamp_ns);
    TorqueCommand wanted;
    wanted.power = in.coin();
    for (int i = 0; i < kNumAxes; ++i) {
      wanted.torque[i] = in.real(psm::kEffortMax[i]);
      wanted.setpoint_q[i] = in.real(psm::kQMax[i]);
      wanted.setpoint_qd[i] = in.real(psm::kVelocityMax[i]);
    }
    const Axes home = to_axes(config.home_q);
    const Finding found = unit.release(wanted, home);
    const TorqueCommand& out = unit.output();
    FUZZ_REQUIRE(all_finite(out.torque) && all_finite(out.setpoint_q));
    FUZZ_REQUIRE(all_finite(out.setpoint_qd));
    FUZZ_REQUIRE(!found || out.power == 0);
    for (int i = 0; i < kNumAxes; ++i) {
      FUZZ_REQUIRE(std::abs(out.torque[i]) <= (1.0 + 1e-8) * psm::kEffortMax[i]);
      FUZZ_REQUIRE(out.power != 0 || out.torque[i] == 0.0);
    }
    if (in.byte() < 32) unit.reset();
    if (in.byte() < 32) unit.rebase();
    if (in.byte() < 32) unit.sensors.forget();
  }
}

}  // namespace fuzz
