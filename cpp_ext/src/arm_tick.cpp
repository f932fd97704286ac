// SPDX-License-Identifier: Apache-2.0
/// One tick of an arm: supervise, operating state, commands, reference, controller, finite check.
#include "trocar/arm.hpp"

namespace trocar {

namespace {

constexpr int kSettleTicks = 20;  // of rest before the power goes off: brakes close on a still arm

/// Faults after which no further torque may be computed: power goes at once (stop category 0).
bool is_blind(Fault fault) {
  return fault == Fault::kNonFinite || fault == Fault::kEncoderJump ||
         fault == Fault::kMissedDeadline || fault == Fault::kPlantLost;
}

}  // namespace

Arm::Arm(const ArmConfig& config)
    : config_(config), reference_(config), controller_(config), supervisor_(config) {
  published_.write(state_);
}

const TorqueCommand& Arm::tick(const MeasuredState& measured) {
  now_ns_ = measured.stamp_ns;
  plant_lost_ = false;
  new_fault_ = false;
  supervise(measured);
  take_state_requests();
  take_motions();
  if (state_.powered) {
    reference_.step(now_ns_);
    progress();
    control(measured);
  }
  output_.sequence = measured.sequence;
  output_.power = state_.powered;
  if (!state_.powered) {
    output_.torque.fill(0.0);
    output_.setpoint_q = measured_.q;
    output_.setpoint_qd.fill(0.0);
  }
  publish(measured);
  return output_;
}

void Arm::tick_without_plant(std::int64_t now_ns) {
  now_ns_ = now_ns;
  plant_lost_ = true;
  new_fault_ = false;
  if (state_.powered) raise(Fault::kPlantLost, -1);
  if (estop_.load(std::memory_order_acquire)) raise(Fault::kEstop, -1);
  if (shutdown_.load(std::memory_order_acquire)) begin_stop();
  take_state_requests();
  take_motions();
  output_.torque.fill(0.0);
  output_.power = 0;
  publish(measured_);
}

void Arm::supervise(const MeasuredState& m) {
  estop_now_ = estop_.load(std::memory_order_acquire) || m.estop != 0;
  const Finding sensors = supervisor_.check_sensors(m);
  sensors_bad_ = sensors.fault == Fault::kNonFinite;
  if (!sensors_bad_) measured_ = m;  // the last trustworthy one
  measured_.enable_counter = m.enable_counter;
  if (sensors_bad_ || (state_.powered && sensors.fault != Fault::kNone)) {
    raise(sensors.fault, sensors.axis);
  }
  // The plant side's word counts once it has seen that it was enabled.
  if (state_.powered && m.enable_counter == output_.enable_counter) {
    if (m.plant_reason == PlantReason::kEstop) raise(Fault::kEstop, -1);
    if (m.plant_reason == PlantReason::kNoCommand30Ms ||
        m.plant_reason == PlantReason::kConsecutiveMisses) {
      raise(Fault::kMissedDeadline, -1);
    }
  }
  if (estop_now_) raise(Fault::kEstop, -1);
  if (state_.powered) {
    const Finding motion =
        supervisor_.check_motion(m, reference_.axes(), controller_, state_.is_homed);
    if (motion.fault != Fault::kNone) raise(motion.fault, motion.axis);
  }
  if (shutdown_.load(std::memory_order_acquire) &&
      state_.operating_state != OperatingState::kFault) {
    begin_stop();
    state_.operating_state = OperatingState::kDisabled;
  }
}

void Arm::raise(Fault fault, int axis) {
  if (state_.operating_state != OperatingState::kFault) {
    state_.operating_state = OperatingState::kFault;
    state_.fault = fault;
    state_.fault_axis = axis;
    new_fault_ = true;
    homing_ = false;
    // Where a joint did not follow, the stop starts from where it is, not from where it should be.
    if (fault == Fault::kTrackingError || fault == Fault::kEffortLimit) {
      reference_.restart(to_vector(measured_.q), to_vector(measured_.qd));
    }
    if (!is_blind(fault)) begin_stop();
  }
  if (is_blind(fault)) power_off();
}

void Arm::power_off() {
  state_.powered = 0;
  stopping_ = false;
  homing_ = false;
  reference_.reset(to_vector(measured_.q));
}

void Arm::begin_stop() {
  homing_ = false;
  if (!state_.powered || stopping_) return;
  stopping_ = true;
  rest_ticks_ = 0;
  reference_.hold();
}

bool Arm::cause_persists() const {
  const bool still_stopping = state_.operating_state == OperatingState::kFault && state_.powered;
  return estop_now_ || estop_.load(std::memory_order_acquire) || sensors_bad_ || plant_lost_ ||
         still_stopping;
}

void Arm::progress() {
  if (stopping_) {
    rest_ticks_ = reference_.is_at_rest() ? rest_ticks_ + 1 : 0;
    if (rest_ticks_ >= kSettleTicks) power_off();
  }
  if (homing_ && !reference_.is_busy()) {
    homing_ = false;
    state_.is_homed = 1;
  }
}

void Arm::control(const MeasuredState& m) {
  if (!state_.powered) return;
  output_.torque = to_axes(controller_.effort(to_vector(m.q), to_vector(m.qd), reference_.axes()));
  for (int i = 0; i < kNumAxes; ++i) {
    output_.setpoint_q[i] = reference_.axes()[i].q;
    output_.setpoint_qd[i] = reference_.axes()[i].v;
  }
  // Last before the write: no number leaves unchecked.
  if (!Supervisor::is_finite(output_.torque) || !Supervisor::is_finite(output_.setpoint_q)) {
    raise(Fault::kNonFinite, -1);
  }
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
  state_.setpoint_tau = output_.torque;
  state_.goal_q = to_axes(reference_.goal());
  state_.source = reference_.source();
  state_.plant_reason = m.plant_reason;
  state_.is_busy = state_.powered && reference_.is_busy();
  state_.stale = reference_.is_stale();
  state_.estop = estop_now_;
  state_.commands_refused = refused_;
  state_.results_dropped = results_.dropped();
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
