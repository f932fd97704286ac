// SPDX-License-Identifier: Apache-2.0
/// Signed distance of a point to a fixture's region, in the fixture's frame: > 0 outside of what is
/// forbidden, with its gradient.  Finite and defined everywhere, also at centres, apexes and axes.
#pragma once

#include <algorithm>
#include <cmath>

#include "trocar/fixture.hpp"
#include "trocar/signed_distance_grid.hpp"

namespace trocar {

/// Distance in m and its gradient, a unit vector except beside a mesh's kinks.
struct Clearance {
  double distance = 1e9;
  Vec3 gradient = Vec3::UnitZ();
};

/// `v` at unit length; any direction where it has none.
inline Vec3 unit_or(const Vec3& v, const Vec3& otherwise) {
  const double n = v.norm();
  return n > 1e-12 ? Vec3(v / n) : otherwise;
}

/// Some unit vector across the unit vector d.
inline Vec3 across(const Vec3& d) {
  const Vec3 helper = std::abs(d.z()) < 0.7 ? Vec3(Vec3::UnitZ()) : Vec3(Vec3::UnitX());
  return d.cross(helper).normalized();
}

/// Point of the segment a-b nearest to x, as a share of it in [0, 1].
inline double share_nearest(const Vec3& x, const Vec3& a, const Vec3& b) {
  const Vec3 u = b - a;
  const double square = u.squaredNorm();
  return square > 0.0 ? std::clamp((x - a).dot(u) / square, 0.0, 1.0) : 0.0;
}

inline Clearance ball_clearance(const Vec3& x, const Vec3& centre, double radius,
                                const Vec3& otherwise) {
  const Vec3 r = x - centre;
  return {r.norm() - radius, unit_or(r, otherwise)};
}

/// Solid cone from `apex` along the unit vector `d`: beside it the distance to a generator line,
/// behind its apex that to the apex.
inline Clearance cone_clearance(const Vec3& x, const Vec3& apex, const Vec3& d, double half_angle) {
  const double c = std::cos(half_angle), s = std::sin(half_angle);
  const Vec3 r = x - apex;
  const double z = r.dot(d);
  const Vec3 radial = r - z * d;
  const double rho = radial.norm();
  if (rho * s + z * c < 0.0) return {r.norm(), unit_or(r, -d)};
  return {rho * c - z * s, c * unit_or(radial, across(d)) - s * d};
}

/// Clearance of the point x (fixture frame) from what `f` forbids, its margin not counted.
inline Clearance clearance(const Fixture& f, const Vec3& x) {
  const Vec3 point = Eigen::Map<const Vec3>(f.point.data());
  const Vec3 direction = Eigen::Map<const Vec3>(f.direction.data());
  Clearance out;
  switch (f.kind) {
    case FixtureKind::kPlane:
      out = {(x - point).dot(direction), direction};
      break;
    case FixtureKind::kSphere:
      out = ball_clearance(x, point, f.radius, Vec3::UnitZ());
      break;
    case FixtureKind::kTube: {
      const Vec3 end = Eigen::Map<const Vec3>(f.end.data());
      const Vec3 u = end - point;
      const Vec3 nearest = point + share_nearest(x, point, end) * u;
      out = ball_clearance(x, nearest, f.radius, across(unit_or(u, Vec3::UnitZ())));
      break;
    }
    case FixtureKind::kCone:
      out = cone_clearance(x, point, direction, f.half_angle);
      break;
    case FixtureKind::kMesh: {
      const auto s = f.grid->sample(x);
      out = {s.distance, s.gradient};
      break;
    }
    default:
      return {};  // guides forbid nothing
  }
  if (f.keep_in != 0) return {-out.distance, -out.gradient};
  return out;
}

}  // namespace trocar
