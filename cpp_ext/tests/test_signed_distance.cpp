// SPDX-License-Identifier: Apache-2.0
/// Grids of meshes whose distance is known.
#include <doctest/doctest.h>

#include "fixtures.hpp"
#include "trocar/triangle_tree.hpp"

using namespace trocar;
using namespace fixtures;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kPoints = 300;
constexpr double kSpacing = 0.004;
#else
constexpr int kPoints = 20'000;
constexpr double kSpacing = 0.002;
#endif

/// Signed distance of a box.
double box_distance(const Vec3& x, const Vec3& lower, const Vec3& upper) {
  const Vec3 q = (x - 0.5 * (lower + upper)).cwiseAbs() - 0.5 * (upper - lower);
  return q.cwiseMax(0.0).norm() + std::min(0.0, q.maxCoeff());
}

}  // namespace

TEST_CASE("signed distance: the tree knows a box inside and out, on faces, edges and corners") {
  const Vec3 lower(-0.03, -0.02, -0.01), upper(0.03, 0.04, 0.05);
  const Mesh m = box_mesh(lower, upper);
  const TriangleTree tree(m.vertices, m.triangles);
  std::mt19937_64 random(1);
  for (int n = 0; n < kPoints; ++n) {
    const Vec3 x = random_point(random);
    REQUIRE(tree.signed_distance(x) ==
            doctest::Approx(box_distance(x, lower, upper)).epsilon(1e-9));
  }
  CHECK(std::abs(tree.signed_distance(upper)) < 1e-15);
}

TEST_CASE("signed distance: a grid is the distance to within its stated error") {
  const Mesh ball = ball_mesh(Vec3(0.01, 0.0, -0.01), 0.03, 60);
  const auto grid = grid_of(ball, kSpacing, 0.01);
  REQUIRE(grid);
  std::mt19937_64 random(2);
  for (int n = 0; n < kPoints; ++n) {
    const Vec3 x = random_point(random);
    const double truth = (x - Vec3(0.01, 0.0, -0.01)).norm() - 0.03;
    const auto s = grid->sample(x);
    const bool inside =
        (x.array() >= grid->lower().array()).all() && (x.array() <= grid->upper().array()).all();
    if (inside && std::abs(truth) < 0.01) {
      REQUIRE(std::abs(s.distance - truth) <= kSpacing * kSpacing / (4 * 0.02) + 3e-5);
      REQUIRE(s.gradient.dot((x - Vec3(0.01, 0.0, -0.01)).normalized()) > 0.95);
    }
    if (!inside) {  // a lower bound, and positive
      REQUIRE(s.distance <= truth + 1e-4);
      REQUIRE(s.distance > 0.0);
    }
    REQUIRE(s.gradient.allFinite());
    REQUIRE(grid->distance(x) == s.distance);
  }
}

TEST_CASE("signed distance: no step at the border of the box, and the gradient fits") {
  const auto grid =
      grid_of(box_mesh(Vec3(-0.02, -0.02, -0.02), Vec3(0.02, 0.02, 0.02)), 0.004, 0.01);
  std::mt19937_64 random(3);
  for (int n = 0; n < kPoints / 10; ++n) {
    const Vec3 a = random_point(random), b = a + 1e-3 * random_point(random);
    const double change = std::abs(grid->sample(a).distance - grid->sample(b).distance);
    REQUIRE(change <= 1.8 * (a - b).norm() + 1e-12);
  }
}

TEST_CASE("signed distance: a flat open surface has a front and a back") {
  Mesh m;
  m.vertices = {{-0.05, -0.05, 0.0}, {0.05, -0.05, 0.0}, {0.05, 0.05, 0.0}, {-0.05, 0.05, 0.0}};
  m.triangles = {{0, 1, 2}, {0, 2, 3}};
  const auto grid = grid_of(m, 0.003, 0.012);
  CHECK(grid->sample({0.01, 0.02, 0.005}).distance == doctest::Approx(0.005).epsilon(1e-4));
  CHECK(grid->sample({0.01, 0.02, -0.005}).distance == doctest::Approx(-0.005).epsilon(1e-4));
  CHECK(grid->sample({0.01, 0.02, 0.0}).gradient.z() == doctest::Approx(1.0).epsilon(1e-4));
}

