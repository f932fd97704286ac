// SPDX-License-Identifier: Apache-2.0
/// Every fault of the safety unit as data: the one table that code, tests, bindings and the README
/// use (`python -m trocar.fault_table` writes the last).
#pragma once

#include <array>
#include <cstdint>

namespace trocar {

/// Why the arm went to FAULT (kStaleCommand: why it holds).  Values are published: append only.
enum class Fault : std::int32_t {
  kNone,
  kEstop,
  kTrackingError,
  kNonFinite,
  kEncoderJump,
  kMissedDeadline,
  kEffortLimit,
  kNearRcm,
  kPlantLost,
  kOverspeed,
  kOveracceleration,
  kOvereffort,
  kRcmDrift,
  kFixtureBreach,
  kModelRange,
  kStateSequence,
  kStateChecksum,
  kOutputLimit,
  kSetpointJump,
  kStopOverrun,
  kStaleCommand,
};

/// How a fault is left.
enum class Acknowledge : std::int32_t {
  kEnable,   // `enable` or `disable`, once the cause is gone
  kRelease,  // a person releases it first, then as above
  kCommand,  // not latched: the next command of the source goes on
};

// Debounces in ticks.  A check that is not named here acts on the first tick that shows it.
inline constexpr int kTrackingErrorTicks = 10;
inline constexpr int kEffortLimitTicks = 200;  // at the limit
inline constexpr int kOverspeedTicks = 5;
inline constexpr int kOveraccelerationTicks = 5;
inline constexpr int kOvereffortTicks = 20;
inline constexpr int kRcmDriftTicks = 5;
inline constexpr int kFixtureBreachTicks = 5;
inline constexpr int kPlantLostTicks = 100;  // of silence

/// Stop categories of IEC 60204-1: 0 power off at once (nothing may be computed from what is
/// known), 1 controlled stop, then power off, 2 controlled stop, power stays.  `detection_ticks`
/// counts from the first tick that shows the cause, that one included: 1 is the same tick.  The
/// stop is commanded in the tick of the detection or, by the checks of the output, in the next.
struct FaultEntry {
  Fault fault;
  const char* name;
  const char* cause;     // what is checked, as a phrase
  const char* sentence;  // what a person is told
  int stop_category;
  int detection_ticks;
  Acknowledge acknowledge;
};

// clang-format off
inline constexpr std::array<FaultEntry, 21> kFaultTable = {{
    {Fault::kNone, "NONE", "nothing",
     "no fault", 2, 0, Acknowledge::kCommand},
    {Fault::kEstop, "ESTOP", "emergency stop pressed: by a client, in the segment, or at the plant",
     "emergency stop pressed: release it, then enable", 1, 1, Acknowledge::kRelease},
    {Fault::kTrackingError, "TRACKING_ERROR", "|q - setpoint_q| > tracking_error_max",
     "a joint did not follow its set-point: it may be blocked", 1, kTrackingErrorTicks, Acknowledge::kEnable},
    {Fault::kNonFinite, "NON_FINITE", "NaN or infinity measured, or computed for the output",
     "a measured or computed value was not finite", 0, 1, Acknowledge::kEnable},
    {Fault::kEncoderJump, "ENCODER_JUMP", "|change of q| > encoder_jump_margin velocity_max dt",
     "a joint position jumped farther than the joint can move", 0, 1, Acknowledge::kEnable},
    {Fault::kMissedDeadline, "MISSED_DEADLINE", "the plant side braked, or missed_consecutive_max or missed_window_max deadlines missed",
     "commands came late: the plant side braked, or too many deadlines were missed", 0, 1, Acknowledge::kEnable},
    {Fault::kEffortLimit, "EFFORT_LIMIT", "commanded effort at effort_max for 200 ms",
     "a joint stayed at its effort limit", 1, kEffortLimitTicks + 1, Acknowledge::kEnable},
    {Fault::kNearRcm, "NEAR_RCM", "wrist < 45 mm - 2 mm beyond the RCM, once it has been beyond 45 mm",
     "the wrist came nearer than 43 mm to the remote centre of motion", 1, 1, Acknowledge::kEnable},
    {Fault::kPlantLost, "PLANT_LOST", "no state from the plant for 100 ms",
     "no state from the plant within the deadline", 0, kPlantLostTicks, Acknowledge::kEnable},
    {Fault::kOverspeed, "OVERSPEED", "|measured qd| > overspeed_margin velocity_max",
     "a joint moved faster than its velocity limit allows", 1, kOverspeedTicks, Acknowledge::kEnable},
    {Fault::kOveracceleration, "OVERACCELERATION", "|change of measured qd| > overacceleration_margin times the hardest commanded acceleration",
     "a joint accelerated harder than any command: it may have hit something", 1, kOveraccelerationTicks, Acknowledge::kEnable},
    {Fault::kOvereffort, "OVEREFFORT", "|measured tau| > overeffort_margin effort_max",
     "a joint's measured effort is beyond its limit", 1, kOvereffortTicks, Acknowledge::kEnable},
    {Fault::kRcmDrift, "RCM_DRIFT", "distance of the measured shaft line from the trocar > rcm_drift_max",
     "the shaft has drifted away from the trocar: move the trocar or set it anew", 1, kRcmDriftTicks, Acknowledge::kEnable},
    {Fault::kFixtureBreach, "FIXTURE_BREACH", "measured arm deeper than fixture_breach_max in a forbidden region, once it has been outside",
     "the arm is inside a forbidden region", 1, kFixtureBreachTicks, Acknowledge::kEnable},
    {Fault::kModelRange, "MODEL_RANGE", "q outside q_min..q_max by more than model_range_margin",
     "a joint is outside the range that the model knows: move it back by hand", 0, 1, Acknowledge::kEnable},
    {Fault::kStateSequence, "STATE_SEQUENCE", "a measured state's number is not greater than the last one's",
     "a measured state was repeated or came out of order", 0, 1, Acknowledge::kEnable},
    {Fault::kStateChecksum, "STATE_CHECKSUM", "a measured state's checksum disagrees with its contents",
     "a measured state was damaged on its way", 0, 1, Acknowledge::kEnable},
    {Fault::kOutputLimit, "OUTPUT_LIMIT", "computed torque, set-point or its speed beyond the limits: not sent",
     "the tick computed an output beyond its limits: it was not sent", 0, 1, Acknowledge::kEnable},
    {Fault::kSetpointJump, "SETPOINT_JUMP", "change of set-point or of its speed beyond the limits in one tick: not sent",
     "the set-point jumped between two ticks: it was not sent", 0, 1, Acknowledge::kEnable},
    {Fault::kStopOverrun, "STOP_OVERRUN", "a controlled stop took longer than stop_overrun_s",
     "a controlled stop did not end in time: the power was cut", 0, 1, Acknowledge::kEnable},
    {Fault::kStaleCommand, "STALE_COMMAND", "no news from teleop for operator_hold_s, from follow for follow_hold_s",
     "the command source fell silent: the arm holds", 2, 1, Acknowledge::kCommand},
}};
// clang-format on

/// The row of `fault`; a value that is none has the first.
constexpr const FaultEntry& entry(Fault fault) {
  const auto i = static_cast<std::size_t>(fault);
  return kFaultTable[i < kFaultTable.size() ? i : 0];
}

namespace detail {
constexpr bool rows_are_in_order() {
  for (std::size_t i = 0; i < kFaultTable.size(); ++i) {
    if (static_cast<std::size_t>(kFaultTable[i].fault) != i) return false;
  }
  return true;
}
}  // namespace detail
static_assert(detail::rows_are_in_order(), "row n of the table is Fault n");

inline const char* describe(Fault fault) {
  const auto i = static_cast<std::size_t>(fault);
  return i < kFaultTable.size() ? kFaultTable[i].sentence : "unknown fault";
}

}  // namespace trocar
