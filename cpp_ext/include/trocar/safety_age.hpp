// SPDX-License-Identifier: Apache-2.0
/// Age of the command that is being followed, by its source (design.md, section 2, "Losing a
/// command source").  The reference holds by itself; this says so independently of it.
#pragma once

#include <algorithm>

#include "trocar/arm_command.hpp"
#include "trocar/arm_config.hpp"
#include "trocar/elapsed.hpp"

namespace trocar {

class AgeWatch {
 public:
  explicit AgeWatch(const ArmConfig& config)
      : operator_hold_s_(config.operator_hold_s), follow_hold_s_(config.follow_hold_s) {}

  /// A motion command was taken at `now_ns`.
  void note(const MotionCommand& c, std::int64_t now_ns) {
    const bool servo = c.kind == MotionKind::kServoJp || c.kind == MotionKind::kServoCp;
    source_ = servo ? c.source : Source::kNone;
    // An operator's news is its arrival, an image's datum the moment of its capture.
    const bool stamped = c.source == Source::kFollow && c.stamp_ns != 0;
    born_ns_ = stamped ? std::min(c.stamp_ns, now_ns) : now_ns;
  }

  /// The motion ended otherwise (hold, stop, power off).
  void forget() { source_ = Source::kNone; }

  /// Whether the arm must hold.  External CRTK streams may end: their positions stand.
  bool is_stale(std::int64_t now_ns) const {
    const double age_s = elapsed_s(now_ns, born_ns_);
    if (source_ == Source::kTeleop) return age_s > operator_hold_s_;
    if (source_ == Source::kFollow) return age_s > follow_hold_s_;
    return false;
  }

 private:
  double operator_hold_s_, follow_hold_s_;
  Source source_ = Source::kNone;
  std::int64_t born_ns_ = 0;
};

}  // namespace trocar
