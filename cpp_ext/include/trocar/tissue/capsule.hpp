// SPDX-License-Identifier: Apache-2.0
/// A tool's shape, a capsule, and where it is nearest to a triangle.
#pragma once

#include <algorithm>

#include "trocar/types.hpp"

namespace trocar::tissue {

/// Nearest pair between a segment a-b and a triangle.
struct NearestPair {
  Vec3 on_segment, on_triangle;  // m
  Vec3 weights;                  // barycentric, of on_triangle
  double along = 0.0;            // on_segment = a + along (b - a)
  double distance = 0.0;         // m
  bool interior = false;         // on_triangle lies in the face, not on an edge or a corner
};

/// Barycentric weights of the point of triangle p, q, r nearest to x.
/// Ericson, "Real-Time Collision Detection", 2005, section 5.1.5.
inline Vec3 nearest_in_triangle(const Vec3& x, const Vec3& p, const Vec3& q, const Vec3& r) {
  const Vec3 pq = q - p, pr = r - p, px = x - p;
  const double d1 = pq.dot(px), d2 = pr.dot(px);
  if (d1 <= 0.0 && d2 <= 0.0) return {1.0, 0.0, 0.0};
  const Vec3 qx = x - q;
  const double d3 = pq.dot(qx), d4 = pr.dot(qx);
  if (d3 >= 0.0 && d4 <= d3) return {0.0, 1.0, 0.0};
  const double vr = d1 * d4 - d3 * d2;
  if (vr <= 0.0 && d1 >= 0.0 && d3 <= 0.0) return {1.0 - d1 / (d1 - d3), d1 / (d1 - d3), 0.0};
  const Vec3 rx = x - r;
  const double d5 = pq.dot(rx), d6 = pr.dot(rx);
  if (d6 >= 0.0 && d5 <= d6) return {0.0, 0.0, 1.0};
  const double vq = d5 * d2 - d1 * d6;
  if (vq <= 0.0 && d2 >= 0.0 && d6 <= 0.0) return {1.0 - d2 / (d2 - d6), 0.0, d2 / (d2 - d6)};
  const double vp = d3 * d6 - d5 * d4;
  if (vp <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0) {
    const double w = (d4 - d3) / ((d4 - d3) + (d5 - d6));
    return {0.0, 1.0 - w, w};
  }
  const double sum = vp + vq + vr;
  return {vp / sum, vq / sum, vr / sum};
}

/// Parameters (s, t) in [0, 1] of the nearest points of segments a-b and p-q.
/// Ericson, section 5.1.9.
inline void nearest_of_segments(const Vec3& a, const Vec3& b, const Vec3& p, const Vec3& q,
                                double* s, double* t) {
  const Vec3 d1 = b - a, d2 = q - p, r = a - p;
  const double aa = d1.squaredNorm(), ee = d2.squaredNorm(), f = d2.dot(r), c = d1.dot(r);
  constexpr double kTiny = 1e-18;  // m2
  if (aa <= kTiny) {
    *s = 0.0;
    *t = ee > kTiny ? std::clamp(f / ee, 0.0, 1.0) : 0.0;
    return;
  }
  const double bb = d1.dot(d2), denominator = aa * ee - bb * bb;
  *s = denominator > 1e-12 * aa * ee ? std::clamp((bb * f - c * ee) / denominator, 0.0, 1.0) : 0.5;
  *t = ee > kTiny ? (bb * *s + f) / ee : 0.0;
  if (*t < 0.0) {
    *t = 0.0;
    *s = std::clamp(-c / aa, 0.0, 1.0);
  } else if (*t > 1.0) {
    *t = 1.0;
    *s = std::clamp((bb - c) / aa, 0.0, 1.0);
  }
}

namespace detail {

inline void keep_nearer(const Vec3& a, const Vec3& b, double along, const Vec3* corner,
                        const Vec3& weights, bool interior, NearestPair* best) {
  const Vec3 x = a + along * (b - a);
  const Vec3 y = weights[0] * corner[0] + weights[1] * corner[1] + weights[2] * corner[2];
  const double distance = (x - y).norm();
  if (distance < best->distance) *best = {x, y, weights, along, distance, interior};
}

}  // namespace detail

/// Nearest pair of segment a-b and the triangle `corner`; distance 0 where they cross.
inline NearestPair nearest_pair(const Vec3& a, const Vec3& b, const Vec3* corner) {
  NearestPair best;
  best.distance = 1e30;
  const Vec3 normal = (corner[1] - corner[0]).cross(corner[2] - corner[0]);
  const double ha = normal.dot(a - corner[0]), hb = normal.dot(b - corner[0]);
  double ends[3] = {0.0, 1.0, 0.0};
  int count = 2;
  if ((ha < 0.0) != (hb < 0.0)) ends[count++] = ha / (ha - hb);  // crosses the plane there
  for (int i = 0; i < count; ++i) {
    const Vec3 x = a + ends[i] * (b - a);
    const Vec3 w = nearest_in_triangle(x, corner[0], corner[1], corner[2]);
    detail::keep_nearer(a, b, ends[i], corner, w, w.minCoeff() > 0.0, &best);
  }
  for (int e = 0; e < 3; ++e) {
    double s = 0.0, t = 0.0;
    const int f = (e + 1) % 3;
    nearest_of_segments(a, b, corner[e], corner[f], &s, &t);
    Vec3 w = Vec3::Zero();
    w[e] = 1.0 - t;
    w[f] = t;
    detail::keep_nearer(a, b, s, corner, w, false, &best);
  }
  return best;
}

}  // namespace trocar::tissue
