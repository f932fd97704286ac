// SPDX-License-Identifier: Apache-2.0
/// Plant end of the shared-memory seam of one arm.
#pragma once

#include "trocar/histogram.hpp"
#include "trocar/plant/seeded_noise.hpp"
#include "trocar/plant_supervisor.hpp"
#include "trocar/segment.hpp"

namespace trocar {

/// The plant paces the loop: exchange() publishes a state and waits for its answer, until the
/// deadline.  Where no loop is connected it only looks, so a plant alone keeps its pace.
class PlantPort {
 public:
  /// `deadline_ns`: how long an answer may take; the walls of design.md, section 2, are 2 ms.
  PlantPort(const std::string& segment, int arm_index, std::int64_t deadline_ns);

  PlantOutput exchange(const Axes& q, const Axes& qd, const Axes& tau, std::int64_t stamp_ns);

  /// A fault: each state, and each answer to one, is lost with this probability; 0 ends it.  A lost
  /// state is not published, a lost answer counts as missed.
  void set_packet_loss(double loss) { loss_ = loss; }
  double packet_loss() const { return loss_; }

  std::int64_t ticks() const { return ticks_; }
  std::int64_t missed() const { return supervisor_.missed(); }
  const Histogram& handshake() const { return handshake_; }
  /// Answers whose checksum or number was wrong; each counted as a miss.
  std::int64_t damaged() const { return damaged_; }

 private:
  bool await(std::uint32_t sequence, std::int64_t deadline_ns);
  bool is_lost() { return loss_ > 0.0 && chance_.uniform() < loss_; }
  bool hand_over(const Axes& q, const Axes& qd, const Axes& tau, std::int64_t stamp_ns,
                 TorqueCommand* command);
  bool answer(std::uint32_t sequence, std::int64_t published_ns, TorqueCommand* command);

  ArmMapping mapping_;
  PlantSupervisor supervisor_;
  Histogram handshake_;
  std::int64_t deadline_ns_;
  std::int64_t sequence_;
  std::uint32_t seen_;
  std::int64_t ticks_ = 0;
  std::int64_t damaged_ = 0;
  double loss_ = 0.0;
  SeededNoise chance_{0};
};

}  // namespace trocar
