// SPDX-License-Identifier: Apache-2.0
/// A vector of float64 with a stamp in shared memory: one writer, many readers, seqlock.
#pragma once

#include <string>
#include <vector>

#include "trocar/seqlock.hpp"
#include "trocar/shared_memory.hpp"

namespace trocar {

class Snapshot {
 public:
  /// `create`: the writer, which owns the object; throws SharedMemoryError as SharedMemory does,
  /// and where `size` is not that of the object.
  Snapshot(const std::string& name, int size, bool create);
  ~Snapshot() { close(); }
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  void write(const double* values, std::int64_t stamp_ns);

  /// Sequence number (0: never written, or its writer died while writing).
  std::int64_t read(double* values, std::int64_t* stamp_ns) const;

  void close();
  int size() const { return size_; }
  bool is_open() const { return memory_.data() != nullptr; }

 private:
  struct Layout {
    SharedHeader header;
    std::uint64_t count;
    alignas(64) std::atomic<std::uint64_t> sequence;
    std::atomic<std::uint64_t> words[1];  // the stamp, then `count` values
  };

  Layout* layout() const { return static_cast<Layout*>(memory_.data()); }
  SeqlockView view() const { return {&layout()->sequence, layout()->words, size_ + 1}; }

  SharedMemory memory_;
  int size_;
  bool owner_;
  mutable std::vector<std::uint64_t> words_;
};

}  // namespace trocar
