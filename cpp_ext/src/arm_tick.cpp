// SPDX-License-Identifier: Apache-2.0
/// One tick of an arm, in its order: sensor checks first, output checks last.
#include "trocar/arm.hpp"

namespace trocar {

Arm::Arm(const ArmConfig& config)
    : config_(config),
      reference_(config),
      observer_(config.dynamics, config.observer_gain),
      controller_(config),
      safety_(config),
      constraints_(config) {
  published_.write(state_);
}

const TorqueCommand& Arm::tick(const MeasuredState& measured) {
  take_news(measured);
  state_.constraint = {};
  check_sensors(measured);
  supervise(measured);
  check_regions();
  observe(measured);
  take_state_requests();
  take_motions();
  if (state_.powered) {
    const std::array<AxisState, kNumAxes> before = reference_.axes();
    step_reference();
    constrain(before);
    control(measured);
  }
  return finish(measured);
}

void Arm::tick_without_plant(std::int64_t now_ns) {
  now_ns_ = now_ns;
  new_fault_ = false;
  state_.causes = bit(Fault::kPlantLost);
  safety_.sensors.forget();  // it may come back as another one
  forget_force();
  if (state_.powered) raise(Fault::kPlantLost, -1);
  estop_now_ = estop_.load(std::memory_order_acquire);
  if (estop_now_) raise(Fault::kEstop, -1);
  if (shutdown_.load(std::memory_order_acquire)) begin_stop();
  take_state_requests();
  take_motions();
  finish(measured_);
}

void Arm::take_news(const MeasuredState& m) {
  now_ns_ = m.stamp_ns;
  new_fault_ = false;
  estop_now_ = estop_.load(std::memory_order_acquire) || m.estop != 0;
  TrocarPosition trocar;
  if (trocar_box_.take(&trocar)) safety_.geometry.set_trocar(trocar);
  take_fixtures();
}

void Arm::step_reference() {
  reference_.step(now_ns_);
  if (safety_.age.is_stale(now_ns_)) {
    state_.causes |= bit(Fault::kStaleCommand);
    reference_.hold(false);  // it does so by itself; here in case it does not
  }
  progress();
}

void Arm::control(const MeasuredState& m) {
  if (!state_.powered) return;
  ControllerSettings chosen;
  if (controller_box_.take(&chosen)) controller_.select(chosen);
  wanted_.torque = to_axes(controller_.effort(to_vector(m.q), to_vector(m.qd), reference_.axes()));
  for (int i = 0; i < kNumAxes; ++i) {
    wanted_.setpoint_q[i] = reference_.axes()[i].q;
    wanted_.setpoint_qd[i] = reference_.axes()[i].v;
  }
}

const TorqueCommand& Arm::finish(const MeasuredState& m) {
  wanted_.sequence = m.sequence;
  wanted_.power = state_.powered;
  if (const Finding found = safety_.release(wanted_, measured_.q)) raise(found.fault, found.axis);
  publish(m);
  return safety_.output();
}

void Arm::publish(const MeasuredState& m) {
  ++state_.tick;
  state_.stamp_ns = now_ns_;
  state_.q = m.q;
  state_.qd = m.qd;
  state_.tau = m.tau;
  for (int i = 0; i < kNumAxes; ++i) {
    state_.setpoint_q[i] = reference_.axes()[i].q;
    state_.setpoint_qd[i] = reference_.axes()[i].v;
  }
  state_.setpoint_tau = safety_.output().torque;
  state_.controller = controller_.mode();
  state_.goal_q = to_axes(reference_.goal());
  state_.source = reference_.source();
  state_.plant_reason = m.plant_reason;
  state_.is_busy = state_.powered && reference_.is_busy();
  state_.stale = reference_.is_stale() || (state_.causes & bit(Fault::kStaleCommand)) != 0;
  state_.estop = estop_now_;
  state_.commands_refused = refused_;
  state_.results_dropped = results_.dropped();
  state_.rcm_drift = safety_.geometry.drift();
  recorder_.add(state_);
  if (sensors_bad_) {  // the record keeps what came; everyone else gets the last finite values
    state_.q = measured_.q;
    state_.qd = measured_.qd;
    state_.tau = measured_.tau;
  }
  published_.write(state_);
  if (new_fault_) {
    recorder_.copy(&record_);
    fault_box_.put(record_);
  }
}

}  // namespace trocar
