// SPDX-License-Identifier: Apache-2.0
/// First in the tick: may this measured state be believed?  After a finding here nothing can be
/// computed (stop category 0).
#pragma once

#include <algorithm>

#include "trocar/arm_config.hpp"
#include "trocar/elapsed.hpp"
#include "trocar/safety_finding.hpp"
#include "trocar/seal.hpp"

namespace trocar {

class SensorWatch {
 public:
  explicit SensorWatch(const ArmConfig& config)
      : low_(config.q_min - config.safety.model_range_margin),
        high_(config.q_max + config.safety.model_range_margin),
        farthest_(config.encoder_jump_margin * config.velocity_max) {}

  /// Another plant, or the same one after a silence: nothing to compare with.
  void forget() { has_last_ = false; }

  /// Every tick; adds the causes that are present to *causes and returns the first.
  Finding check(const MeasuredState& m, std::int64_t* causes) {
    Finding first;
    const auto add = [&](Fault fault, int axis) {
      *causes |= bit(fault);
      if (!first) first = {fault, axis};
    };
    if (!is_whole(m)) add(Fault::kStateChecksum, -1);
    if (const int axis = first_bad(m); axis >= 0) add(Fault::kNonFinite, axis);
    if (first) {  // what follows compares numbers, and this one is none to compare the next with
      has_last_ = false;
      return first;
    }
    if (has_last_ && m.sequence <= last_sequence_) add(Fault::kStateSequence, -1);
    if (const int axis = jumped(m); axis >= 0) add(Fault::kEncoderJump, axis);
    if (const int axis = out_of_range(m.q); axis >= 0) add(Fault::kModelRange, axis);
    last_q_ = m.q;
    last_ns_ = m.stamp_ns;
    last_sequence_ = m.sequence;
    has_last_ = true;
    return first;
  }

 private:
  static constexpr double kLongest = 0.05;  // s; a gap longer than that excuses no jump

  static int first_bad(const MeasuredState& m) {
    for (int i = 0; i < kNumAxes; ++i) {
      if (!std::isfinite(m.q[i]) || !std::isfinite(m.qd[i]) || !std::isfinite(m.tau[i])) return i;
    }
    return -1;
  }

  int jumped(const MeasuredState& m) const {
    if (!has_last_) return -1;
    const double dt = std::clamp(elapsed_s(m.stamp_ns, last_ns_), kTickS, kLongest);
    for (int i = 0; i < kNumAxes; ++i) {
      if (std::abs(m.q[i] - last_q_[i]) > farthest_[i] * dt) return i;
    }
    return -1;
  }

  int out_of_range(const Axes& q) const {
    for (int i = 0; i < kNumAxes; ++i) {
      if (q[i] < low_[i] || q[i] > high_[i]) return i;
    }
    return -1;
  }

  Vec7 low_, high_;
  Vec7 farthest_;  // rad/s, m/s
  Axes last_q_{};
  std::int64_t last_ns_ = 0;
  std::int64_t last_sequence_ = 0;
  bool has_last_ = false;
};

}  // namespace trocar
