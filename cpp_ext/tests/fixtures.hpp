// SPDX-License-Identifier: Apache-2.0
/// Fixtures for the tests, and meshes to make grids of.
#pragma once

#include <random>

#include "trocar/fixture_segment.hpp"
#include "trocar/psm_model.hpp"

namespace fixtures {

using namespace trocar;

inline std::array<double, 3> three(const Vec3& v) { return {v.x(), v.y(), v.z()}; }

inline Fixture plane(const Vec3& point, const Vec3& normal) {
  Fixture f;
  f.point = three(point);
  f.direction = three(normal.normalized());
  return f;
}

inline Fixture sphere(const Vec3& centre, double radius) {
  Fixture f;
  f.kind = FixtureKind::kSphere;
  f.point = three(centre);
  f.radius = radius;
  return f;
}

inline Fixture tube(const Vec3& a, const Vec3& b, double radius) {
  Fixture f;
  f.kind = FixtureKind::kTube;
  f.point = three(a);
  f.end = three(b);
  f.radius = radius;
  return f;
}

inline Fixture cone(const Vec3& apex, const Vec3& axis, double half_angle) {
  Fixture f;
  f.kind = FixtureKind::kCone;
  f.point = three(apex);
  f.direction = three(axis.normalized());
  f.half_angle = half_angle;
  return f;
}

inline Fixture mesh(const std::shared_ptr<const SignedDistanceGrid>& grid) {
  Fixture f;
  f.kind = FixtureKind::kMesh;
  f.grid = grid.get();
  return f;
}

inline Vec3 random_point(std::mt19937_64& random) {
  std::uniform_real_distribution<double> u(-0.1, 0.1);
  const double x = u(random), y = u(random), z = u(random);
  return {x, y, z};
}

/// Any primitive region, to stay out of or to stay in.
inline Fixture random_region(std::mt19937_64& random) {
  std::uniform_real_distribution<double> u(0.0, 1.0);
  const Vec3 a = random_point(random), b = random_point(random);
  const double size = 0.005 + 0.05 * u(random), angle = 0.05 + 1.3 * u(random);
  const Fixture all[] = {plane(a, b), sphere(a, size), tube(a, b, size), cone(a, b, angle)};
  Fixture f = all[random() % 4];
  f.keep_in = static_cast<int>(random() % 2);
  return f;
}

struct Mesh {
  std::vector<Vec3> vertices;
  std::vector<std::array<int, 3>> triangles;
};

/// An axis-aligned box; normals outward, or inward where it is a cavity.
inline Mesh box_mesh(const Vec3& lower, const Vec3& upper, bool cavity = false) {
  Mesh m;
  for (int c = 0; c < 8; ++c) {
    m.vertices.emplace_back(c & 1 ? upper.x() : lower.x(), c & 2 ? upper.y() : lower.y(),
                            c & 4 ? upper.z() : lower.z());
  }
  m.triangles = {{0, 2, 1}, {1, 2, 3}, {4, 5, 6}, {5, 7, 6}, {0, 1, 4}, {1, 5, 4},
                 {2, 6, 3}, {3, 6, 7}, {0, 4, 2}, {2, 4, 6}, {1, 3, 5}, {3, 7, 5}};
  if (cavity) {
    for (auto& t : m.triangles) std::swap(t[1], t[2]);
  }
  return m;
}

/// A ball of n x 2n quadrilaterals.
inline Mesh ball_mesh(const Vec3& centre, double radius, int n = 24) {
  Mesh m;
  for (int i = 0; i <= n; ++i) {
    for (int j = 0; j < 2 * n; ++j) {
      const double polar = psm::kPi * i / n, round = psm::kPi * j / n;
      const double s = i == 0 || i == n ? 0.0 : std::sin(polar);
      m.vertices.push_back(centre + radius * Vec3(s * std::cos(round), s * std::sin(round),
                                                  i == n ? -1.0 : std::cos(polar)));
    }
  }
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < 2 * n; ++j) {
      const int a = i * 2 * n + j, b = i * 2 * n + (j + 1) % (2 * n);
      if (i > 0) m.triangles.push_back({a, a + 2 * n, b});
      if (i < n - 1) m.triangles.push_back({b, a + 2 * n, b + 2 * n});
    }
  }
  return m;
}

inline std::shared_ptr<const SignedDistanceGrid> grid_of(const Mesh& m, double spacing,
                                                         double padding) {
  std::string error;
  return SignedDistanceGrid::build(m.vertices, m.triangles, spacing, padding, &error);
}

}  // namespace fixtures
