// SPDX-License-Identifier: Apache-2.0
/// A POSIX shared-memory object with a header that says what it is and whose.
///
/// Created by one process, opened by others of the same user.  An object whose creator has died is
/// replaced by the next creator and refused to whoever opens it.  Throws SharedMemoryError, one
/// line.
#pragma once

#include <atomic>
#include <cstdint>
#include <stdexcept>
#include <string>

#include "trocar/process_identity.hpp"

namespace trocar {

struct SharedMemoryError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

enum class SharedKind : std::uint32_t { kSegment = 1, kSnapshot = 2 };

/// First bytes of every object.  `magic` is written last: until then the object is not ready.
struct SharedHeader {
  std::atomic<std::uint64_t> magic;
  std::uint32_t layout_version;
  SharedKind kind;
  std::uint64_t size;
  ProcessIdentity creator;
};

class SharedMemory {
 public:
  static constexpr std::uint64_t kMagic = 0x5452'4F43'4152'0001;  // "TROCAR", 1
  static constexpr std::uint32_t kLayoutVersion = 2;  // raise with every change of a shared struct

  SharedMemory() = default;
  SharedMemory(SharedMemory&& other) noexcept { swap(other); }
  SharedMemory& operator=(SharedMemory&& other) noexcept {
    swap(other);
    return *this;
  }
  ~SharedMemory() { unmap(); }

  /// A new, zeroed object; call publish() when the payload is laid out.
  static SharedMemory create(const std::string& name, SharedKind kind, std::size_t size);
  static SharedMemory open(const std::string& name, SharedKind kind);
  /// True where there was one.
  static bool remove(const std::string& name);

  void publish();
  void* data() const { return data_; }
  std::size_t size() const { return size_; }
  const std::string& name() const { return name_; }
  /// False where the creator died or the name now leads to another object (or to none).
  bool is_current() const;
  void unmap();

 private:
  int map_existing(const std::string& name);  // 0 or errno
  bool is_live() const;
  void swap(SharedMemory& other) noexcept;
  SharedHeader* header() const { return static_cast<SharedHeader*>(data_); }

  std::string name_;
  void* data_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t inode_ = 0;
};

}  // namespace trocar
