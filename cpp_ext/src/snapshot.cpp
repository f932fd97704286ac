// SPDX-License-Identifier: Apache-2.0
#include "trocar/snapshot.hpp"

#include <cstring>
#include <new>

namespace trocar {

namespace {

/// `size`, judged before anything of that size is made.
int checked(const std::string& name, int size) {
  if (size < 1 || size > 1'000'000) {
    throw SharedMemoryError("snapshot " + name + ": size is " + std::to_string(size) +
                            ", allowed 1 to 1000000");
  }
  return size;
}

}  // namespace

Snapshot::Snapshot(const std::string& name, int size, bool create)
    : size_(checked(name, size)), owner_(create), words_(static_cast<std::size_t>(size) + 1) {
  if (create) {
    const std::size_t bytes =
        sizeof(Layout) + sizeof(std::uint64_t) * static_cast<std::size_t>(size);
    memory_ = SharedMemory::create(name, SharedKind::kSnapshot, bytes);
    layout()->count = static_cast<std::uint64_t>(size);
    memory_.publish();
    return;
  }
  memory_ = SharedMemory::open(name, SharedKind::kSnapshot);
  const std::uint64_t count = memory_.size() < sizeof(Layout) ? 0 : layout()->count;
  const std::size_t whole = sizeof(Layout) + sizeof(std::uint64_t) * static_cast<std::size_t>(size);
  if (count != static_cast<std::uint64_t>(size) || memory_.size() < whole) {
    throw SharedMemoryError("snapshot " + name + " holds " + std::to_string(count) +
                            " values, not " + std::to_string(size) +
                            "; run one version everywhere");
  }
}

void Snapshot::write(const double* values, std::int64_t stamp_ns) {
  words_[0] = static_cast<std::uint64_t>(stamp_ns);
  std::memcpy(words_.data() + 1, values, sizeof(double) * static_cast<std::size_t>(size_));
  view().write(words_.data());
}

std::int64_t Snapshot::read(double* values, std::int64_t* stamp_ns) const {
  constexpr int kTries = 1000;
  const std::int64_t sequence = view().read(words_.data(), kTries);
  if (sequence <= 0) {
    std::memset(values, 0, sizeof(double) * static_cast<std::size_t>(size_));
    *stamp_ns = 0;
    return 0;
  }
  *stamp_ns = static_cast<std::int64_t>(words_[0]);
  std::memcpy(values, words_.data() + 1, sizeof(double) * static_cast<std::size_t>(size_));
  return sequence;
}

void Snapshot::close() {
  if (memory_.data() == nullptr) return;
  if (owner_ && memory_.is_current()) SharedMemory::remove(memory_.name());
  memory_.unmap();
}

}  // namespace trocar
