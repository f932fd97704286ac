// SPDX-License-Identifier: Apache-2.0
/// Where a straight piece of the instrument is nearest to what a fixture forbids: the global
/// minimum of the clearance along a segment, and for a mesh the other local ones too.
///
/// The signed distance of a convex region is convex, so along a segment its minimum is where
/// its slope vanishes; of a region to stay in it is concave, so an end is nearest.  A mesh's is
/// neither: it is walked, in steps that its slope (at most one) cannot cheat.
#pragma once

#include <array>
#include <limits>

#include "trocar/fixture_distance.hpp"

namespace trocar {

inline constexpr int kMaxMinima = 3;
inline constexpr double kSlope = 1.1;  // of a clearance: 1; of trilinear values a little more

/// A point of the segment, as a share of it, and its clearance.
struct SegmentPoint {
  double share = 0.0;
  Clearance clearance;
};

/// The nearest point first, then other local minima (of a mesh), nearest first.
struct SegmentMinima {
  int count = 0;
  std::array<SegmentPoint, kMaxMinima> points;

  /// Keep it if it is among the nearest.
  void add(const SegmentPoint& p) {
    int at = count < kMaxMinima ? count++ : kMaxMinima;
    while (at > 0 && p.clearance.distance < points[at - 1].clearance.distance) {
      if (at < kMaxMinima) points[at] = points[at - 1];
      --at;
    }
    if (at < kMaxMinima) points[at] = p;
  }
};

inline SegmentPoint segment_point(const Fixture& f, const Vec3& a, const Vec3& b, double share) {
  return {share, clearance(f, a + share * (b - a))};
}

/// Nearest point of a segment to a convex region: the root of the slope, by false position with the
/// Illinois rule (Dowell, Jarratt, BIT 11, 1971), to 20 nm or a slope that hides 30 nm of 0.3 m.
inline SegmentPoint nearest_convex(const Fixture& f, const Vec3& a, const Vec3& b) {
  constexpr double kShort = 2e-8, kFlat = 1e-7;  // m, of the slope
  const Vec3 u = b - a;
  const double length = u.norm();
  const auto slope = [&](const SegmentPoint& p) { return p.clearance.gradient.dot(u); };
  SegmentPoint low = segment_point(f, a, b, 0.0);
  double fall = slope(low);
  if (fall >= 0.0) return low;
  SegmentPoint high = segment_point(f, a, b, 1.0);
  double rise = slope(high);
  if (rise <= 0.0) return high;
  int side = 0;  // the end that the last step moved
  for (int n = 0; n < 60 && (high.share - low.share) * length > kShort; ++n) {
    const double share = low.share + (high.share - low.share) * fall / (fall - rise);
    const SegmentPoint p = segment_point(f, a, b, share);
    const double here = slope(p);
    if (std::abs(here) <= kFlat * length) return p;
    if (here < 0.0) {
      if (side < 0) rise *= 0.5;
      low = p;
      fall = here;
      side = -1;
    } else {
      if (side > 0) fall *= 0.5;
      high = p;
      rise = here;
      side = 1;
    }
  }
  return low.clearance.distance <= high.clearance.distance ? low : high;
}

/// Share of segment a-b nearest to segment c-d (Ericson, Real-Time Collision Detection, 5.1.9).
inline double share_nearest(const Vec3& a, const Vec3& b, const Vec3& c, const Vec3& d) {
  const Vec3 u = b - a, v = d - c, w = a - c;
  const double uu = u.squaredNorm(), vv = v.squaredNorm(), uv = u.dot(v);
  const double uw = u.dot(w), vw = v.dot(w);
  if (uu <= 0.0) return 0.0;
  if (vv <= 0.0) return std::clamp(-uw / uu, 0.0, 1.0);
  const double denominator = uu * vv - uv * uv;
  double s =
      denominator > 1e-12 * uu * vv ? std::clamp((uv * vw - uw * vv) / denominator, 0.0, 1.0) : 0.0;
  const double t = (uv * s + vw) / vv;
  if (t < 0.0) s = std::clamp(-uw / uu, 0.0, 1.0);
  if (t > 1.0) s = std::clamp((uv - uw) / uu, 0.0, 1.0);
  return s;
}

/// Golden section between `low` and `high`, of which a point between is lower than both: the share
/// where `depth`, a function of it, is least.
template <typename Depth>
double refined_minimum(const Depth& depth, double low, double high) {
  constexpr double kGolden = 0.6180339887498949;
  double left = high - kGolden * (high - low), right = low + kGolden * (high - low);
  double at_left = depth(left), at_right = depth(right);
  for (int n = 0; n < 12; ++n) {
    if (at_left <= at_right) {
      high = right;
      right = left;
      at_right = at_left;
      at_left = depth(left = high - kGolden * (high - low));
    } else {
      low = left;
      left = right;
      at_left = at_right;
      at_right = depth(right = low + kGolden * (high - low));
    }
  }
  return at_left <= at_right ? left : right;
}

/// The local minima along a mesh that are nearer than `near`, and the global one in any case.  A
/// step from clearance d is (d - best) / slope long where that is more than half a cell: nothing
/// nearer than the best so far can hide in it.  What kinks within half a cell is seen to about a
/// fiftieth of the spacing.  Of a mesh that is nowhere nearer than `most` no minimum is looked for.
inline SegmentMinima walk_mesh(const Fixture& f, const Vec3& a, const Vec3& b, double near,
                               double most = std::numeric_limits<double>::infinity()) {
  constexpr double kFinest = 0.25e-3;  // m: bounds the number of steps whatever the spacing
  const double sign = f.keep_in != 0 ? -1.0 : 1.0;
  const auto depth = [&](double share) { return sign * f.grid->distance(a + share * (b - a)); };
  SegmentMinima minima;
  minima.add(segment_point(f, a, b, 0.0));
  const double length = (b - a).norm();
  if (length <= 0.0) return minima;
  const double finest = std::max(0.5 * f.grid->spacing(), kFinest) / length;
  double d = minima.points[0].clearance.distance, d_before = d, last = 0.0, before = 0.0;
  // Nothing on a piece of this share, between these clearances at its ends, is nearer.
  const auto floor_of = [&](double one, double other, double share) {
    return 0.5 * (one + other - kSlope * length * share);
  };
  // A first look bounds the minimum from above: a fall towards it is then walked in long steps.
  constexpr int kLooks = 6;
  double bound = std::min(most, d);
  for (int k = 1; k <= kLooks; ++k) bound = std::min(bound, depth(static_cast<double>(k) / kLooks));
  bool falling = false;
  while (last < 1.0) {
    const double best = std::max(std::min(bound, minima.points[0].clearance.distance), near);
    const double next = std::min(1.0, last + std::max(finest, (d - best) / (kSlope * length)));
    const double d_next = depth(next);
    if (d_next > d && falling) {
      if (floor_of(d_before, d, last - before) <= best || floor_of(d, d_next, next - last) <= best)
        minima.add(segment_point(f, a, b, refined_minimum(depth, before, next)));
      falling = false;
    }
    if (d_next < d) falling = true;
    before = last;
    d_before = d;
    last = next;
    d = d_next;
  }
  if (falling) minima.add(segment_point(f, a, b, last));
  return minima;
}

/// Where the segment a-b (fixture frame) is nearest to what `f` forbids, and of a mesh other
/// minima nearer than `near`, m.
inline SegmentMinima nearest_on_segment(const Fixture& f, const Vec3& a, const Vec3& b,
                                        double near = -1e9) {
  SegmentMinima minima;
  if (f.kind == FixtureKind::kMesh) return walk_mesh(f, a, b, near);
  if (f.keep_in != 0 || f.kind == FixtureKind::kPlane) {
    minima.add(segment_point(f, a, b, 0.0));
    minima.add(segment_point(f, a, b, 1.0));
    return minima;
  }
  const Vec3 point = Eigen::Map<const Vec3>(f.point.data());
  const Vec3 end = Eigen::Map<const Vec3>(f.end.data());
  switch (f.kind) {
    case FixtureKind::kSphere:
      minima.add(segment_point(f, a, b, share_nearest(point, a, b)));
      break;
    case FixtureKind::kTube:
      minima.add(segment_point(f, a, b, share_nearest(a, b, point, end)));
      break;
    default:
      minima.add(nearest_convex(f, a, b));
      break;
  }
  return minima;
}

/// The least clearance along the segment a-b (fixture frame); infinite where it is not below
/// `most`, which of what is far away the middle alone tells.
inline double least_clearance(const Fixture& f, const Vec3& a, const Vec3& b, double most) {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const double middle = clearance(f, 0.5 * (a + b)).distance;
  if (middle - 0.5 * kSlope * (b - a).norm() >= most) return kNone;
  const SegmentMinima minima =
      f.kind == FixtureKind::kMesh ? walk_mesh(f, a, b, -1e9, most) : nearest_on_segment(f, a, b);
  const double least = minima.points[0].clearance.distance;
  return least < most ? least : kNone;
}

}  // namespace trocar
