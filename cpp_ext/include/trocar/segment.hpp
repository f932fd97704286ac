// SPDX-License-Identifier: Apache-2.0
/// The cell's shared-memory segment: for each arm the handshake of plant and loop, and the
/// emergency-stop flag, which anyone may press.
#pragma once

#include <string>

#include "trocar/arm_state.hpp"
#include "trocar/futex.hpp"
#include "trocar/seqlock.hpp"
#include "trocar/shared_memory.hpp"

namespace trocar {

inline constexpr int kMostArms = 4;

/// One arm.  Each tick the plant writes `measured`, stores its number in `measured_sequence` and
/// wakes; the loop writes `command`, stores the number that it answers and wakes.
struct ArmBlock {
  alignas(64) FutexWord measured_sequence;
  Seqlock<MeasuredState> measured;
  alignas(64) FutexWord command_sequence;
  Seqlock<TorqueCommand> command;
  alignas(64) std::atomic<std::int64_t> loop_pid;  // 0: no loop
  std::atomic<std::uint64_t> loop_start;
  std::atomic<std::int64_t> loop_heartbeat_ns;  // CLOCK_MONOTONIC of its last command
  std::atomic<std::uint32_t> loop_is_realtime;
};

struct SegmentLayout {
  SharedHeader header;
  alignas(64) std::atomic<std::uint32_t> estop;
  std::uint32_t num_arms;
  ArmBlock arms[kMostArms];
};

/// Creator side; the object goes with it.
class Segment {
 public:
  Segment(const std::string& name, int num_arms);
  ~Segment() { close(); }
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  void close();

  /// False where no cell of that name runs.
  static bool set_estop(const std::string& name, bool pressed);
  static bool estop_pressed(const std::string& name);

 private:
  SharedMemory memory_;
};

/// A mapped segment and one arm of it; throws where there is none or the arm is not in it.
class ArmMapping {
 public:
  ArmMapping() = default;
  ArmMapping(const std::string& segment, int arm_index);

  bool is_open() const { return memory_.data() != nullptr; }
  bool is_current() const { return memory_.is_current(); }
  ArmBlock& arm() const { return layout()->arms[arm_index_]; }
  std::atomic<std::uint32_t>& estop() const { return layout()->estop; }
  const std::string& name() const { return memory_.name(); }

 private:
  SegmentLayout* layout() const { return static_cast<SegmentLayout*>(memory_.data()); }
  SharedMemory memory_;
  int arm_index_ = 0;
};

}  // namespace trocar
