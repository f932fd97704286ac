// SPDX-License-Identifier: Apache-2.0
#include "targets.hpp"
#include "trocar/constraint_stage.hpp"
#include "trocar/fixture_segment.hpp"
#include "trocar/signed_distance_grid.hpp"
#include "trocar/triangle_tree.hpp"

namespace fuzz {

namespace {

using Triangles = std::vector<std::array<int, 3>>;

/// A tetrahedron, the smallest closed mesh; one grid for all.
const std::shared_ptr<const SignedDistanceGrid>& tetrahedron() {
  static const auto grid = [] {
    std::string error;
    const std::vector<Vec3> corners = {{0, 0, 0}, {0.02, 0, 0}, {0, 0.02, 0}, {0, 0, 0.02}};
    const Triangles faces{{0, 2, 1}, {0, 1, 3}, {1, 2, 3}, {0, 3, 2}};
    return SignedDistanceGrid::build(corners, faces, 0.004, 0.01, &error);
  }();
  return grid;
}

Fixture fixture_of(Bytes& in) {
  Fixture f;
  f.kind = in.is_wild() ? in.word<FixtureKind>(7) : static_cast<FixtureKind>(in.below(7));
  f.keep_in = in.coin();
  in.fill(&f.point, 0.1);
  in.fill(&f.end, 0.1);
  if (in.is_wild() && in.coin()) {
    in.fill(&f.direction, 1.0);
  } else {
    const Vec3 d = exp_so3(Vec3(3.0 * in.fair(), 3.0 * in.fair(), 0.0)).col(2).normalized();
    f.direction = {d.x(), d.y(), d.z()};
  }
  f.radius = in.is_wild() ? in.real(0.1) : 1e-4 + 0.05 * std::abs(in.fair());
  f.half_angle = in.is_wild() ? in.real(1.6) : 0.01 + 1.4 * std::abs(in.fair());
  f.margin = std::abs(in.real(0.1));
  f.scale = std::abs(in.real(1.0));
  in.fill(&f.position, 0.2);
  Eigen::Map<Eigen::Matrix<double, 3, 3, Eigen::RowMajor>>(f.rotation.data()) = in.rotation();
  in.fill(&f.twist, 1.0);
  f.stamp_ns = in.is_wild() ? in.raw<std::int64_t>() : in.raw<std::uint16_t>();
  f.horizon_s = std::abs(in.real(1.0));
  f.grid = in.is_wild() && in.byte() < 32 ? nullptr : tetrahedron().get();
  return f;
}

}  // namespace

/// What a client gives an arm: any fixtures, up to one too many.
std::vector<FixturePost> fixtures_of(Bytes& in) {
  std::vector<FixturePost> posts(static_cast<std::size_t>(in.below(kMaxFixtures + 2)));
  for (FixturePost& post : posts) {
    post.fixture = fixture_of(in);
    post.grid = post.fixture.grid == nullptr ? nullptr : tetrahedron();
  }
  return posts;
}

void fuzz_fixture(Bytes& in) {
  in.choose_wildness();
  const Fixture f = fixture_of(in);
  const char* fault = fault_of(f);
  if (!in.is_wild()) FUZZ_REQUIRE(fault == nullptr);
  if (fault != nullptr) return;
  in.set_wildness(0);  // distances are asked for points of an arm, which are finite
  const Vec3 a = in.vector<3>(0.3), b = in.coin() ? Vec3(in.vector<3>(0.3)) : a;
  const Clearance at = clearance(f, a);
  FUZZ_REQUIRE(std::isfinite(at.distance) && at.gradient.allFinite());
  FUZZ_REQUIRE(at.gradient.norm() < 2.0);
  if (f.is_guide()) return;
  const SegmentMinima minima = nearest_on_segment(f, a, b, 0.01);
  FUZZ_REQUIRE(minima.count >= 1 && minima.count <= kMaxMinima);
  for (int i = 0; i < minima.count; ++i) {
    const SegmentPoint& p = minima.points[static_cast<std::size_t>(i)];
    FUZZ_REQUIRE(p.share >= 0.0 && p.share <= 1.0 && std::isfinite(p.clearance.distance));
  }
  const double nearest = minima.points[0].clearance.distance;
  FUZZ_REQUIRE(nearest <= at.distance + 1e-9);
  FUZZ_REQUIRE(nearest <= clearance(f, b).distance + 1e-9);
}

void fuzz_mesh(Bytes& in) {
  in.choose_wildness();
  std::vector<Vec3> vertices(static_cast<std::size_t>(in.below(12)));
  for (Vec3& v : vertices) v = in.coin() ? Vec3(in.vector<3>(0.02)) : Vec3(0.01, 0.0, 0.0);
  Triangles triangles(static_cast<std::size_t>(in.below(16)));
  for (auto& t : triangles) {
    for (int& corner : t) corner = in.is_wild() ? in.raw<std::int8_t>() : in.below(12);
  }
  const double spacing = in.is_wild() && in.coin() ? in.real(0.01) : 0.004;
  const double padding = in.is_wild() && in.coin() ? in.real(0.02) : 0.008;
  if (spacing > 1e-5 && spacing < 2e-3) return;  // millions of nodes: right, and slow
  std::string error;
  const auto grid = SignedDistanceGrid::build(vertices, triangles, spacing, padding, &error);
  FUZZ_REQUIRE((grid == nullptr) == !error.empty());
  FUZZ_REQUIRE(error.find('\n') == std::string::npos);
  if (grid == nullptr) return;
  in.set_wildness(0);
  for (int n = 0; n < 4; ++n) {
    const auto sample = grid->sample(in.vector<3>(n < 2 ? 0.03 : 1.0));
    FUZZ_REQUIRE(std::isfinite(sample.distance) && sample.gradient.allFinite());
  }
}

}  // namespace fuzz
