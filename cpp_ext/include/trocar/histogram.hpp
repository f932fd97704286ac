// SPDX-License-Identifier: Apache-2.0
/// Durations in logarithmic buckets: constant time and memory, written by one thread, read by any.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>

namespace trocar {

/// 16 buckets an octave, so a quantile is at most 6 % too high.  Values in ns.
class Histogram {
 public:
  void add(std::int64_t ns) {
    const std::uint64_t value = ns > 0 ? static_cast<std::uint64_t>(ns) : 0;
    bump(&buckets_[index(value)]);
    bump(&count_);
    if (value > max_.load(std::memory_order_relaxed)) max_.store(value, std::memory_order_relaxed);
  }

  std::int64_t count() const {
    return static_cast<std::int64_t>(count_.load(std::memory_order_relaxed));
  }
  std::int64_t max_ns() const {
    return static_cast<std::int64_t>(max_.load(std::memory_order_relaxed));
  }

  /// Upper edge of the bucket that holds the `fraction` quantile; 0 where nothing was added.
  double quantile_ns(double fraction) const {
    std::uint64_t total = 0;
    for (const auto& bucket : buckets_) total += bucket.load(std::memory_order_relaxed);
    if (total == 0) return 0.0;
    const double wanted = fraction * static_cast<double>(total);
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i].load(std::memory_order_relaxed);
      if (static_cast<double>(seen) >= wanted) {
        return std::min(edge(i), static_cast<double>(max_.load(std::memory_order_relaxed)));
      }
    }
    return static_cast<double>(max_ns());
  }

 private:
  static constexpr std::size_t kBuckets = 16 * 48;  // up to 2^51 ns

  // One writer: a plain load and store is enough, and cheaper than a locked addition.
  static void bump(std::atomic<std::uint64_t>* counter) {
    counter->store(counter->load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }

  static std::size_t index(std::uint64_t value) {
    if (value < 16) return static_cast<std::size_t>(value);
    int octave = 0;
    while ((value >> octave) >= 32) ++octave;
    const std::size_t i =
        static_cast<std::size_t>(octave) * 16 + static_cast<std::size_t>(value >> octave);
    return i < kBuckets ? i : kBuckets - 1;
  }

  static double edge(std::size_t i) {
    if (i < 32) return static_cast<double>(i + 1);
    const std::size_t octave = i / 16 - 1;
    return static_cast<double>((i - octave * 16 + 1) << octave);
  }

  std::array<std::atomic<std::uint64_t>, kBuckets> buckets_{};
  std::atomic<std::uint64_t> count_{0};
  std::atomic<std::uint64_t> max_{0};
};

}  // namespace trocar
