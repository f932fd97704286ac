// SPDX-License-Identifier: Apache-2.0
/// Soft tissue: calibration, momentum, thin tools, jaws, cuts, repetition.
#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include "tissue_slab.hpp"
#include "trocar/tissue/capsule.hpp"

using namespace trocar;
using namespace trocar::tissue;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr int kFrames = 20;
#else
constexpr int kFrames = 240;
#endif

Vec3 momentum_of(const TissueBody& b) {
  Vec3 sum = Vec3::Zero();
  for (std::size_t i = 0; i < b.masses().size(); ++i) {
    const double inertia = b.masses()[i] * b.inertia_factor(static_cast<int>(i));
    sum += inertia * b.velocities()[i].vec();
  }
  return sum;
}

double lowest_top(const TissueBody& b) {  // of the nodes whose rest is at z = 0
  double low = 1.0;
  for (std::size_t i = 0; i < b.rest().size(); ++i) {
    if (b.rest()[i].z() > -1e-9) low = std::min(low, b.positions()[i].z);
  }
  return low;
}

}  // namespace

TEST_CASE("tissue: elastic forces are minus the gradient of the energy of Macklin and Mueller") {
  const TetMesh mesh = block(1, 1, 1, {0.01, 0.012, 0.009});
  Material m;
  m.young = 8e3;
  m.poisson = 0.4;
  const std::vector<int> of(mesh.tets.size(), 0);
  const std::vector<ElasticBlock> blocks = elastic_blocks(mesh.nodes, mesh.tets, {m}, of);
  const auto energy = [&](const Rows& x) {
    double sum = 0.0;
    for (const Tet& t : mesh.tets) {
      Mat3 D, d;
      for (int c = 0; c < 3; ++c) {
        D.col(c) = mesh.nodes[t[c + 1]] - mesh.nodes[t[0]];
        d.col(c) = x[t[c + 1]].vec() - x[t[0]].vec();
      }
      const Mat3 F = d * D.inverse();
      const double gamma = 1.0 + m.mu() / m.lambda(), j = F.determinant() - gamma;
      sum += D.determinant() / 6.0 *
             (0.5 * m.mu() * (F.squaredNorm() - 3.0) + 0.5 * m.lambda() * j * j);
    }
    return sum;
  };
  std::mt19937 random(7);
  std::normal_distribution<double> noise(0.0, 5e-4);
  Rows x, f(mesh.nodes.size());
  for (const Vec3& p : mesh.nodes) {
    x.push_back(Row::of(p + Vec3(noise(random), noise(random), noise(random))));
  }
  CHECK(add_elastic_forces(blocks, x, &f) == 0);
  constexpr double kStep = 1e-7;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (int a = 0; a < 3; ++a) {
      Rows plus = x, minus = x;
      (&plus[i].x)[a] += kStep;
      (&minus[i].x)[a] -= kStep;
      const double slope = (energy(plus) - energy(minus)) / (2.0 * kStep);
      CHECK((&f[i].x)[a] == doctest::Approx(-slope).epsilon(1e-5).scale(1e-3));
    }
  }
}

TEST_CASE("tissue: a hanging column stretches as theory says, and its anchors carry its weight") {
#if !defined(__SANITIZE_ADDRESS__)
  for (const double young : {5e3, 20e3, 100e3}) {
    Material m;
    m.young = young;
    m.poisson = 0.3;
    TissueBody b = body_of(block(2, 2, 10, {0.02, 0.02, 0.1}), m, 0.0);
    for (int k = 0; k < 420; ++k) REQUIRE(b.step() == TissueStatus::kOk);
    double sag = 0.0;
    for (int i = 0; i < 9; ++i) sag += (b.rest()[i].z() - b.positions()[i].z) / 9.0;
    const double theory = m.density * 9.81 * 0.1 * 0.1 / (2.0 * young);
    CHECK(sag == doctest::Approx(theory).epsilon(0.10));
    CHECK(b.anchor_wrench().force.z() ==
          doctest::Approx(-m.density * 0.02 * 0.02 * 0.1 * 9.81).epsilon(0.002));
  }
#else
  MESSAGE("not under sanitizers: 1.7e4 substeps");
#endif
}

