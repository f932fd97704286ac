// SPDX-License-Identifier: Apache-2.0
/// Bounded wait-free ring, one producer and one consumer; a full ring drops and counts.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <type_traits>

namespace trocar {

/// Capacity is a power of two.
template <typename T, std::uint32_t Capacity>
class SpscQueue {
  static_assert(std::is_trivially_copyable_v<T>);
  static_assert((Capacity & (Capacity - 1)) == 0, "a power of two");

 public:
  /// Producer.  False, and one more in dropped(), where the ring is full.
  bool push(const T& value) {
    const std::uint32_t tail = tail_.load(std::memory_order_relaxed);
    if (tail - head_.load(std::memory_order_acquire) == Capacity) {
      dropped_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    slots_[tail & (Capacity - 1)] = value;
    tail_.store(tail + 1, std::memory_order_release);
    return true;
  }

  /// Consumer.  False where the ring is empty.
  bool pop(T* value) {
    const std::uint32_t head = head_.load(std::memory_order_relaxed);
    if (head == tail_.load(std::memory_order_acquire)) return false;
    *value = slots_[head & (Capacity - 1)];
    head_.store(head + 1, std::memory_order_release);
    return true;
  }

  std::int64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }

 private:
  std::array<T, Capacity> slots_{};
  alignas(64) std::atomic<std::uint32_t> head_{0};
  alignas(64) std::atomic<std::uint32_t> tail_{0};
  alignas(64) std::atomic<std::int64_t> dropped_{0};
};

}  // namespace trocar
