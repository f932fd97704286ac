// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/clutch.hpp"
#include "trocar/jaw_slew.hpp"
#include "trocar/tremor_filter.hpp"

namespace fuzz {

namespace {

bool is_pose(const Transform& T) { return T.p.allFinite() && is_rotation(T.R, 1e-9); }

bool has_changed(ShapingStatus status) {
  return status == ShapingStatus::kOk || status == ShapingStatus::kGap;
}

}  // namespace

/// Whatever the hand's device says, what is commanded is a pose, or the status says why not.
void fuzz_shaping(Bytes& in) {
  in.choose_wildness();
  Clutch clutch;
  TremorFilter filter;
  JawSlew jaw;
  std::int64_t now = in.is_wild() ? in.raw<std::int64_t>() : 0;
  filter.start(in.transform(0.3), now);
  for (int n = 0; n < 40 && !in.is_empty(); ++n) {
    const Transform master = in.transform(0.3);
    Transform slave;
    switch (in.below(6)) {
      case 0:
        clutch.engage(master, in.transform(0.2), in.real(2.0));
        break;
      case 1:
        clutch.rescale(master, in.real(2.0));
        break;
      case 2:
        clutch.pull_to(master, in.transform(0.2));
        break;
      case 3:
        clutch.release();
        break;
      default:
        if (clutch.map(master, &slave) == ShapingStatus::kOk) FUZZ_REQUIRE(is_pose(slave));
    }
    FUZZ_REQUIRE(clutch.scale() > 0.0 && clutch.scale() <= kLargestScale);
    if (in.is_wild() && in.coin()) {
      now = in.raw<std::int64_t>();
    } else {
      now = now < INT64_MAX / 2 ? now + 1000 * in.raw<std::uint16_t>() : now;
    }
    filter.step(master, now);
    FUZZ_REQUIRE(is_pose(filter.output()));
    const double before = jaw.angle();
    if (in.byte() < 32) jaw.engage(in.real(1.0));
    if (in.byte() < 32) jaw.pull_to(in.real(1.0));
    const double start = jaw.angle(), dt = in.real(0.02);
    const ShapingStatus status = jaw.step(in.real(1.0), dt);
    FUZZ_REQUIRE(std::isfinite(before) && std::abs(jaw.angle()) <= kLargestAngle);
    const double most = has_changed(status) ? JawSlew::kRate * std::min(dt, 0.05) + 1e-12 : 0.0;
    FUZZ_REQUIRE(std::abs(jaw.angle() - start) <= most);
  }
}

}  // namespace fuzz