TEST_CASE("tissue: what a tool gives, the tissue gets, to the last bit of momentum") {
  BodyConfig config;
  config.gravity.setZero();
  Material m;
  m.damping = 0.0;
  TissueBody b(block(6, 6, 2, {0.06, 0.06, 0.02}), {m}, std::vector<int>(360, 0), {}, config);
  const int tool = b.add_tool(0.002, 0.5);
  Vec3 given = Vec3::Zero();
  for (int k = 0; k < 20; ++k) {
    const Vec3 tip(0.003 + 0.0005 * k, 0.002, 0.003 - 0.0004 * k);
    REQUIRE(b.move_tool(tool, tip + Vec3(0.0, 0.01, 0.05), tip) == TissueStatus::kOk);
    REQUIRE(b.step() == TissueStatus::kOk);
    given -= b.tool_wrench(tool).force * config.frame_s;
  }
  CHECK(given.norm() > 1e-4);  // it did push
  CHECK((momentum_of(b) - given).norm() < 1e-12);
}

TEST_CASE("tissue: a tool thinner than the spacing of the nodes does not slip between them") {
  const double spacing = 0.01;
  for (const Vec3& aside : {Vec3(0.005, 0.005, 0), Vec3(0.0033, 0.0012, 0), Vec3(0.005, 0.0, 0)}) {
    TissueBody b = body_of(block(8, 8, 2, {8 * spacing, 8 * spacing, 0.02}), Material{}, -0.02);
    const int tool = b.add_tool(5e-4, 0.0);
    const double radius = 5e-4, press = 0.003;
    for (int k = 0; k <= 60; ++k) {
      const Vec3 tip = aside + Vec3(0, 0, radius + 5e-4 - (press + 5e-4) * std::min(k, 50) / 50.0);
      REQUIRE(b.move_tool(tool, tip + Vec3(0, 0, 0.05), tip) == TissueStatus::kOk);
      REQUIRE(b.step() == TissueStatus::kOk);
    }
    CHECK(b.tool_wrench(tool).force.z() > 0.02);
    CHECK(b.tool_wrench(tool).force.head<2>().norm() < 0.3 * b.tool_wrench(tool).force.z());
    CHECK(lowest_top(b) < -0.0008);  // the triangle's corners went along
    double deepest = 1.0;            // no part of the surface is above the tip inside its radius
    for (const Triangle& t : b.surface()) {
      const Vec3 corner[3] = {b.positions()[t[0]].vec(), b.positions()[t[1]].vec(),
                              b.positions()[t[2]].vec()};
      const Vec3 tip = aside + Vec3(0, 0, radius - press);
      deepest = std::min(deepest, nearest_pair(tip + Vec3(0, 0, 0.05), tip, corner).distance);
    }
    CHECK(deepest > radius - 2e-4);
  }
}

TEST_CASE("tissue: held nodes go with the jaws, pull back, and return when released") {
  TissueBody b = body_of(block(8, 8, 2, {0.08, 0.08, 0.02}), Material{}, -0.02);
  for (int k = 0; k < kFrames; ++k) b.step();
  const Rows before = b.positions();
  Transform jaw;
  jaw.R.setIdentity();
  jaw.p = Vec3(0.0, 0.0, before[2 * 81 + 40].z);
  const int grasp = b.grasp(jaw, Vec3(0.003, 0.003, 0.003));
  REQUIRE(grasp == 0);
  const std::vector<int> nodes = b.grasps()[0].nodes;
  REQUIRE(nodes.size() > 0);
  Transform moved = jaw;
  for (int k = 1; k <= 30; ++k) {
    moved.p = jaw.p + Vec3(0.002, 0.0, 0.010) * (k / 30.0);
    moved.R = Eigen::AngleAxisd(0.3 * k / 30.0, Vec3::UnitY()).toRotationMatrix();
    REQUIRE(b.move_grasp(grasp, moved) == TissueStatus::kOk);
    REQUIRE(b.step() == TissueStatus::kOk);
    for (std::size_t i = 0; i < nodes.size(); ++i) {
      const Vec3 wanted = moved * b.grasps()[0].p_jaw[i];
      CHECK((b.positions()[nodes[i]].vec() - wanted).norm() < 1e-9);  // the goal is 0.3 mm
    }
  }
  CHECK(b.grasp_wrench(grasp).force.z() < -0.05);
  REQUIRE(b.release(grasp) == TissueStatus::kOk);
  CHECK(b.release(grasp) == TissueStatus::kUnknown);
#if !defined(__SANITIZE_ADDRESS__)
  for (int k = 0; k < kFrames; ++k) b.step();
  for (std::size_t i = 0; i < before.size(); ++i) {
    CHECK((b.positions()[i].vec() - before[i].vec()).norm() < 2e-5);  // the goal is 0.2 mm
  }
#endif
}

