// SPDX-License-Identifier: Apache-2.0
#include "trocar/plant_port.hpp"

#include "trocar/realtime.hpp"
#include "trocar/seal.hpp"

namespace trocar {

namespace {
constexpr int kTries = 100;  // of a seqlock whose writer may have died in the middle
}

PlantPort::PlantPort(const std::string& segment, int arm_index, std::int64_t deadline_ns)
    : mapping_(segment, arm_index),
      deadline_ns_(deadline_ns),
      sequence_(mapping_.arm().measured_sequence.load(std::memory_order_relaxed)),
      seen_(mapping_.arm().command_sequence.load(std::memory_order_relaxed)) {}

bool PlantPort::await(std::uint32_t sequence, std::int64_t deadline_ns) {
  const FutexWord& word = mapping_.arm().command_sequence;
  for (;;) {
    const std::uint32_t now = word.load(std::memory_order_acquire);
    if (now == sequence) return true;
    const std::int64_t left = deadline_ns - monotonic_ns();
    if (left <= 0) return false;
    futex_wait(&word, now, left);
  }
}

bool PlantPort::answer(std::uint32_t sequence, std::int64_t published_ns, TorqueCommand* command) {
  ArmBlock& arm = mapping_.arm();
  if (arm.loop_pid.load(std::memory_order_relaxed) == 0) supervisor_.release();
  if (supervisor_.is_connected()) {
    if (!await(sequence, published_ns + deadline_ns_)) return false;
    handshake_.add(monotonic_ns() - published_ns);
  } else if (arm.command_sequence.load(std::memory_order_acquire) == seen_) {
    return false;  // nobody has answered since the last look
  }
  seen_ = arm.command_sequence.load(std::memory_order_acquire);
  if (arm.command.read(command, kTries) <= 0) return false;
  // A damaged answer, or one to another state than its word says, is none: the plant counts a miss.
  const bool fits = static_cast<std::uint32_t>(command->sequence) == seen_;
  if (fits && is_sealed(*command)) return true;
  ++damaged_;
  return false;
}

/// Publish a state and take what answers it; false where nothing usable did.
bool PlantPort::hand_over(const Axes& q, const Axes& qd, const Axes& tau, std::int64_t stamp_ns,
                          TorqueCommand* command) {
  ArmBlock& arm = mapping_.arm();
  MeasuredState m;
  m.sequence = ++sequence_;
  m.stamp_ns = stamp_ns;
  m.q = q;
  m.qd = qd;
  m.tau = tau;
  m.enable_counter = supervisor_.enable_counter();
  m.missed = supervisor_.missed();
  m.plant_reason = supervisor_.reason();
  m.publish_ns = monotonic_ns();
  seal(&m);
  arm.measured.write(m);
  arm.measured_sequence.store(static_cast<std::uint32_t>(sequence_), std::memory_order_release);
  futex_wake(&arm.measured_sequence);
  return answer(static_cast<std::uint32_t>(sequence_), m.publish_ns, command);
}

PlantOutput PlantPort::exchange(const Axes& q, const Axes& qd, const Axes& tau,
                                std::int64_t stamp_ns) {
  const ArmBlock& arm = mapping_.arm();
  ++ticks_;
  TorqueCommand command;
  const bool is_state_lost = is_lost(), is_answer_lost = is_lost();
  const bool fresh = !is_state_lost && hand_over(q, qd, tau, stamp_ns, &command) && !is_answer_lost;
  // The watchdog runs on the wall: a plant that waits for late answers is itself late.
  return supervisor_.advance(fresh ? &command : nullptr, qd, monotonic_ns(),
                             arm.loop_is_realtime.load(std::memory_order_relaxed) != 0,
                             mapping_.estop().load(std::memory_order_acquire) != 0);
}

}  // namespace trocar
