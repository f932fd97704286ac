// SPDX-License-Identifier: Apache-2.0
/// Seqlock without bare fences: one writer that never waits, any number of readers.
///
/// The payload lies in relaxed-size atomic words, so that no access is a data race.  Words are
/// stored with release and loaded with acquire: a reader that saw a new word also sees the odd
/// sequence that came before it (Boehm, "Can seqlocks get along with programming language memory
/// models?", 2012, section 4, last variant).  Free on x86.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace trocar {

/// `Words` points to `count` atomic words; the sequence is kept beside them.  Works in shared
/// memory, and after a writer was killed in the middle of a write: the next one repairs it.
class SeqlockView {
 public:
  SeqlockView(std::atomic<std::uint64_t>* sequence, std::atomic<std::uint64_t>* words, int count)
      : sequence_(sequence), words_(words), count_(count) {}

  void write(const std::uint64_t* values) const {
    const std::uint64_t before = sequence_->load(std::memory_order_relaxed);
    const std::uint64_t odd = (before + 1) | 1;  // odd also where the last writer died at odd
    sequence_->store(odd, std::memory_order_relaxed);
    for (int i = 0; i < count_; ++i) words_[i].store(values[i], std::memory_order_release);
    sequence_->store(odd + 1, std::memory_order_release);
  }

  /// Sequence number read (0: never written), or -1 where no quiet moment came in `tries`.
  std::int64_t read(std::uint64_t* values, int tries) const {
    for (int attempt = 0; attempt < tries; ++attempt) {
      const std::uint64_t before = sequence_->load(std::memory_order_acquire);
      if (before & 1) continue;
      for (int i = 0; i < count_; ++i) values[i] = words_[i].load(std::memory_order_acquire);
      if (sequence_->load(std::memory_order_relaxed) == before) {
        return static_cast<std::int64_t>(before / 2);
      }
    }
    return -1;
  }

 private:
  std::atomic<std::uint64_t>* sequence_;
  std::atomic<std::uint64_t>* words_;
  int count_;
};

/// A seqlock that owns its memory (which may be shared memory: it is plain and zero-initialised).
template <typename T>
class Seqlock {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  void write(const T& value) {
    std::array<std::uint64_t, kWords> raw{};
    std::memcpy(raw.data(), static_cast<const void*>(&value), sizeof(T));
    view().write(raw.data());
  }

  /// Sequence number (0: never written; *value then is all zero), or -1 after `tries` collisions.
  std::int64_t read(T* value, int tries = 1000) const {
    std::array<std::uint64_t, kWords> raw;
    const std::int64_t sequence = view().read(raw.data(), tries);
    if (sequence >= 0) std::memcpy(static_cast<void*>(value), raw.data(), sizeof(T));
    return sequence;
  }

 private:
  static constexpr int kWords = (sizeof(T) + 7) / 8;
  SeqlockView view() const { return {&sequence_, words_.data(), kWords}; }

  alignas(64) mutable std::atomic<std::uint64_t> sequence_{0};
  mutable std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

static_assert(std::atomic<std::uint64_t>::is_always_lock_free, "shared memory needs it");

}  // namespace trocar
