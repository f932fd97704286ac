// SPDX-License-Identifier: Apache-2.0
/// The last states before a fault.
#pragma once

#include <array>
#include <cstdint>

#include "trocar/arm_state.hpp"

namespace trocar {

inline constexpr int kRecorderSize = 64;

/// Up to 64 ticks, oldest first; the last is the tick of the fault.
struct FaultRecord {
  std::int32_t count = 0;
  std::array<ArmState, kRecorderSize> states{};
};

static_assert(std::is_trivially_copyable_v<FaultRecord>);

/// A ring of the last ticks; written and read by the tick only.
class Recorder {
 public:
  void add(const ArmState& state) {
    ring_[static_cast<std::size_t>(count_++ % kRecorderSize)] = state;
  }

  void copy(FaultRecord* record) const {
    const std::int64_t n = count_ < kRecorderSize ? count_ : kRecorderSize;
    record->count = static_cast<std::int32_t>(n);
    for (std::int64_t i = 0; i < n; ++i) {
      record->states[static_cast<std::size_t>(i)] =
          ring_[static_cast<std::size_t>((count_ - n + i) % kRecorderSize)];
    }
  }

 private:
  std::array<ArmState, kRecorderSize> ring_{};
  std::int64_t count_ = 0;
};

}  // namespace trocar
