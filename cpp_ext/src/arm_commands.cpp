// SPDX-License-Identifier: Apache-2.0
/// What the tick does with commands: the operating-state machine and the answers.
#include "trocar/arm.hpp"

namespace trocar {

void Arm::answer(std::int64_t seq, Source source, Verdict verdict, Reason reason) {
  if (verdict == Verdict::kRefused) ++refused_;
  results_.push({seq, now_ns_, source, verdict, reason});
}

void Arm::take_state_requests() {
  StateRequest request;
  while (state_queue_.pop(&request)) {
    const Outcome outcome = apply(request.command);
    answer(request.seq, Source::kNone, outcome.verdict, outcome.reason);
  }
}

void Arm::enable() {
  state_.operating_state = OperatingState::kEnabled;
  state_.fault = Fault::kNone;
  state_.fault_axis = -1;
  stopping_ = false;
  if (state_.powered) return;  // caught in its stop: the reference goes on from where it is
  state_.powered = 1;
  wanted_.enable_counter = std::max(wanted_.enable_counter, measured_.enable_counter) + 1;
  reference_.reset(to_vector(measured_.q));
  controller_.reset();
  safety_.reset();
}

Outcome Arm::apply(StateCommand command) {
  const Transition next = transition(state_.operating_state, command);
  const bool fault = state_.operating_state == OperatingState::kFault;
  if (!next.valid) {
    return {Verdict::kRefused, fault ? Reason::kInFault : Reason::kBadTransition};
  }
  const bool to_power = next.to == OperatingState::kEnabled && command != StateCommand::kUnhome;
  if (cause_persists() && (to_power || fault)) return {Verdict::kRefused, Reason::kCausePersists};
  if (to_power && shutdown_.load(std::memory_order_acquire)) {
    return {Verdict::kRefused, Reason::kNotReady};
  }
  switch (command) {
    case StateCommand::kEnable:
      if (state_.operating_state != OperatingState::kEnabled) enable();
      break;
    case StateCommand::kHome:
      if (state_.operating_state != OperatingState::kEnabled) enable();
      reference_.home();
      safety_.age.forget();
      homing_ = true;
      break;
    case StateCommand::kResume:
      state_.operating_state = OperatingState::kEnabled;
      break;
    case StateCommand::kPause:
      state_.operating_state = OperatingState::kPaused;
      homing_ = false;
      reference_.hold();
      safety_.age.forget();
      break;
    case StateCommand::kDisable:
      state_.operating_state = OperatingState::kDisabled;
      state_.fault = Fault::kNone;
      state_.fault_axis = -1;
      begin_stop();
      break;
    case StateCommand::kUnhome:
      state_.is_homed = 0;
      homing_ = false;
      reference_.hold();
      safety_.age.forget();
      break;
  }
  return {};
}

Reason Arm::motion_refusal() const {
  if (state_.operating_state == OperatingState::kFault) return Reason::kInFault;
  const bool ready = state_.operating_state == OperatingState::kEnabled && state_.is_homed &&
                     !homing_ && state_.powered;
  return ready ? Reason::kNone : Reason::kNotReady;
}

void Arm::take_motions() {
  MotionCommand motion;
  std::int64_t held_seq = 0;
  if (motion_box_.take(&motion)) {
    const bool hold = motion.kind == MotionKind::kHold;
    const Reason refusal = hold ? Reason::kNone : motion_refusal();
    if (refusal != Reason::kNone) {
      answer(motion.seq, motion.source, Verdict::kRefused, refusal);
    } else {
      if (hold) held_seq = motion.seq;
      if (hold) homing_ = false;
      bool guided = false;
      guide(&motion, &guided);
      const Outcome outcome = judge_goal(motion, guided, reference_.command(motion, now_ns_));
      answer(motion.seq, motion.source, outcome.verdict, outcome.reason);
      if (outcome.verdict != Verdict::kRefused) {
        fixture_told_ = outcome.reason == Reason::kFixture;
        safety_.age.note(motion, now_ns_);
        state_.command_seq = motion.seq;
        state_.command_stamp_ns = motion.stamp_ns;
        state_.command_applied_ns = now_ns_;
      }
    }
  }
  JawCommand jaw;
  if (jaw_box_.take(&jaw)) {
    const Reason refusal = motion_refusal();
    if (refusal != Reason::kNone) {
      answer(jaw.seq, jaw.source, Verdict::kRefused, refusal);
    } else if (jaw.seq < held_seq) {
      answer(jaw.seq, jaw.source, Verdict::kAltered, Reason::kSuperseded);
    } else {
      const Outcome outcome = reference_.jaw(jaw, now_ns_);
      answer(jaw.seq, jaw.source, outcome.verdict, outcome.reason);
    }
  }
}

}  // namespace trocar
