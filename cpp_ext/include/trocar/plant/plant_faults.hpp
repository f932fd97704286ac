// SPDX-License-Identifier: Apache-2.0
/// What can break on a simulated arm, each set and cleared at any tick.  Lost packets belong to the
/// link (communication_link.hpp).
#pragma once

#include <array>

#include "trocar/chain.hpp"

namespace trocar {

struct PlantFaults {
  ChainVec encoder_jump = ChainVec::Zero();  // rad, m: added to what the encoder says
  ChainVec effort_share = ChainVec::Ones();  // of effort_max that the motor still has, 0 .. 1
  ChainVec cable_slip = ChainVec::Zero();    // rad, m: the link's side against the motor's
  std::array<bool, kMaxJoints> is_stuck{};   // jammed where it was when this began
};

}  // namespace trocar