TEST_CASE("signed distance: the nearest point of a segment is the global one, of meshes too") {
  const auto grid =
      grid_of(box_mesh(Vec3(-0.03, -0.03, -0.03), Vec3(0.03, 0.03, 0.03), true), kSpacing, 0.01);
  Mesh two = ball_mesh(Vec3(0.03, 0.0, 0.0), 0.02);
  const Mesh other = ball_mesh(Vec3(-0.04, 0.01, 0.0), 0.015);
  const int base = static_cast<int>(two.vertices.size());
  two.vertices.insert(two.vertices.end(), other.vertices.begin(), other.vertices.end());
  for (const auto& t : other.triangles) {
    two.triangles.push_back({t[0] + base, t[1] + base, t[2] + base});
  }
  const auto balls = grid_of(two, kSpacing, 0.02);
  std::mt19937_64 random(4);
  for (const auto& g : {grid, balls}) {
    const Fixture f = mesh(g);
    for (int n = 0; n < kPoints / 20; ++n) {
      const Vec3 a = random_point(random), b = random_point(random);
      double best = 1e9;
      for (int k = 0; k <= 4000; ++k) {
        best = std::min(best, g->sample(a + k / 4000.0 * (b - a)).distance);
      }
      const SegmentMinima minima = nearest_on_segment(f, a, b);
      REQUIRE(minima.points[0].clearance.distance <= best + 0.02 * kSpacing);
      if (best > -0.001) REQUIRE(minima.points[0].clearance.distance <= best + 0.005 * kSpacing);
      REQUIRE(std::abs(least_clearance(f, a, b, best + 0.005) - best) <= 0.02 * kSpacing);
      REQUIRE(std::isinf(least_clearance(f, a, b, best - 0.005)));
    }
  }
}

TEST_CASE("signed distance: what makes no grid is named") {
  const auto error = [](auto spoil, double spacing = 0.002, double padding = 0.01) {
    Mesh m = box_mesh(Vec3(-0.01, -0.01, -0.01), Vec3(0.01, 0.01, 0.01));
    spoil(&m);
    std::string text;
    const auto grid = SignedDistanceGrid::build(m.vertices, m.triangles, spacing, padding, &text);
    CHECK((grid == nullptr) == !text.empty());
    return text;
  };
  CHECK(error([](Mesh*) {}).empty());
  CHECK(error([](Mesh* m) { m->triangles.clear(); }) == "the mesh has no triangle");
  CHECK(error([](Mesh* m) { m->vertices[3].x() = std::nan(""); }) ==
        "vertex 3 is not finite or farther than 10 m");
  CHECK(error([](Mesh* m) { m->triangles[2][1] = 8; }) ==
        "triangle 2 names vertex 8, allowed 0..7");
  CHECK(error([](Mesh* m) { m->triangles[2][1] = -1; }) ==
        "triangle 2 names vertex -1, allowed 0..7");
  CHECK(error([](Mesh* m) { m->triangles[4] = {1, 1, 2}; }) == "triangle 4 has no area");
  CHECK(error([](Mesh*) {}, 0.0) == "spacing: allowed 1e-5 .. 1 m");
  CHECK(error([](Mesh*) {}, std::nan("")) == "spacing: allowed 1e-5 .. 1 m");
  CHECK(error([](Mesh*) {}, 0.002, 0.001) == "padding: allowed spacing .. 1 m");
  CHECK(error([](Mesh*) {}, 1e-5, 0.5).find("larger spacing") != std::string::npos);
}
