// SPDX-License-Identifier: Apache-2.0
/// Fixtures for the campaigns: one in the way of a motion, or eight around it.
#pragma once

#include "../tests/bench.hpp"
#include "../tests/fixtures.hpp"

namespace bench {

inline constexpr int kScenes = 7;
inline constexpr const char* kSceneNames[kScenes] = {"plane",  "sphere", "tube",  "cone",
                                                     "inside", "mesh",   "cavity"};

/// A mesh of a ball, and of a hollow cube seen from inside; both 10 mm, 1 mm between nodes.
struct SceneGrids {
  std::shared_ptr<const SignedDistanceGrid> ball =
      fixtures::grid_of(fixtures::ball_mesh(Vec3::Zero(), 0.01, 40), 0.001, 0.006);
  std::shared_ptr<const SignedDistanceGrid> cavity = fixtures::grid_of(
      fixtures::box_mesh(Vec3::Constant(-0.01), Vec3::Constant(0.01), true), 0.001, 0.006);
};

/// Region number `scene` in the way of a tip at `tip` that goes along the unit vector d.
inline FixturePost scene(int scene, const Vec3& tip, const Vec3& d, const SceneGrids& grids) {
  using namespace fixtures;
  const Vec3 at = tip + 0.015 * d, side = 0.03 * across(d);
  FixturePost post;
  switch (scene) {
    case 0:
      post.fixture = plane(tip + 0.005 * d, -d);
      break;
    case 1:
      post.fixture = sphere(at, 0.01);
      break;
    case 2:
      post.fixture = tube(at + side, at - side, 0.01);
      break;
    case 3:
      post.fixture = cone(tip + 0.006 * d, d, 0.5);
      break;
    case 4:
      post.fixture = sphere(tip, 0.006);
      post.fixture.keep_in = 1;
      break;
    case 5:
      post = {mesh(grids.ball), grids.ball};
      post.fixture.position = three(at);
      break;
    default:
      post = {mesh(grids.cavity), grids.cavity};
      post.fixture.position = three(tip);
      break;
  }
  return post;
}

/// Eight fixtures, a mesh among them, around a tip that moves by 20 mm.
inline std::vector<FixturePost> eight(const Vec3& tip, const SceneGrids& grids) {
  using namespace fixtures;
  std::vector<FixturePost> posts = {
      {plane(tip - Vec3(0, 0, 0.012), {0, 0, 1}), nullptr},
      {plane(tip + Vec3(0, 0.02, 0), {0, -1, 0.2}), nullptr},
      {sphere(tip + Vec3(0.025, 0, 0), 0.008), nullptr},
      {sphere(tip + Vec3(0, 0, 0.02), 0.08), nullptr},
      {cone(tip + Vec3(-0.03, 0, -0.01), {-1, 0, 0}, 0.4), nullptr},
      {tube(tip + Vec3(-0.02, -0.03, 0), tip + Vec3(0.02, -0.03, 0), 0.01), nullptr},
      {mesh(grids.ball), grids.ball},
  };
  posts[3].fixture.keep_in = 1;
  posts[3].fixture.shaft = 0;
  posts[6].fixture.position = three(tip + Vec3(-0.015, 0.018, 0));
  FixturePost guide;
  guide.fixture.kind = FixtureKind::kLineGuide;
  guide.fixture.point = three(tip);
  guide.fixture.direction = {1.0, 0.0, 0.0};
  guide.fixture.scale = 0.9;
  posts.push_back(guide);
  return posts;
}

}  // namespace bench
