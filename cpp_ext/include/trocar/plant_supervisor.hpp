// SPDX-License-Identifier: Apache-2.0
/// The plant's side of losing the loop (design.md, section 2): hold, damp, brake, latch.
///
/// A missed tick holds the last torque and is counted; from the second consecutive miss damping is
/// added to it; after 30 ms without a command, or 5 consecutive misses of a loop with real-time
/// priority, the plant brakes and stays braked until it is enabled anew (a new enable counter) with
/// no emergency stop.  One advance() per plant tick; time is the tick's stamp.
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/arm_state.hpp"
#include "trocar/elapsed.hpp"
#include "trocar/psm_model.hpp"

namespace trocar {

/// What the plant does in the coming tick: torque (7,), or brakes on.
struct PlantOutput {
  Axes torque{};
  bool brake = true;
  PlantReason reason = PlantReason::kNotConnected;
  bool missed = false;
};

class PlantSupervisor {
 public:
  static constexpr std::int64_t kWatchdogNs = 30'000'000;  // the dVRK's, mtsIntuitiveResearchKit.h
  static constexpr std::int64_t kEstopStopNs = 500'000'000;  // for the loop's own controlled stop
  static constexpr int kMostMisses = 5;                      // of a loop with real-time priority
  /// N m s/rad and N s/m; wrist: below armature / tick, so that it is stable when sampled.
  static constexpr std::array<double, kNumAxes> kDamping = {2.0,   2.0,   20.0, 0.005,
                                                            0.005, 0.005, 0.005};

  /// Whether a loop is there to be waited for; without one the plant only looks.
  bool is_connected() const { return connected_; }
  PlantReason reason() const { return reason_; }
  std::int64_t enable_counter() const { return enable_counter_; }
  std::int64_t missed() const { return missed_; }

  /// The loop said goodbye: an unpowered arm is then not waited for, and nothing is missed.
  void release() {
    if (command_.power == 0) connected_ = false;
  }

  /// `command`: the answer to this tick, or null where none came in time; `qd` (7,) measured.
  PlantOutput advance(const TorqueCommand* command, const Axes& qd, std::int64_t stamp_ns,
                      bool realtime, bool estop) {
    PlantOutput output;
    if (command != nullptr && is_finite(*command)) {
      take(*command, stamp_ns, estop);
    } else {
      output.missed = connected_;
      miss(stamp_ns, realtime);
    }
    watch_estop(stamp_ns, estop);
    reason_ = present_reason(estop);
    output.reason = reason_;
    output.brake = reason_ != PlantReason::kNone;
    if (!output.brake) fill_torque(qd, &output);
    return output;
  }

 private:
  static bool is_finite(const TorqueCommand& c) {
    return std::all_of(c.torque.begin(), c.torque.end(), [](double x) { return std::isfinite(x); });
  }

  void take(const TorqueCommand& c, std::int64_t stamp_ns, bool estop) {
    connected_ = true;
    misses_ = 0;
    last_ns_ = stamp_ns;
    command_ = c;
    const bool enabled_anew = c.power != 0 && c.enable_counter != enable_counter_;
    if (enabled_anew && !estop) latched_ = PlantReason::kNone;
    if (enabled_anew) enable_counter_ = c.enable_counter;
  }

  void miss(std::int64_t stamp_ns, bool realtime) {
    if (!connected_) return;
    ++misses_;
    ++missed_;
    const bool powered = command_.power != 0;
    if (realtime && misses_ >= kMostMisses && powered) latch(PlantReason::kConsecutiveMisses);
    if (elapsed_ns(stamp_ns, last_ns_) >= kWatchdogNs) {
      connected_ = false;
      if (powered) latch(PlantReason::kNoCommand30Ms);
      command_.power = 0;
    }
  }

  void watch_estop(std::int64_t stamp_ns, bool estop) {
    if (!estop) {
      estop_ns_ = kNoStop;
      return;
    }
    if (estop_ns_ == kNoStop) estop_ns_ = stamp_ns;
    const bool too_long = command_.power != 0 && elapsed_ns(stamp_ns, estop_ns_) >= kEstopStopNs;
    if (too_long || !connected_) latch(PlantReason::kEstop);
  }

  void latch(PlantReason reason) {
    if (latched_ == PlantReason::kNone) latched_ = reason;
  }

  PlantReason present_reason(bool estop) const {
    if (latched_ != PlantReason::kNone) return latched_;
    if (!connected_) return PlantReason::kNotConnected;
    if (command_.power != 0) return PlantReason::kNone;
    return estop ? PlantReason::kEstop : PlantReason::kNotPowered;
  }

  void fill_torque(const Axes& qd, PlantOutput* output) const {
    for (int i = 0; i < kNumAxes; ++i) {
      double tau = command_.torque[i];
      if (misses_ >= 2 && std::isfinite(qd[i])) tau -= kDamping[i] * qd[i];
      output->torque[i] = std::clamp(tau, -psm::kEffortMax[i], psm::kEffortMax[i]);
    }
  }

  static constexpr std::int64_t kNoStop = INT64_MIN;
  TorqueCommand command_;
  PlantReason latched_ = PlantReason::kNone;
  PlantReason reason_ = PlantReason::kNotConnected;
  std::int64_t enable_counter_ = 0;
  std::int64_t missed_ = 0;
  std::int64_t last_ns_ = 0;
  std::int64_t estop_ns_ = kNoStop;
  int misses_ = 0;
  bool connected_ = false;
};

}  // namespace trocar
