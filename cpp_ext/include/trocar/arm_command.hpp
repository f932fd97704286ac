// SPDX-License-Identifier: Apache-2.0
/// What crosses from Python or ROS to the tick and back: plain, trivially copyable records.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "trocar/status.hpp"
#include "trocar/types.hpp"

namespace trocar {

enum class MotionKind : std::int32_t { kHold, kServoJp, kServoCp, kMoveJp, kMoveCp };

/// The newest motion command of the six joints.  `joints` (6,) or `position` (3,) m and `rotation`
/// (9,) row-major in the base frame; `velocity` is qd (6,) or the twist (linear, angular) of the
/// control point in base axes.
struct MotionCommand {
  std::int64_t seq = 0;
  std::int64_t stamp_ns = 0;  // of the datum it was made from; 0: arrival
  MotionKind kind = MotionKind::kHold;
  Source source = Source::kNone;
  std::array<double, kNumJoints> joints{};
  std::array<double, 3> position{};
  std::array<double, 9> rotation{};
  std::array<double, 6> velocity{};
  std::int32_t has_velocity = 0;
};

/// The newest command of the jaw: servo (follow at once) or move (a trajectory), rad.
struct JawCommand {
  std::int64_t seq = 0;
  Source source = Source::kNone;
  std::int32_t is_move = 0;
  double angle = 0.0;
};

/// One word to the operating-state machine.
struct StateRequest {
  std::int64_t seq = 0;
  StateCommand command = StateCommand::kDisable;
};

/// What became of one command.
struct Result {
  std::int64_t seq = 0;
  std::int64_t stamp_ns = 0;  // of the tick that judged it
  Source source = Source::kNone;
  Verdict verdict = Verdict::kAccepted;
  Reason reason = Reason::kNone;
};

static_assert(std::is_trivially_copyable_v<MotionCommand>);
static_assert(std::is_trivially_copyable_v<JawCommand>);
static_assert(std::is_trivially_copyable_v<StateRequest>);
static_assert(std::is_trivially_copyable_v<Result>);

}  // namespace trocar
