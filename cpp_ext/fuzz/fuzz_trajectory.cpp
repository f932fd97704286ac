// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/axis_profile.hpp"
#include "trocar/guarded_move.hpp"
#include "trocar/joint_move.hpp"
#include "trocar/pose_extrapolator.hpp"
#include "trocar/set_point_stream.hpp"

namespace fuzz {

namespace {

constexpr double kOver = 1.0 + 1e-9;

AxisLimits limits_of(Bytes& in) {
  AxisLimits l{};
  l.q_min = -0.01 - std::abs(in.fair());
  l.q_max = 0.01 + std::abs(in.fair());
  l.v_max = 0.01 + 10.0 * std::abs(in.fair());
  l.a_max = l.v_max * (2.0 + 20.0 * std::abs(in.fair()));
  l.j_max = l.a_max * (10.0 + 500.0 * std::abs(in.fair()));
  return l;
}

void require_inside(const AxisState& s, const AxisState& next, const AxisLimits& l) {
  FUZZ_REQUIRE(std::abs(next.v) <= kOver * l.v_max);
  FUZZ_REQUIRE(std::abs(next.a) <= kOver * l.a_max);
  FUZZ_REQUIRE(std::abs(next.a - s.a) <= kOver * l.j_max * kTickS);
  FUZZ_REQUIRE(next.q >= l.q_min - 1e-9 && next.q <= l.q_max + 1e-9);
}

}  // namespace

/// Limits of an arm, any targets: no target talks an axis out of its limits.
void fuzz_axis(Bytes& in) {
  in.choose_wildness();
  const AxisLimits l = limits_of(in);
  AxisState s{0.5 * (l.q_min + l.q_max), 0.0, 0.0};
  AxisState start{in.fair(), l.v_max * in.fair(), l.a_max * in.fair()};
  if (can_stop(start, l)) s = start;
  for (int n = 0; n < 30 && !in.is_empty(); ++n) {
    const int way = in.below(3), ticks = 1 + in.below(20);
    const double target = in.real(1.0), target_v = in.real(l.v_max), target_a = in.real(l.a_max);
    GuardedMove move(s, std::clamp(in.fair(), l.q_min, l.q_max), l);
    for (int k = 0; k < ticks; ++k) {
      const AxisState next = way == 0   ? move.next(s, l)
                             : way == 1 ? step_to_rest(s, l.a_max, l.j_max)
                                        : step_toward(s, target, target_v, target_a, l, 60.0);
      require_inside(s, next, l);
      s = next;
    }
  }
}

void fuzz_streams(Bytes& in) {
  in.choose_wildness();
  PoseExtrapolator pose;
  pose.set(in.transform(0.3), in.vector<6>(1.0));
  const Horizon horizon{std::abs(in.real(0.2)), std::abs(in.real(0.4))};
  const double age = in.real(1.0);
  const Transform T = pose.at(age, horizon);
  const Vec6 twist = pose.twist_at(age, horizon);
  const double scale = horizon.scale(age), reach = horizon.reach(age);
  SetPointStream<2> stream;
  stream.reset({0.0, 0.0});
  std::int64_t now = 1;
  for (int n = 0; n < 8; ++n) {
    now += in.is_wild() && in.coin() ? in.raw<std::int32_t>() : in.raw<std::uint16_t>() * 1000;
    stream.push({in.real(1.0), in.real(1.0)}, now);
    const auto next = stream.next();
    if (!in.is_wild()) FUZZ_REQUIRE(std::isfinite(next.q[0]) && std::isfinite(next.v[1]));
  }
  if (in.is_wild()) return;
  FUZZ_REQUIRE(is_rotation(T.R, 1e-9) && T.p.allFinite() && twist.allFinite());
  FUZZ_REQUIRE(scale >= 0.0 && scale <= 1.0 && reach >= 0.0);
}

}  // namespace fuzz
