// SPDX-License-Identifier: Apache-2.0
/// The words of the arm: states, commands, verdicts, reasons, each with its sentence.  Faults are
/// in fault_table.hpp.
#pragma once

#include <cstdint>

#include "trocar/fault_table.hpp"

namespace trocar {

enum class OperatingState : std::int32_t { kDisabled, kEnabled, kPaused, kFault };
enum class StateCommand : std::int32_t { kEnable, kDisable, kPause, kResume, kHome, kUnhome };
enum class Source : std::int32_t { kNone, kCrtk, kTeleop, kFollow };
enum class Verdict : std::int32_t { kAccepted, kAltered, kRefused };

/// Why a command was altered or refused.
enum class Reason : std::int32_t {
  kNone,
  kNotReady,
  kNotInControl,
  kInvalid,
  kJointLimit,
  kVelocityLimit,
  kNearRcm,
  kOutOfReach,
  kStale,
  kInFault,
  kCausePersists,
  kBadTransition,
  kSuperseded,
  kQueueFull,
  kFixture,
};

/// Why the plant side holds its brakes.
enum class PlantReason : std::int32_t {
  kNone,
  kNotConnected,
  kNoCommand30Ms,
  kConsecutiveMisses,
  kEstop,
  kNotPowered,
};

inline const char* describe(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "as commanded";
    case Reason::kNotReady:
      return "the arm is not ready: enable and home it first";
    case Reason::kNotInControl:
      return "another source is in control: request the source first";
    case Reason::kInvalid:
      return "not finite, or not a rotation: nothing was moved";
    case Reason::kJointLimit:
      return "clamped to the joint range";
    case Reason::kVelocityLimit:
      return "too far or too fast: approached within the limits";
    case Reason::kNearRcm:
      return "the wrist stays 45 mm beyond the remote centre of motion";
    case Reason::kOutOfReach:
      return "no joint position reaches that pose";
    case Reason::kStale:
      return "the stamp is older than the source's age limit";
    case Reason::kInFault:
      return "the arm is in FAULT: mend the cause, then enable";
    case Reason::kCausePersists:
      return "the cause of the fault persists: release it first";
    case Reason::kBadTransition:
      return "not a transition of the present operating state";
    case Reason::kSuperseded:
      return "a newer command came within the same tick";
    case Reason::kQueueFull:
      return "too many state commands at once: send them more slowly";
    case Reason::kFixture:
      return "a virtual fixture keeps the arm off that goal, or guides it";
  }
  return "unknown reason";
}

inline const char* describe(PlantReason reason) {
  switch (reason) {
    case PlantReason::kNone:
      return "brakes off";
    case PlantReason::kNotConnected:
      return "no control loop is connected";
    case PlantReason::kNoCommand30Ms:
      return "30 ms passed without a command";
    case PlantReason::kConsecutiveMisses:
      return "5 consecutive deadlines were missed";
    case PlantReason::kEstop:
      return "emergency stop pressed and the loop did not power off";
    case PlantReason::kNotPowered:
      return "the arm is not powered";
  }
  return "unknown plant reason";
}

}  // namespace trocar
