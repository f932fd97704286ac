// SPDX-License-Identifier: Apache-2.0
/// Wait-free triple buffer, one writer and one reader: the newest value wins.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace trocar {

/// Both sides finish in a bounded number of steps; neither ever sees a half-written value.
/// Three slots: one being written, one being read, one in the middle, exchanged atomically.
template <typename T>
class Mailbox {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  /// Writer.  Returns true where the value replaced was never taken (a copy is left in *lost).
  bool put(const T& value, T* lost = nullptr) {
    slots_[write_].value = value;
    const std::uint32_t old = middle_.exchange(write_ | kFresh, std::memory_order_acq_rel);
    write_ = old & kIndex;
    const bool replaced = (old & kFresh) != 0;
    if (replaced && lost != nullptr) *lost = slots_[write_].value;
    return replaced;
  }

  /// Reader.  Whether take() would bring something: cheaper, where T is large.
  bool has_news() const { return (middle_.load(std::memory_order_relaxed) & kFresh) != 0; }

  /// Reader.  False where nothing new has come; *value is then left alone.
  bool take(T* value) {
    if ((middle_.load(std::memory_order_relaxed) & kFresh) == 0) return false;
    read_ = middle_.exchange(read_, std::memory_order_acq_rel) & kIndex;
    *value = slots_[read_].value;
    return true;
  }

 private:
  static constexpr std::uint32_t kFresh = 4;
  static constexpr std::uint32_t kIndex = 3;
  struct alignas(64) Slot {
    T value{};
  };
  std::array<Slot, 3> slots_{};
  alignas(64) std::atomic<std::uint32_t> middle_{1};
  alignas(64) std::uint32_t write_ = 0;
  alignas(64) std::uint32_t read_ = 2;
};

}  // namespace trocar
