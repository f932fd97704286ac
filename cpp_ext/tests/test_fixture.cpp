// SPDX-License-Identifier: Apache-2.0
/// Distances and gradients of the regions, their degenerate points, and nearest points of segments.
#include <doctest/doctest.h>

#include <random>

#include "fixtures.hpp"

using namespace trocar;
using namespace fixtures;

namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int kPoints = 200;
#else
constexpr int kPoints = 3000;
#endif

double at(const Fixture& f, const Vec3& x) { return clearance(f, x).distance; }

}  // namespace

TEST_CASE("fixture: the gradient is what differences say, of unit length, and signs are right") {
  std::mt19937_64 random(1);
  for (int n = 0; n < kPoints; ++n) {
    const Fixture f = random_region(random);
    const Vec3 x = random_point(random);
    const Clearance c = clearance(f, x);
    REQUIRE(c.gradient.norm() == doctest::Approx(1.0));
    Vec3 differences;
    for (int i = 0; i < 3; ++i) {
      const Vec3 h = 1e-7 * Vec3::Unit(i);
      differences[i] = (at(f, x + h) - at(f, x - h)) / 2e-7;
    }
    if ((c.gradient - differences).norm() > 1e-5) {  // a kink: the axis, the centre, the apex
      REQUIRE(std::abs(c.distance) <= 0.2);
      REQUIRE(differences.norm() < 1.0);
    }
    Fixture other = f;
    other.keep_in = 1 - f.keep_in;
    REQUIRE(clearance(other, x).distance == -c.distance);
  }
}

TEST_CASE("fixture: what is inside is negative, what is outside positive") {
  CHECK(at(plane({0, 0, 1}, {0, 0, 1}), {5, 5, 3}) == doctest::Approx(2.0));
  CHECK(at(plane({0, 0, 1}, {0, 0, 1}), {5, 5, 0}) == doctest::Approx(-1.0));
  CHECK(at(sphere({1, 0, 0}, 0.5), {1, 2, 0}) == doctest::Approx(1.5));
  CHECK(at(sphere({1, 0, 0}, 0.5), {1, 0.1, 0}) == doctest::Approx(-0.4));
  CHECK(at(tube({0, 0, 0}, {0, 0, 1}, 0.2), {1, 0, 0.5}) == doctest::Approx(0.8));
  CHECK(at(tube({0, 0, 0}, {0, 0, 1}, 0.2), {0, 0, 2}) == doctest::Approx(0.8));
  CHECK(at(tube({0, 0, 0}, {0, 0, 1}, 0.2), {0.05, 0, 0.5}) == doctest::Approx(-0.15));
  const double q = psm::kPi / 4;
  CHECK(at(cone({0, 0, 0}, {0, 0, 1}, q), {0, 0, 1}) == doctest::Approx(-std::sqrt(0.5)));
  CHECK(at(cone({0, 0, 0}, {0, 0, 1}, q), {1, 0, 1}) == doctest::Approx(0.0));
  CHECK(at(cone({0, 0, 0}, {0, 0, 1}, q), {0, 0, -2}) == doctest::Approx(2.0));
  CHECK(at(cone({0, 0, 0}, {0, 0, 1}, q), {2, 0, 0}) == doctest::Approx(std::sqrt(2.0)));
}

TEST_CASE("fixture: centres, axes and apexes have a distance and a direction") {
  const Fixture all[] = {sphere({1, 0, 0}, 0.5), tube({0, 0, 0}, {0, 0, 1}, 0.2),
                         tube({1, 1, 1}, {1, 1, 1}, 0.2), cone({0, 0, 0}, {0, 0, 1}, 0.3)};
  const Vec3 points[] = {{1, 0, 0}, {0, 0, 0.5}, {1, 1, 1}, {0, 0, 0}, {0, 0, 3}, {0, 0, -1}};
  for (const Fixture& f : all) {
    REQUIRE(fault_of(f) == nullptr);
    for (const Vec3& x : points) {
      const Clearance c = clearance(f, x);
      CHECK(std::isfinite(c.distance));
      CHECK(c.gradient.norm() == doctest::Approx(1.0));
    }
  }
}

TEST_CASE("fixture: the nearest point of a segment is the global one, against 4000 samples") {
  std::mt19937_64 random(2);
  for (int n = 0; n < kPoints; ++n) {
    const Fixture f = random_region(random);
    const Vec3 a = random_point(random), b = random_point(random);
    double best = 1e9;
    for (int k = 0; k <= 4000; ++k) best = std::min(best, at(f, a + k / 4000.0 * (b - a)));
    const SegmentMinima minima = nearest_on_segment(f, a, b);
    const SegmentPoint& p = minima.points[0];
    REQUIRE(p.clearance.distance <= best + 1e-12);
    REQUIRE(p.clearance.distance == at(f, a + p.share * (b - a)));
    REQUIRE(p.share >= 0.0);
    REQUIRE(p.share <= 1.0);
  }
}

TEST_CASE("fixture: the least clearance is told where it is below a bound, and only there") {
  constexpr double kHair = 1e-6;  // m; the nearest point of a cone is known to 20 nm
  std::mt19937_64 random(6);
  for (int n = 0; n < kPoints; ++n) {
    const Fixture f = random_region(random);
    const Vec3 a = random_point(random), b = random_point(random);
    const double least = nearest_on_segment(f, a, b).points[0].clearance.distance;
    REQUIRE(least_clearance(f, a, b, least + kHair) == least);
    REQUIRE(least_clearance(f, a, b, least + 1.0) == least);
    REQUIRE(std::isinf(least_clearance(f, a, b, least - kHair)));
  }
}

TEST_CASE("fixture: what makes no sense is named") {
  const double nan = std::nan(""), inf = std::numeric_limits<double>::infinity();
  const auto bad = [](auto spoil) {
    Fixture f = sphere({0, 0, 0}, 0.1);
    spoil(&f);
    return fault_of(f) != nullptr;
  };
  CHECK_FALSE(bad([](Fixture*) {}));
  CHECK(bad([&](Fixture* f) { f->radius = nan; }));
  CHECK(bad([&](Fixture* f) { f->radius = 0.0; }));
  CHECK(bad([&](Fixture* f) { f->point[1] = inf; }));
  CHECK(bad([&](Fixture* f) { f->direction[1] = 0.5; }));
  CHECK(bad([&](Fixture* f) { f->margin = -1e-3; }));
  CHECK(bad([&](Fixture* f) { f->rotation[0] = 0.9; }));
  CHECK(bad([&](Fixture* f) { f->rotation[4] = nan; }));
  CHECK(bad([&](Fixture* f) { f->twist[5] = nan; }));
  CHECK(bad([&](Fixture* f) { f->horizon_s = 5.0; }));
  CHECK(bad([&](Fixture* f) { f->kind = FixtureKind::kMesh; }));
  CHECK(bad([&](Fixture* f) { f->kind = FixtureKind::kCone; }));
  CHECK(bad([&](Fixture* f) { f->scale = 1.5; }));
}
