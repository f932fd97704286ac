// SPDX-License-Identifier: Apache-2.0
/// The operating-state table of CRTK as data.
///
/// Rows are states, columns commands; source: collaborative-robotics documentation, API
/// "operating state".  `home` and `unhome` are not in that table: `home` also powers a disabled
/// arm, as the dVRK walks to HOMED from anywhere but FAULT; PAUSED has to be resumed first.
#pragma once

#include "trocar/status.hpp"

namespace trocar {

/// What a state command does in one state.
struct Transition {
  bool valid;
  OperatingState to;
};

inline constexpr int kNumStates = 4;
inline constexpr int kNumStateCommands = 6;

namespace detail {
inline constexpr OperatingState kD = OperatingState::kDisabled;
inline constexpr OperatingState kE = OperatingState::kEnabled;
inline constexpr OperatingState kP = OperatingState::kPaused;
inline constexpr OperatingState kF = OperatingState::kFault;
}  // namespace detail

// clang-format off
inline constexpr Transition kTransitions[kNumStates][kNumStateCommands] = {
    //            enable               disable              pause                resume               home                 unhome
    /* DISABLED */ {{true, detail::kE}, {true, detail::kD}, {false, detail::kD}, {false, detail::kD}, {true, detail::kE}, {true, detail::kD}},
    /* ENABLED  */ {{true, detail::kE}, {true, detail::kD}, {true, detail::kP}, {false, detail::kE}, {true, detail::kE}, {true, detail::kE}},
    /* PAUSED   */ {{false, detail::kP}, {true, detail::kD}, {true, detail::kP}, {true, detail::kE}, {false, detail::kP}, {false, detail::kP}},
    /* FAULT    */ {{true, detail::kE}, {true, detail::kD}, {false, detail::kF}, {false, detail::kF}, {false, detail::kF}, {false, detail::kF}},
};
// clang-format on

/// Row `state`, column `command`; an invalid transition stays where it is.
constexpr Transition transition(OperatingState state, StateCommand command) {
  return kTransitions[static_cast<int>(state)][static_cast<int>(command)];
}

}  // namespace trocar
