// SPDX-License-Identifier: Apache-2.0
/// The words of states, commands and answers.
#include <pybind11/native_enum.h>

#include "bindings.hpp"
#include "trocar/status.hpp"

namespace py = pybind11;
using namespace trocar;

namespace {

void bind_words(py::module_& m) {
  py::native_enum<OperatingState>(m, "OperatingState", "enum.IntEnum", "States of CRTK.")
      .value("DISABLED", OperatingState::kDisabled)
      .value("ENABLED", OperatingState::kEnabled)
      .value("PAUSED", OperatingState::kPaused)
      .value("FAULT", OperatingState::kFault)
      .finalize();
  py::native_enum<StateCommand>(m, "StateCommand", "enum.IntEnum", "Commands to the state machine.")
      .value("ENABLE", StateCommand::kEnable)
      .value("DISABLE", StateCommand::kDisable)
      .value("PAUSE", StateCommand::kPause)
      .value("RESUME", StateCommand::kResume)
      .value("HOME", StateCommand::kHome)
      .value("UNHOME", StateCommand::kUnhome)
      .finalize();
  py::native_enum<Source>(m, "Source", "enum.IntEnum", "Who a command comes from.")
      .value("NONE", Source::kNone)
      .value("CRTK", Source::kCrtk)
      .value("TELEOP", Source::kTeleop)
      .value("FOLLOW", Source::kFollow)
      .finalize();
  py::native_enum<Verdict>(m, "Verdict", "enum.IntEnum", "What became of a command.")
      .value("ACCEPTED", Verdict::kAccepted)
      .value("ALTERED", Verdict::kAltered)
      .value("REFUSED", Verdict::kRefused)
      .finalize();
}

void bind_reasons(py::module_& m) {
  py::native_enum<Reason>(m, "Reason", "enum.IntEnum", "Why a command was altered or refused.")
      .value("NONE", Reason::kNone)
      .value("NOT_READY", Reason::kNotReady)
      .value("NOT_IN_CONTROL", Reason::kNotInControl)
      .value("INVALID", Reason::kInvalid)
      .value("JOINT_LIMIT", Reason::kJointLimit)
      .value("VELOCITY_LIMIT", Reason::kVelocityLimit)
      .value("NEAR_RCM", Reason::kNearRcm)
      .value("OUT_OF_REACH", Reason::kOutOfReach)
      .value("STALE", Reason::kStale)
      .value("IN_FAULT", Reason::kInFault)
      .value("CAUSE_PERSISTS", Reason::kCausePersists)
      .value("BAD_TRANSITION", Reason::kBadTransition)
      .value("SUPERSEDED", Reason::kSuperseded)
      .value("QUEUE_FULL", Reason::kQueueFull)
      .value("FIXTURE", Reason::kFixture)
      .finalize();
  py::native_enum<PlantReason>(m, "PlantReason", "enum.IntEnum", "Why the plant holds its brakes.")
      .value("NONE", PlantReason::kNone)
      .value("NOT_CONNECTED", PlantReason::kNotConnected)
      .value("NO_COMMAND_30MS", PlantReason::kNoCommand30Ms)
      .value("CONSECUTIVE_MISSES", PlantReason::kConsecutiveMisses)
      .value("ESTOP", PlantReason::kEstop)
      .value("NOT_POWERED", PlantReason::kNotPowered)
      .finalize();
  m.def("describe", py::overload_cast<Reason>(&describe), py::arg("value"), "The sentence of it.");
  m.def("describe", py::overload_cast<PlantReason>(&describe), py::arg("value"));
}

}  // namespace

void bind_status(py::module_& m) {
  bind_words(m);
  bind_reasons(m);
}
