// SPDX-License-Identifier: Apache-2.0
#include "trocar/segment.hpp"

#include <new>

namespace trocar {

namespace {

/// A live segment that is as large as ours and has arms; throws otherwise.
SharedMemory open_segment(const std::string& name) {
  SharedMemory memory = SharedMemory::open(name, SharedKind::kSegment);
  const auto* layout = static_cast<const SegmentLayout*>(memory.data());
  if (memory.size() < sizeof(SegmentLayout) || layout->num_arms < 1 ||
      layout->num_arms > kMostArms) {
    throw SharedMemoryError("segment " + name + " is not of this build's size; run one version " +
                            "everywhere, or remove /dev/shm/" + name);
  }
  return memory;
}

}  // namespace

Segment::Segment(const std::string& name, int num_arms) {
  if (num_arms < 1 || num_arms > kMostArms) {
    throw SharedMemoryError("segment " + name + ": num_arms is " + std::to_string(num_arms) +
                            ", allowed 1 to " + std::to_string(kMostArms));
  }
  memory_ = SharedMemory::create(name, SharedKind::kSegment, sizeof(SegmentLayout));
  SegmentLayout* layout = static_cast<SegmentLayout*>(memory_.data());
  for (ArmBlock& arm : layout->arms) new (&arm) ArmBlock{};
  layout->num_arms = static_cast<std::uint32_t>(num_arms);
  memory_.publish();
}

void Segment::close() {
  if (memory_.data() == nullptr) return;
  // A successor may already stand under the name; only one's own is removed.
  if (memory_.is_current()) SharedMemory::remove(memory_.name());
  memory_.unmap();
}

bool Segment::set_estop(const std::string& name, bool pressed) {
  try {
    const SharedMemory memory = open_segment(name);
    static_cast<SegmentLayout*>(memory.data())->estop.store(pressed, std::memory_order_release);
    return true;
  } catch (const SharedMemoryError&) {
    return false;
  }
}

bool Segment::estop_pressed(const std::string& name) {
  try {
    const SharedMemory memory = open_segment(name);
    return static_cast<SegmentLayout*>(memory.data())->estop.load(std::memory_order_acquire) != 0;
  } catch (const SharedMemoryError&) {
    return false;
  }
}

ArmMapping::ArmMapping(const std::string& segment, int arm_index) : arm_index_(arm_index) {
  memory_ = open_segment(segment);
  const int num_arms = static_cast<int>(layout()->num_arms);
  if (arm_index < 0 || arm_index >= num_arms) {
    throw SharedMemoryError("segment " + segment + " has no arm " + std::to_string(arm_index) +
                            ": allowed 0 to " + std::to_string(num_arms - 1));
  }
}

}  // namespace trocar
