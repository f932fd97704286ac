// SPDX-License-Identifier: Apache-2.0
/// How fast a point may come nearer to a forbidden region: linear near it (the gain eta of Marinho,
/// Adorno et al., T-RO 2019, eq. 6), the braking parabola farther away, joined without a kink.
#pragma once

#include <algorithm>
#include <cmath>

namespace trocar {

inline constexpr double kRegionRate = 25.0;  // 1/s: approach and retreat near a region

/// Largest speed (m/s) towards a region at clearance d (m), where `a` (m/s2) can brake it.  Below 0
/// inside: back out, at no more than `retreat`.
inline double approach_limit(double d, double a, double retreat) {
  if (d < 0.0) return std::max(-retreat, kRegionRate * d);
  const double knee = a / (kRegionRate * kRegionRate);
  return d <= knee ? kRegionRate * d : std::sqrt(2.0 * a * (d - 0.5 * knee));
}

/// Its inverse: the clearance at which an approach at speed v begins to be braked.
inline double braking_distance(double v, double a) {
  const double knee = a / (kRegionRate * kRegionRate);
  return v <= kRegionRate * knee ? v / kRegionRate : 0.5 * (v * v / a + knee);
}

}  // namespace trocar
