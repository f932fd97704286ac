// SPDX-License-Identifier: Apache-2.0
#include "trocar/shared_memory.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>
#include <utility>

namespace trocar {

namespace {

std::string path_of(const std::string& name) {
  // A NUL would end the name early for the system: another segment than the one that was named.
  if (name.empty() || name.find_first_of(std::string("/\n\0", 3)) != std::string::npos ||
      name.size() > 200) {
    throw SharedMemoryError("shared memory name '" + name.substr(0, name.find_first_of("\n")) +
                            "' is not allowed: 1 to 200 characters without slash, newline or NUL");
  }
  return "/" + name;
}

std::string because(const std::string& what, const std::string& name) {
  return "shared memory " + name + ": " + what + " (" + std::strerror(errno) + ")";
}

void* map(int fd, std::size_t size) {
  return mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

}  // namespace

SharedMemory SharedMemory::create(const std::string& name, SharedKind kind, std::size_t size) {
  const std::string path = path_of(name);
  SharedMemory old;
  if (old.map_existing(name) == 0 && old.size_ >= sizeof(SharedHeader) && old.is_live()) {
    throw SharedMemoryError("shared memory " + name + " is in use by process " +
                            std::to_string(old.header()->creator.pid) +
                            "; end it, or choose another ROS_DOMAIN_ID");
  }
  shm_unlink(path.c_str());  // what a dead or foreign creator left
  const int fd = shm_open(path.c_str(), O_CREAT | O_EXCL | O_RDWR, 0600);
  if (fd < 0) throw SharedMemoryError(because("cannot be created", name));
  struct stat status{};
  SharedMemory memory;
  if (ftruncate(fd, static_cast<off_t>(size)) == 0 && fstat(fd, &status) == 0) {
    void* data = map(fd, size);
    if (data != MAP_FAILED) memory.data_ = data;
  }
  const int error = errno;
  close(fd);
  errno = error;
  if (memory.data_ == nullptr) {
    shm_unlink(path.c_str());
    throw SharedMemoryError(because("cannot be sized and mapped; is /dev/shm full?", name));
  }
  memory.name_ = name;
  memory.size_ = size;
  memory.inode_ = status.st_ino;
  SharedHeader* header = new (memory.data_) SharedHeader{};
  header->layout_version = kLayoutVersion;
  header->kind = kind;
  header->size = size;
  header->creator = this_process();
  return memory;
}

void SharedMemory::publish() { header()->magic.store(kMagic, std::memory_order_release); }

int SharedMemory::map_existing(const std::string& name) {
  const int fd = shm_open(path_of(name).c_str(), O_RDWR, 0600);
  if (fd < 0) return errno;
  name_ = name;
  struct stat status{};
  int error = 0;
  if (fstat(fd, &status) != 0) {
    error = errno;
  } else if (status.st_size < static_cast<off_t>(sizeof(SharedHeader))) {
    error = EAGAIN;  // its creator is just making it
  } else {
    void* data = map(fd, static_cast<std::size_t>(status.st_size));
    if (data == MAP_FAILED)
      error = errno;
    else
      data_ = data;
    size_ = static_cast<std::size_t>(status.st_size);
    inode_ = status.st_ino;
  }
  close(fd);
  return error;
}

bool SharedMemory::is_live() const {
  return header()->magic.load(std::memory_order_acquire) == kMagic && is_alive(header()->creator);
}

SharedMemory SharedMemory::open(const std::string& name, SharedKind kind) {
  SharedMemory memory;
  errno = memory.map_existing(name);
  if (errno == ENOENT) {
    throw SharedMemoryError("shared memory " + name +
                            " does not exist; start the cell (sim_node) in the same ROS_DOMAIN_ID");
  }
  if (errno != 0) throw SharedMemoryError(because("cannot be opened; try again", name));
  const SharedHeader* header = memory.header();
  const std::uint64_t magic = header->magic.load(std::memory_order_acquire);
  if (magic != kMagic || header->kind != kind || header->size != memory.size_) {
    throw SharedMemoryError("shared memory " + name +
                            " is not ready, or not Trocar's; try again, or remove /dev/shm/" +
                            name);
  }
  if (header->layout_version != kLayoutVersion) {
    throw SharedMemoryError("shared memory " + name + " has layout version " +
                            std::to_string(header->layout_version) + ", this build wants " +
                            std::to_string(kLayoutVersion) + "; run one version everywhere");
  }
  if (!is_alive(header->creator)) {
    throw SharedMemoryError("shared memory " + name + " was left by process " +
                            std::to_string(header->creator.pid) +
                            ", which has ended; start the cell again");
  }
  return memory;
}

bool SharedMemory::remove(const std::string& name) {
  return shm_unlink(path_of(name).c_str()) == 0;
}

bool SharedMemory::is_current() const {
  if (data_ == nullptr || !is_alive(header()->creator)) return false;
  const int fd = shm_open(("/" + name_).c_str(), O_RDONLY, 0600);
  if (fd < 0) return false;
  struct stat status{};
  const bool same = fstat(fd, &status) == 0 && status.st_ino == inode_;
  close(fd);
  return same;
}

void SharedMemory::unmap() {
  if (data_ != nullptr) munmap(data_, size_);
  data_ = nullptr;
}

void SharedMemory::swap(SharedMemory& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  std::swap(inode_, other.inode_);
}

}  // namespace trocar
