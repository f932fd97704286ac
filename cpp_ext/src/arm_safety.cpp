// SPDX-License-Identifier: Apache-2.0
/// What the arm does about what the safety unit finds: latch, stop, power off, acknowledge.
#include "trocar/arm.hpp"

namespace trocar {

namespace {
constexpr int kSettleTicks = 20;  // of rest before the power goes off: brakes close on a still arm

/// Nothing more may be computed: power goes at once.
bool is_blind(Fault fault) { return entry(fault).stop_category == 0; }
}  // namespace

void Arm::check_sensors(const MeasuredState& m) {
  state_.causes = 0;
  if (new_plant_.exchange(false, std::memory_order_acq_rel)) safety_.sensors.forget();
  const Finding sensors = safety_.sensors.check(m, &state_.causes);
  sensors_bad_ = (state_.causes & (bit(Fault::kNonFinite) | bit(Fault::kStateChecksum))) != 0;
  if (!sensors_bad_) measured_ = m;  // the last trustworthy one
  measured_.enable_counter = m.enable_counter;
  if (sensors && (sensors_bad_ || state_.powered)) raise(sensors.fault, sensors.axis);
  safety_.geometry.look(measured_.q, &state_.causes);
}

void Arm::supervise(const MeasuredState& m) {
  // The plant side's word counts once it has seen that it was enabled.
  if (state_.powered && m.enable_counter == wanted_.enable_counter) {
    if (m.plant_reason == PlantReason::kEstop) raise(Fault::kEstop, -1);
    if (m.plant_reason == PlantReason::kNoCommand30Ms ||
        m.plant_reason == PlantReason::kConsecutiveMisses) {
      raise(Fault::kMissedDeadline, -1);
    }
  }
  if (estop_now_) raise(Fault::kEstop, -1);
  if (state_.powered && !sensors_bad_) {
    for (const Finding& found :
         {safety_.motion.check(m, reference_.axes()), safety_.check_effort(),
          safety_.geometry.check(m.q, state_.is_homed), safety_.deadlines.check(m.missed)}) {
      if (found) raise(found.fault, found.axis);
    }
  }
  if (shutdown_.load(std::memory_order_acquire) &&
      state_.operating_state != OperatingState::kFault) {
    begin_stop();
    state_.operating_state = OperatingState::kDisabled;
  }
}

void Arm::raise(Fault fault, int axis) {
  state_.causes |= bit(fault);
  if (state_.operating_state != OperatingState::kFault) {
    state_.operating_state = OperatingState::kFault;
    state_.fault = fault;
    state_.fault_axis = axis;
    new_fault_ = true;
    homing_ = false;
    // Where a joint did not follow, the stop starts from where it is, not from where it should be.
    if (fault == Fault::kTrackingError || fault == Fault::kEffortLimit) {
      reference_.restart(to_vector(measured_.q), to_vector(measured_.qd));
      safety_.rebase();
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
  safety_.age.forget();
}

void Arm::begin_stop() {
  homing_ = false;
  if (!state_.powered || stopping_) return;
  stopping_ = true;
  rest_ticks_ = 0;
  reference_.hold();
  safety_.age.forget();
}

bool Arm::cause_persists() const {
  const bool still_stopping = state_.operating_state == OperatingState::kFault && state_.powered;
  const std::int64_t present = state_.causes & ~bit(Fault::kStaleCommand);
  return present != 0 || estop_.load(std::memory_order_acquire) || still_stopping;
}

void Arm::progress() {
  if (stopping_) {
    rest_ticks_ = reference_.is_at_rest() ? rest_ticks_ + 1 : 0;
    if (rest_ticks_ >= kSettleTicks) power_off();
  }
  if (const Finding late = safety_.check_stop(stopping_)) raise(late.fault, late.axis);
  if (homing_ && !reference_.is_busy()) {
    homing_ = false;
    state_.is_homed = 1;
  }
}

}  // namespace trocar
