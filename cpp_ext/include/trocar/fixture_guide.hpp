// SPDX-License-Identifier: Apache-2.0
/// Guides: a commanded position is split into its part along the guide and its part off it, and
/// only a share `scale` of the latter is let through (Bettini et al. 2004, in position form).
///
/// What was let through off the guide is taken back as the command comes back, so nothing drifts,
/// and an arm that is not commanded is not moved.
#pragma once

#include "trocar/fixture_pose.hpp"

namespace trocar {

/// Shape a commanded position (m) and linear velocity (m/s) of the control point, base frame.
/// Returns how far the position was moved, m.
inline double guide(const Fixture& f, std::int64_t now_ns, Vec3* position, Vec3* velocity) {
  if (!f.is_guide()) return 0.0;
  const Transform T = pose_at(f, now_ns).T_base_fixture;
  const Vec3 origin = T * Vec3(Eigen::Map<const Vec3>(f.point.data()));
  const Vec3 u = T.R * Eigen::Map<const Vec3>(f.direction.data());
  const bool line = f.kind == FixtureKind::kLineGuide;
  const auto shaped = [&](const Vec3& v) -> Vec3 {
    const Vec3 along = line ? Vec3(u * u.dot(v)) : Vec3(Vec3::Zero());
    return along + f.scale * (v - along);
  };
  const Vec3 before = *position;
  *position = origin + shaped(*position - origin);
  *velocity = shaped(*velocity);
  return (*position - before).norm();
}

}  // namespace trocar
