// SPDX-License-Identifier: Apache-2.0
/// The arm seam: what stands between the loop and an arm, simulated or real.
#pragma once

#include <cstdint>

#include "trocar/arm_state.hpp"

namespace trocar {

/// All calls come from the loop thread.  wait, read and write neither allocate nor throw.
class Seam {
 public:
  virtual ~Seam() = default;

  /// Sleep until the plant has a state that was not read yet; false after `timeout_ns`.
  virtual bool wait(std::int64_t timeout_ns) = 0;

  /// That state; false where it could not be had whole.
  virtual bool read(MeasuredState* measured) = 0;

  /// Answer it.
  virtual void write(const TorqueCommand& command) = 0;

  /// Ticks that never ran because the seam's own timer woke too late; a plant that paces counts
  /// its own in MeasuredState::missed.
  virtual std::int64_t skipped() const { return 0; }

  /// Called now and then while the plant is silent: look whether it came back under the same name.
  virtual void reconnect() = 0;

  /// Tell the plant whether the loop has real-time priority.
  virtual void set_realtime(bool realtime) = 0;

  /// Last call: let go of the arm.
  virtual void stop() = 0;
};

}  // namespace trocar
