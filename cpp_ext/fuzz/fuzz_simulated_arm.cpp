// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/plant/ecm_plant.hpp"
#include "trocar/plant/lockstep_servo.hpp"
#include "trocar/plant/psm_plant.hpp"

namespace fuzz {

namespace {

PlantModel model_of(Bytes& in) {
  if (in.coin()) return ecm_plant(ecm::Scope::kStraight, 0.1 + std::abs(in.fair()));
  DynamicParameters p;
  if (in.coin()) p.stribeck = 0.4 * p.coulomb;
  return psm_plant(p);
}

ChainVec inside(Bytes& in, const PlantModel& model) {
  ChainVec q = ChainVec::Zero();
  for (int i = 0; i < model.size(); ++i) {
    const double middle = 0.5 * (model.stop_low[i] + model.stop_high[i]);
    q[i] = middle + 0.5 * in.fair() * (model.stop_high[i] - model.stop_low[i]);
  }
  return q;
}

void break_something(Bytes& in, PlantFaults* faults) {
  const int axis = in.below(kMaxJoints);
  switch (in.below(8)) {
    case 0:
      faults->encoder_jump[axis] = in.real(0.5);
      break;
    case 1:
      faults->effort_share[axis] = std::abs(in.fair());
      break;
    case 2:
      faults->cable_slip[axis] = in.real(0.3);
      break;
    case 3:
      faults->is_stuck[static_cast<std::size_t>(axis)] = in.coin();
      break;
    case 4:
      *faults = {};
      break;
    default:
      break;
  }
}

}  // namespace

void fuzz_simulated_arm(Bytes& in) {
  in.choose_wildness();
  const PlantModel model = model_of(in);
  DriveSettings drive;
  if (in.coin()) drive.stiffness = in.vector<kMaxJoints>(1.0).cwiseAbs();
  if (in.coin()) drive.backlash.fill(0.02);
  Transform base;
  base.R = exp_so3(Vec3(in.fair(), in.fair(), in.fair()));
  ArmPlant plant(model, base, inside(in, model), {}, drive, in.byte());
  const int n = model.size();
  ChainVec low = model.stop_low.cwiseMin(plant.theta_true());
  ChainVec high = model.stop_high.cwiseMax(plant.theta_true());
  for (int tick = 0; tick < 100 && !in.is_empty(); ++tick) {
    break_something(in, &plant.faults());
    if (in.coin()) plant.set_load({in.vector<3>(10.0), in.vector<3>(0.1), in.real(0.1)});
    const bool stable = plant.step(ChainVec(in.vector<kMaxJoints>(3.0)), in.coin());
    const ChainVec& tau = plant.tau_applied();
    FUZZ_REQUIRE(stable == (plant.unstable_axis() < 0));
    if (!stable) {
      plant.reset(inside(in, model));
      FUZZ_REQUIRE(plant.unstable_axis() < 0);
      low = model.stop_low.cwiseMin(plant.theta_true());
      high = model.stop_high.cwiseMax(plant.theta_true());
      continue;
    }
    FUZZ_REQUIRE(plant.q_true().head(n).allFinite());
    FUZZ_REQUIRE((model.effort_max - tau.cwiseAbs()).head(n).minCoeff() >= 0.0);
    FUZZ_REQUIRE((plant.theta_true() - low).head(n).minCoeff() > -1e-9);
    FUZZ_REQUIRE((high - plant.theta_true()).head(n).minCoeff() > -1e-9);
    FUZZ_REQUIRE(is_rotation(plant.T_world_cp().R, 1e-9));
  }
}

void fuzz_servo(Bytes& in) {
  in.choose_wildness();
  const PlantModel model = model_of(in);
  JointServo servo(model, {});
  ChainVec q = inside(in, model), qd = ChainVec::Zero();
  int axis = 0;
  for (int tick = 0; tick < 100 && !in.is_empty(); ++tick) {
    const int way = in.below(8);
    if (way == 0) servo.enable();
    if (way == 1) servo.hold();
    if (way == 2 && in.byte() < 32) servo.disable();
    if (way == 3) servo.move(ChainVec(in.vector<kMaxJoints>(1.0)), &axis);
    if (way == 4) servo.move(inside(in, model), &axis);
    const ServoOutput out = servo.tick(q, qd);
    FUZZ_REQUIRE(out.torque.allFinite());
    FUZZ_REQUIRE((model.effort_max - out.torque.cwiseAbs()).head(model.size()).minCoeff() >= 0.0);
    FUZZ_REQUIRE(out.brake == !servo.is_enabled());
    q = servo.is_enabled() && !in.is_wild() ? servo.setpoint_q() : q;
    if (in.is_wild() && in.byte() < 8) q[in.below(model.size())] = in.real(1.0);
    if (servo.fault() != ServoFault::kNone) q = inside(in, model);
  }
}

}  // namespace fuzz
