// SPDX-License-Identifier: Apache-2.0
/// Shared memory as another process may leave it: any bytes, any size.
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <vector>

#include "targets.hpp"
#include "trocar/plant_port.hpp"
#include "trocar/seal.hpp"
#include "trocar/shared_seam.hpp"
#include "trocar/snapshot.hpp"

namespace fuzz {

namespace {

/// An object of this process's own name, with bytes of the fuzzer's.
class Object {
 public:
  Object(Bytes& in, std::size_t size) : name_("trocar_fuzz_" + std::to_string(getpid())) {
    std::vector<std::uint8_t> bytes(size);
    for (std::size_t i = 0; i < size && !in.is_empty(); ++i) bytes[i] = in.byte();
    write(bytes);
  }
  ~Object() { shm_unlink(("/" + name_).c_str()); }
  Object(const Object&) = delete;
  Object& operator=(const Object&) = delete;

  const std::string& name() const { return name_; }

  /// A header that passes for ours; the rest stays.
  void forge(SharedKind kind, std::uint64_t size) {
    SharedHeader header{};
    header.magic.store(SharedMemory::kMagic);
    header.layout_version = SharedMemory::kLayoutVersion;
    header.kind = kind;
    header.size = size;
    header.creator = this_process();
    const int fd = shm_open(("/" + name_).c_str(), O_RDWR, 0600);
    if (pwrite(fd, &header, sizeof(header), 0) < 0) broken("pwrite", __FILE__, __LINE__);
    close(fd);
  }

 private:
  void write(const std::vector<std::uint8_t>& bytes) {
    shm_unlink(("/" + name_).c_str());
    const int fd = shm_open(("/" + name_).c_str(), O_CREAT | O_RDWR, 0600);
    if (fd < 0 || ftruncate(fd, static_cast<off_t>(bytes.size())) != 0 ||
        pwrite(fd, bytes.data(), bytes.size(), 0) < 0) {
      broken("shm_open", __FILE__, __LINE__);
    }
    close(fd);
  }
  std::string name_;
};

/// A call that either works or says why not, in one line.
template <typename Call>
void one_line(Call call) {
  try {
    call();
  } catch (const SharedMemoryError& error) {
    FUZZ_REQUIRE(std::strchr(error.what(), '\n') == nullptr && error.what()[0] != '\0');
  }
}

}  // namespace

void fuzz_seam(Bytes& in) {
  static constexpr std::size_t kSizes[] = {0,
                                           1,
                                           sizeof(SharedHeader),
                                           sizeof(SharedHeader) + 8,
                                           4096,
                                           sizeof(SegmentLayout) - 1,
                                           sizeof(SegmentLayout),
                                           sizeof(SegmentLayout) + 64};
  const std::size_t size = kSizes[in.byte() % std::size(kSizes)];
  const bool forged = in.byte() < 224 && size >= sizeof(SharedHeader);
  const SharedKind kind = in.coin() ? SharedKind::kSegment : SharedKind::kSnapshot;
  const int arm = in.coin() ? in.below(kMostArms) : in.raw<std::int32_t>();
  const std::uint64_t claimed = in.byte() < 224 ? size : in.raw<std::uint64_t>();
  Object object(in, size);
  if (forged) object.forge(kind, claimed);
  one_line([&] { Segment::estop_pressed(object.name()); });
  one_line([&] { Segment::set_estop(object.name(), true); });
  one_line([&] {
    SharedSeam seam(object.name(), arm);
    MeasuredState m;
    seam.wait(0);
    // A damaged one is handed on for the safety unit to see; one without a seal never passes.
    if (seam.read(&m)) FUZZ_REQUIRE(m.checksum != 0);
    seam.write({});
  });
  one_line([&] {
    PlantPort port(object.name(), arm, 1);
    port.exchange({}, {}, {}, 1);
  });
  one_line([&] {
    const int count = in.raw<std::int8_t>();
    Snapshot snapshot(object.name(), count, false);
    std::vector<double> values(static_cast<std::size_t>(std::max(count, 0)));
    std::int64_t stamp = 0;
    snapshot.read(values.data(), &stamp);
  });
  MeasuredState m = in.raw<MeasuredState>();
  if (is_whole(m) && m.checksum != 0) FUZZ_REQUIRE(m.checksum == checksum(m));
  TorqueCommand c = in.raw<TorqueCommand>();
  seal(&c);
  FUZZ_REQUIRE(is_sealed(c));
}

}  // namespace fuzz
