// SPDX-License-Identifier: Apache-2.0
/// A virtual fixture as data: a forbidden (or the only allowed) region, or a guide.
///
/// Regions: Marinho, Adorno et al., T-RO 35 (2019), vector-field inequalities.  Guides: Bettini et
/// al., T-RO 20 (2004); Bowyer, Davies, Rodriguez y Baena, T-RO 30 (2014).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <type_traits>

#include "trocar/se3.hpp"

namespace trocar {

class SignedDistanceGrid;

inline constexpr int kMaxFixtures = 8;

enum class FixtureKind : std::int32_t {
  kPlane,
  kSphere,
  kCone,
  kTube,
  kMesh,
  kPointGuide,
  kLineGuide
};

/// One fixture, in a frame of its own.  Lengths in m, angles in rad.
struct Fixture {
  FixtureKind kind = FixtureKind::kPlane;
  std::int32_t keep_in = 0;  // the region is the only allowed one, instead of the forbidden one
  /// The shaft counts too, not only the link from wrist to control point (of a region to stay in:
  /// not only the control point).
  std::int32_t shaft = 1;
  std::array<double, 3> point{};                   // on the plane, centre, apex, end, on the guide
  std::array<double, 3> end{};                     // tube: the other end of its axis
  std::array<double, 3> direction{0.0, 0.0, 1.0};  // normal to the allowed side, axis, guide
  double radius = 0.0;                             // sphere, tube
  double half_angle = 0.0;                         // cone, from its axis, below pi / 2
  double margin = 0.0;                             // kept free beside the region
  double scale = 0.0;  // guide: share of a command off it that is let through, [0, 1]
  // T_base_fixture at `stamp_ns`, moving at `twist` (linear of its origin, angular; base axes)
  // for at most `horizon_s` from then on; after that it stands still where it got to.
  std::array<double, 3> position{};
  std::array<double, 9> rotation{1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0};  // row-major
  std::array<double, 6> twist{};
  std::int64_t stamp_ns = 0;
  double horizon_s = 0.1;
  const SignedDistanceGrid* grid = nullptr;  // mesh; kept alive by whoever posts it

  bool is_guide() const {
    return kind == FixtureKind::kPointGuide || kind == FixtureKind::kLineGuide;
  }
};

/// What an arm obeys from one tick on; `generation` counts the posts.
struct FixtureSet {
  std::int64_t generation = 0;
  std::int32_t count = 0;
  std::array<Fixture, kMaxFixtures> fixtures{};
};

static_assert(std::is_trivially_copyable_v<FixtureSet>);

namespace detail {
template <std::size_t N>
bool bounded(const std::array<double, N>& values, double most) {
  for (const double x : values) {
    if (!(std::abs(x) <= most)) return false;  // NaN and infinity too
  }
  return true;
}
}  // namespace detail

/// Null where `f` makes sense, else what does not, with the values allowed.
inline const char* fault_of(const Fixture& f) {
  constexpr double kFar = 10.0;  // m: no region of an operating table is farther away
  if (!detail::bounded(f.point, kFar) || !detail::bounded(f.end, kFar))
    return "a point is not finite or farther than 10 m";
  const Vec3 d = Eigen::Map<const Vec3>(f.direction.data());
  if (!(std::abs(d.norm() - 1.0) <= 1e-9)) return "the direction is no unit vector";
  const bool round = f.kind == FixtureKind::kSphere || f.kind == FixtureKind::kTube;
  if (round && !(f.radius > 0.0 && f.radius <= kFar)) return "radius: allowed (0, 10] m";
  if (f.kind == FixtureKind::kCone && !(f.half_angle > 0.0 && f.half_angle <= 1.5))
    return "half_angle: allowed (0, 1.5] rad";
  if (f.kind == FixtureKind::kMesh && f.grid == nullptr) return "a mesh needs its grid";
  if (!(f.margin >= 0.0 && f.margin <= 0.1)) return "margin: allowed [0, 0.1] m";
  if (!(f.scale >= 0.0 && f.scale <= 1.0)) return "scale: allowed [0, 1]";
  if (!detail::bounded(f.position, kFar)) return "the position is not finite or farther than 10 m";
  if (!is_rotation(
          Eigen::Map<const Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(f.rotation.data())))
    return "T_base_fixture is no rigid transform";
  if (!detail::bounded(f.twist, 10.0)) return "twist: allowed up to 10 m/s and 10 rad/s";
  if (!(f.horizon_s >= 0.0 && f.horizon_s <= 1.0)) return "horizon_s: allowed [0, 1] s";
  if (f.stamp_ns < 0) return "stamp_ns: allowed 0 or more";
  return nullptr;
}

}  // namespace trocar
