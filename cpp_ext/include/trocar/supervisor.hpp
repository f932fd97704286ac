// SPDX-License-Identifier: Apache-2.0
/// What is wrong with the measured state of this tick: the checks that lead to FAULT.
#pragma once

#include <array>
#include <cmath>

#include "trocar/arm_config.hpp"
#include "trocar/arm_state.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/controller.hpp"

namespace trocar {

struct Finding {
  Fault fault = Fault::kNone;
  int axis = -1;
};

class Supervisor {
 public:
  explicit Supervisor(const ArmConfig& config) : config_(config) {}

  static bool is_finite(const Axes& values) {
    for (const double value : values) {
      if (!std::isfinite(value)) return false;
    }
    return true;
  }

  /// Forget history: called when the arm is enabled.
  void reset() {
    late_.fill(0);
    outside_rcm_ = false;
  }

  /// Sensor checks, in every tick: nothing computed from such a state may be trusted.
  Finding check_sensors(const MeasuredState& m) {
    Finding finding;
    if (!is_finite(m.q) || !is_finite(m.qd) || !is_finite(m.tau)) {
      has_last_ = false;
      return {Fault::kNonFinite, first_bad(m)};
    }
    if (has_last_) {
      const double dt =
          std::clamp(1e-9 * static_cast<double>(m.stamp_ns - last_ns_), kTickS, kLongest);
      for (int i = 0; i < kNumAxes; ++i) {
        const double bound = config_.encoder_jump_margin * config_.velocity_max[i] * dt;
        if (std::abs(m.q[i] - last_q_[i]) > bound) finding = {Fault::kEncoderJump, i};
      }
    }
    last_q_ = m.q;
    last_ns_ = m.stamp_ns;
    has_last_ = true;
    return finding;
  }

  /// Motion checks, while powered, against the reference of the last tick.
  Finding check_motion(const MeasuredState& m, const std::array<AxisState, kNumAxes>& reference,
                       const Controller& controller, bool homed) {
    for (int i = 0; i < kNumAxes; ++i) {
      const bool late = std::abs(reference[i].q - m.q[i]) > config_.tracking_error_max[i];
      late_[i] = late ? late_[i] + 1 : 0;
      if (late_[i] >= config_.tracking_error_ticks) return {Fault::kTrackingError, i};
      if (controller.ticks_at_limit(i) >= config_.effort_limit_ticks)
        return {Fault::kEffortLimit, i};
    }
    const double depth = m.q[2] - psm::kWristOffset;
    if (homed && depth >= psm::kRcmClearance) outside_rcm_ = true;
    if (outside_rcm_ && depth < psm::kRcmClearance - kRcmBuffer) return {Fault::kNearRcm, 2};
    return {};
  }

 private:
  static constexpr double kLongest = 0.05;     // s; a gap longer than that excuses no jump
  static constexpr double kRcmBuffer = 0.002;  // m; mtsIntuitiveResearchKitPSM.cpp

  static int first_bad(const MeasuredState& m) {
    for (int i = 0; i < kNumAxes; ++i) {
      if (!std::isfinite(m.q[i]) || !std::isfinite(m.qd[i]) || !std::isfinite(m.tau[i])) return i;
    }
    return -1;
  }

  ArmConfig config_;
  std::array<int, kNumAxes> late_{};
  Axes last_q_{};
  std::int64_t last_ns_ = 0;
  bool has_last_ = false;
  bool outside_rcm_ = false;
};

}  // namespace trocar
