// SPDX-License-Identifier: Apache-2.0
/// The way between a simulated arm and its controller: every packet takes a fixed number of ticks,
/// some are lost.  A state that is lost is a tick that the controller does not run; a command that
/// is lost is a deadline that the plant's side sees missed (plant_supervisor.hpp).
#pragma once

#include <algorithm>
#include <array>

#include "trocar/arm_state.hpp"
#include "trocar/plant/seeded_noise.hpp"

namespace trocar {

struct LinkSettings {
  static constexpr int kMostDelay = 63;  // ticks
  int state_delay = 0;                   // ticks from plant to controller
  int command_delay = 0;                 // and back
  double loss = 0.0;                     // probability of each packet, either way, 0 .. 1
};

/// One direction: what is sent in tick k arrives in tick k + delay, or never.
template <typename Packet>
class DelayLine {
 public:
  explicit DelayLine(int delay)
      : delay_(static_cast<std::size_t>(std::clamp(delay, 0, LinkSettings::kMostDelay))) {}

  /// A tick: `sent` goes in (null: nothing), what arrives now comes out (null: nothing).
  const Packet* pass(const Packet* sent) {
    Slot& in = slots_[now_ % kSlots];
    in.there = sent != nullptr;
    if (in.there) in.packet = *sent;
    const Slot& out = slots_[(now_ + kSlots - delay_) % kSlots];
    ++now_;
    return out.there ? &out.packet : nullptr;
  }

 private:
  static constexpr std::size_t kSlots = LinkSettings::kMostDelay + 1;
  struct Slot {
    Packet packet;
    bool there = false;
  };
  std::array<Slot, kSlots> slots_{};
  std::size_t delay_;
  std::size_t now_ = 0;
};

/// Both directions; each draws once a tick, so that a loss more or less changes no other.
class CommunicationLink {
 public:
  CommunicationLink(const LinkSettings& settings, std::uint64_t seed)
      : states_(settings.state_delay),
        commands_(settings.command_delay),
        loss_(settings.loss),
        noise_(seed) {}

  const MeasuredState* to_controller(const MeasuredState& state) {
    return states_.pass(is_lost() ? nullptr : &state);
  }
  /// `command`: null where the controller had no state to answer.
  const TorqueCommand* to_plant(const TorqueCommand* command) {
    return commands_.pass(is_lost() ? nullptr : command);
  }

  /// A fault: packets lost beside the link's own; 0 ends it.
  void set_extra_loss(double loss) { extra_loss_ = loss; }
  double extra_loss() const { return extra_loss_; }

 private:
  bool is_lost() { return noise_.uniform() < 1.0 - (1.0 - loss_) * (1.0 - extra_loss_); }

  DelayLine<MeasuredState> states_;
  DelayLine<TorqueCommand> commands_;
  double loss_;
  double extra_loss_ = 0.0;
  SeededNoise noise_;
};

}  // namespace trocar
