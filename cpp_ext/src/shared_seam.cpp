// SPDX-License-Identifier: Apache-2.0
#include "trocar/shared_seam.hpp"

#include "trocar/realtime.hpp"
#include "trocar/seal.hpp"

namespace trocar {

namespace {
constexpr int kTries = 100;  // of a seqlock whose writer may have died in the middle
}

SharedSeam::SharedSeam(const std::string& segment, int arm_index)
    : segment_(segment), arm_index_(arm_index), mapping_(segment, arm_index) {
  claim();
}

void SharedSeam::claim() {
  ArmBlock& arm = mapping_.arm();
  const ProcessIdentity own = this_process();
  std::int64_t before = arm.loop_pid.load();
  for (;;) {
    if (before != 0 && is_alive({before, arm.loop_start.load()})) {
      throw SharedMemoryError("arm " + std::to_string(arm_index_) + " of segment " + segment_ +
                              " is already driven by process " + std::to_string(before) +
                              "; end that control process first");
    }
    if (arm.loop_pid.compare_exchange_strong(before, own.pid)) break;
  }
  arm.loop_start.store(own.start);
  arm.loop_is_realtime.store(realtime_);
  seen_ = arm.measured_sequence.load(std::memory_order_acquire);
  claimed_ = true;
}

bool SharedSeam::wait(std::int64_t timeout_ns) {
  const std::int64_t deadline = monotonic_ns() + timeout_ns;
  if (!claimed_) {  // no plant: sleep on nothing
    FutexWord word{0};
    futex_wait(&word, 0, timeout_ns);
    return false;
  }
  const FutexWord& word = mapping_.arm().measured_sequence;
  while (word.load(std::memory_order_acquire) == seen_) {
    const std::int64_t left = deadline - monotonic_ns();
    if (left <= 0) return false;
    futex_wait(&word, seen_, left);
  }
  return true;
}

bool SharedSeam::read(MeasuredState* measured) {
  seen_ = mapping_.arm().measured_sequence.load(std::memory_order_acquire);
  if (mapping_.arm().measured.read(measured, kTries) <= 0) return false;
  // Not whole: handed on, since it is the safety unit that says what is done about it.
  if (measured->checksum == 0) measured->checksum = ~checksum(*measured);
  if (is_whole(*measured)) seen_ = static_cast<std::uint32_t>(measured->sequence);
  measured->estop = static_cast<std::int32_t>(mapping_.estop().load(std::memory_order_acquire));
  return true;
}

void SharedSeam::write(const TorqueCommand& command) {
  ArmBlock& arm = mapping_.arm();
  TorqueCommand sealed = command;
  seal(&sealed);
  arm.command.write(sealed);
  arm.loop_heartbeat_ns.store(monotonic_ns(), std::memory_order_relaxed);
  arm.command_sequence.store(static_cast<std::uint32_t>(command.sequence),
                             std::memory_order_release);
  futex_wake(&arm.command_sequence);
}

void SharedSeam::reconnect() {
  if (claimed_ && mapping_.is_current()) return;
  claimed_ = false;
  try {
    mapping_ = ArmMapping(segment_, arm_index_);
    claim();
  } catch (const SharedMemoryError&) {
    // Not there yet: the loop asks again.
  }
}

void SharedSeam::set_realtime(bool realtime) {
  realtime_ = realtime;
  if (claimed_) mapping_.arm().loop_is_realtime.store(realtime);
}

void SharedSeam::stop() {
  if (claimed_) mapping_.arm().loop_pid.store(0);
  claimed_ = false;
}

}  // namespace trocar
