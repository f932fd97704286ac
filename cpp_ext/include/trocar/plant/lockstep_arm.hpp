// SPDX-License-Identifier: Apache-2.0
/// A controlled arm and its plant in one process: one tick = measure, exchange over the link, step.
///
/// Bit-repeatable: nothing in it looks at a clock; stamps count from `first_stamp_ns`, because a
/// stamp of 0 means "unknown" everywhere (design.md, section 2).
#pragma once

#include "trocar/arm.hpp"
#include "trocar/plant/arm_plant.hpp"
#include "trocar/plant/communication_link.hpp"

namespace trocar {

class LockstepArm {
 public:
  static constexpr std::int64_t kFirstStampNs = 1'000'000'000;

  /// `plant` has seven axes, jaw last; both must outlive this.
  LockstepArm(Arm& arm, ArmPlant& plant, const LinkSettings& link = {}, std::uint64_t seed = 0,
              std::int64_t first_stamp_ns = kFirstStampNs)
      : arm_(arm), plant_(plant), link_(link, seed), first_stamp_ns_(first_stamp_ns) {}

  /// One millisecond; false: the plant diverged.
  bool tick();

  /// What the plant was told in the last tick.
  const PlantOutput& output() const { return output_; }
  std::int64_t ticks() const { return ticks_; }
  /// Stamp of the present state.
  std::int64_t stamp_ns() const { return first_stamp_ns_ + ticks_ * kTickNs; }
  std::int64_t missed() const { return supervisor_.missed(); }

  /// A fault: packets lost beside the link's own (0: none), 0 .. 1.
  void set_packet_loss(double loss) { link_.set_extra_loss(loss); }
  double packet_loss() const { return link_.extra_loss(); }

 private:
  MeasuredState measured();

  Arm& arm_;
  ArmPlant& plant_;
  CommunicationLink link_;
  PlantSupervisor supervisor_;
  PlantOutput output_;
  std::int64_t first_stamp_ns_;
  std::int64_t ticks_ = 0;
  int silent_ = 0;  // ticks since the arm has heard of the plant
};

}  // namespace trocar
