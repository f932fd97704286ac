// SPDX-License-Identifier: Apache-2.0
/// What crosses the seam every tick, and the snapshot that the arm publishes of it.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "trocar/constraint_report.hpp"
#include "trocar/controller_settings.hpp"
#include "trocar/status.hpp"
#include "trocar/types.hpp"

namespace trocar {

using Axes = std::array<double, kNumAxes>;  // six joints, then the jaw

inline Vec7 to_vector(const Axes& a) { return Eigen::Map<const Vec7>(a.data()); }
inline Axes to_axes(const Vec7& v) {
  Axes a;
  Eigen::Map<Vec7>(a.data()) = v;
  return a;
}

/// Plant -> loop: what was measured, and what the plant side does about it.
struct MeasuredState {
  std::int64_t sequence = 0;
  std::int64_t stamp_ns = 0;    // of the capture
  std::int64_t publish_ns = 0;  // CLOCK_MONOTONIC when it was handed over; 0: not timed
  Axes q{};
  Axes qd{};
  Axes tau{};
  std::int64_t enable_counter = 0;  // newest that the plant side has seen
  std::int64_t missed = 0;          // deadlines missed so far
  PlantReason plant_reason = PlantReason::kNone;
  std::int32_t estop = 0;      // of the segment; added by the receiver
  std::uint64_t checksum = 0;  // seal.hpp; 0: none, in one process
};

/// Loop -> plant: torque (7,) in N m and N with power on, or power off (brakes).
/// A plant with its own position loop (the mock) reads `setpoint_q` in place of the torque.
struct TorqueCommand {
  std::int64_t sequence = 0;  // of the measured state that it answers
  std::int64_t enable_counter = 0;
  Axes torque{};
  Axes setpoint_q{};
  Axes setpoint_qd{};
  std::int32_t power = 0;
  std::uint64_t checksum = 0;  // seal.hpp; 0: none, in one process
};

/// One tick, as everyone else sees it.
struct ArmState {
  std::int64_t tick = 0;
  std::int64_t stamp_ns = 0;
  Axes q{};
  Axes qd{};
  Axes tau{};
  Axes setpoint_q{};
  Axes setpoint_qd{};
  Axes setpoint_tau{};
  Axes goal_q{};
  Axes tau_external{};             // N m, N: what the surroundings add (force_observer.hpp)
  std::array<double, 6> wrench{};  // N, N m on the control point, base axes; 0 where not valid
  OperatingState operating_state = OperatingState::kDisabled;
  Source source = Source::kNone;
  Fault fault = Fault::kNone;
  PlantReason plant_reason = PlantReason::kNone;
  std::int32_t is_homed = 0;
  std::int32_t is_busy = 0;
  std::int32_t stale = 0;
  std::int32_t estop = 0;
  std::int32_t powered = 0;
  ControlMode controller = ControlMode::kComputedTorque;  // the law in force
  std::int32_t wrench_valid = 0;                          // tip_wrench.hpp says where it can be
  std::int32_t fault_axis = -1;  // the axis a fault belongs to; -1: none in particular
  std::int64_t command_seq = 0;
  std::int64_t command_stamp_ns = 0;
  std::int64_t command_applied_ns = 0;
  std::int64_t commands_refused = 0;
  std::int64_t results_dropped = 0;
  std::int64_t causes = 0;      // bit n: the cause of Fault n is there in this tick
  double rcm_drift = 0.0;       // m, shaft line to trocar
  ConstraintReport constraint;  // what the fixtures did in this tick
};

static_assert(std::is_trivially_copyable_v<MeasuredState>);
static_assert(std::is_trivially_copyable_v<TorqueCommand>);
static_assert(std::is_trivially_copyable_v<ArmState>);

}  // namespace trocar
