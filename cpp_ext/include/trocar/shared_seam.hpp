// SPDX-License-Identifier: Apache-2.0
/// Loop end of the shared-memory seam of one arm.
#pragma once

#include <string>

#include "trocar/seam.hpp"
#include "trocar/segment.hpp"

namespace trocar {

/// Survives the death and the return of the plant: see reconnect().
class SharedSeam final : public Seam {
 public:
  /// Throws SharedMemoryError where there is no such cell or arm, or another live loop drives it.
  SharedSeam(const std::string& segment, int arm_index);
  ~SharedSeam() override { stop(); }

  bool wait(std::int64_t timeout_ns) override;
  bool read(MeasuredState* measured) override;
  void write(const TorqueCommand& command) override;
  void reconnect() override;
  void set_realtime(bool realtime) override;
  void stop() override;

 private:
  void claim();

  std::string segment_;
  int arm_index_;
  ArmMapping mapping_;
  std::uint32_t seen_ = 0;
  bool claimed_ = false;
  bool realtime_ = false;
};

}  // namespace trocar