TEST_CASE("tissue: a cut parts it without losing volume, gapes and bleeds") {
  TissueBody b = body_of(block(8, 8, 2, {0.08, 0.08, 0.02}), Material{}, -0.02);
  const double mass = std::accumulate(b.masses().begin(), b.masses().end(), 0.0);
  const std::size_t surface = b.surface().size();
  const CutReport none = b.cut({1.0, 0.0, 0.1}, {1.1, 0.0, 0.1}, {0.0, 0.0, -0.01});
  CHECK((none.faces == 0 && b.bleeding().empty()));
  const CutReport cut = b.cut({-0.03, 0.001, 0.001}, {0.03, 0.001, 0.001}, {0.0, 0.0, -0.012});
  CHECK(cut.faces >= 6);
  CHECK(cut.new_nodes >= 3);
  CHECK(cut.area == doctest::Approx(0.06 * 0.011).epsilon(0.35));  // cells are 10 mm
  CHECK(b.positions().size() == 243u + static_cast<unsigned>(cut.new_nodes));
  CHECK(b.surface().size() == surface + 2u * static_cast<unsigned>(cut.faces));
  CHECK(std::accumulate(b.masses().begin(), b.masses().end(), 0.0) == doctest::Approx(mass));
  REQUIRE(b.bleeding().size() == 1u);
  CHECK(b.bleeding()[0].rate == doctest::Approx(2e-4 * cut.area));
  CHECK(std::abs(b.bleeding()[0].position.y()) < 0.01);
  const auto gap = [&] {
    double sum = 0.0;
    for (std::size_t i = 243; i < b.positions().size(); ++i) {
      sum += (b.positions()[i].vec() - b.positions()[b.parents()[i]].vec()).norm();
    }
    return sum;
  };
  CHECK(gap() == 0.0);
  Transform jaw;
  jaw.R.setIdentity();
  jaw.p = Vec3(0.0, 0.02, 0.0);
  const int grasp = b.grasp(jaw, Vec3(0.004, 0.004, 0.002));
  REQUIRE(grasp == 0);
  for (int k = 1; k <= 20; ++k) {
    jaw.p.y() += 0.0003;
    b.move_grasp(grasp, jaw);
    REQUIRE(b.step() == TissueStatus::kOk);
  }
  CHECK(gap() > 1e-3);
  CHECK(b.bleeding()[0].rate < 2e-4 * cut.area);
}

TEST_CASE("tissue: a cut that the blade sees edge-on opens, and does not bleed") {
  TetMesh two;  // on either side of a face at z = 0, leaning apart
  two.nodes = {{0, 0, 0}, {0.02, 0, 0}, {0, 0.02, 0}, {0.02, 0, 0.02}, {-0.02, 0, -0.02}};
  two.tets = {{0, 1, 2, 3}, {0, 2, 1, 4}};
  REQUIRE(check(two).fault == MeshFault::kNone);
  TissueBody b = body_of(two, Material{}, -0.02);
  const CutReport cut = b.cut({0.005, 0.004, 0.001}, {0.005, 0.01, 0.001}, {0.0, 0.0, -0.002});
  CHECK((cut.faces == 1 && cut.new_nodes == 3 && cut.area == 0.0));
  CHECK(b.bleeding().empty());
}

TEST_CASE("tissue: no blade cuts that is not finite or kilometres long") {
  TissueBody b = body_of(block(4, 4, 2, {0.04, 0.04, 0.02}), Material{}, -0.02);
  for (const double bad : {std::nan(""), HUGE_VAL, 1e300, -1e4}) {
    CHECK(b.cut({bad, 0.001, 0.001}, {0.03, 0.001, 0.001}, {0.0, 0.0, -0.012}).faces == 0);
    CHECK(b.cut({-0.03, 0.001, 0.001}, {0.03, bad, 0.001}, {0.0, 0.0, -0.012}).faces == 0);
    CHECK(b.cut({-0.03, 0.001, 0.001}, {0.03, 0.001, 0.001}, {0.0, 0.0, bad}).faces == 0);
  }
  CHECK(b.cut({-0.03, 0.001, 0.001}, {0.03, 0.001, 0.001}, {0.0, 0.0, -0.012}).faces > 0);
}

TEST_CASE("tissue: two runs are the same to the bit") {
  const auto run = [] {
    TissueBody b = body_of(block(5, 5, 2, {0.05, 0.05, 0.02}), Material{}, -0.02);
    const int tool = b.add_tool(0.001, 0.3);
    for (int k = 0; k < 30; ++k) {
      if (k == 15) b.cut({-0.02, 0.001, 0.001}, {0.02, 0.001, 0.001}, {0.0, 0.0, -0.012});
      const Vec3 tip(0.001 * k / 3.0, 0.002, 0.002 - 0.0002 * k);
      b.move_tool(tool, tip + Vec3(0.0, 0.0, 0.05), tip);
      b.step();
    }
    return b;
  };
  const TissueBody one = run(), two = run();
  REQUIRE(one.positions().size() == two.positions().size());
  int different = 0;
  for (std::size_t i = 0; i < one.positions().size(); ++i) {
    different += one.positions()[i].vec() != two.positions()[i].vec();
  }
  CHECK(different == 0);
  CHECK(one.tool_wrench(0).force == two.tool_wrench(0).force);
}

TEST_CASE("tissue: bad requests are named and change nothing; wild ones do not break it") {
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  TissueBody b = body_of(block(4, 4, 2, {0.04, 0.04, 0.02}), Material{}, -0.02);
  CHECK(b.move_tool(0, Vec3::Zero(), Vec3::Zero()) == TissueStatus::kUnknown);
  const int tool = b.add_tool(0.002, 0.2);
  CHECK(b.move_tool(tool, {kNan, 0, 0}, {0, 0, 0.1}) == TissueStatus::kNotFinite);
  CHECK(b.place_tool(tool, {0, 0, 0.2}, {0, 0, 0.1}) == TissueStatus::kOk);
  CHECK(b.move_tool(tool, {0, 0, 0.2}, {0, 0, -0.1}) == TissueStatus::kTooFast);
  CHECK(b.tools()[0].b1 == Vec3(0, 0, 0.1));
  CHECK(b.move_anchors({Vec3::Zero()}) == TissueStatus::kWrongCount);
  Transform bad;
  bad.R = 2.0 * Mat3::Identity();
  bad.p.setZero();
  CHECK(b.grasp(bad, Vec3(0.1, 0.1, 0.1)) == -1);
  CHECK(b.move_grasp(0, bad) == TissueStatus::kUnknown);

  std::mt19937 random(3);
  std::uniform_real_distribution<double> r(-0.03, 0.03);
  b.place_tool(tool, {0, 0, 0.05}, {0, 0, 0.03});
  for (int k = 0; k < kFrames; ++k) {  // a tool that is shaken through the tissue at 3 m/s
    b.move_tool(tool, {r(random), r(random), 0.03}, {r(random), r(random), r(random) * 0.6});
    REQUIRE(b.step() == TissueStatus::kOk);
  }
  for (const Row& p : b.positions()) CHECK(p.vec().norm() < 0.3);
}

TEST_CASE("tissue: a broken mesh is named with its node or tetrahedron") {
  const TetMesh good = block(2, 2, 1, {0.02, 0.02, 0.01});
  CHECK(check(good).fault == MeshFault::kNone);
  TetMesh m = good;
  m.nodes[3].y() = std::numeric_limits<double>::infinity();
  CHECK((check(m).fault == MeshFault::kNotFinite && check(m).where == 3));
  m = good;
  for (Vec3& p : m.nodes) p *= 2e3;
  CHECK(check(m).fault == MeshFault::kFarAway);
  m = good;
  m.tets[5][2] = 99;
  CHECK((check(m).fault == MeshFault::kBadIndex && check(m).where == 5));
  m = good;
  std::swap(m.tets[4][0], m.tets[4][1]);
  CHECK((check(m).fault == MeshFault::kInverted && check(m).where == 4));
  m = good;
  m.tets[2][1] = m.tets[2][0];
  CHECK((check(m).fault == MeshFault::kFlat && check(m).where == 2));
  m = good;
  m.nodes.push_back(Vec3::Zero());
  CHECK((check(m).fault == MeshFault::kUnusedNode && check(m).where == 18));
  m = good;
  m.tets.push_back(m.tets[0]);
  m.tets.push_back(m.tets[0]);
  CHECK(check(m).fault == MeshFault::kOverfullFace);
  CHECK(check({}).fault == MeshFault::kEmpty);
}
