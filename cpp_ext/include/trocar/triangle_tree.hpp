// SPDX-License-Identifier: Apache-2.0
/// Nearest point of a triangle mesh, with the side it is on.  For building grids, not for the tick.
///
/// A bounding-box tree; the sign by the angle-weighted pseudonormal of the nearest face, edge or
/// vertex (Baerentzen & Aanaes, IEEE TVCG 11 (2005)).
#pragma once

#include <array>
#include <vector>

#include "trocar/types.hpp"

namespace trocar {

class TriangleTree {
 public:
  using Triangle = std::array<int, 3>;

  /// Indices inside the range, no triangle without area: the caller has looked.  Vertices at the
  /// same place are one.
  TriangleTree(const std::vector<Vec3>& vertices, const std::vector<Triangle>& triangles);

  /// Distance of x to the surface, negative behind it.
  double signed_distance(const Vec3& x) const;

 private:
  struct Node {
    Vec3 lower, upper;
    int first = 0, count = 0;   // triangles of a leaf
    int left = -1, right = -1;  // children otherwise
  };
  struct Nearest {
    double square = 1e300;
    Vec3 point = Vec3::Zero();
    int triangle = -1;
    int feature = 0;  // 0: face, 1..3: edges ab, bc, ca, 4..6: vertices a, b, c
  };

  int split(int first, int count);
  void visit(int node, const Vec3& x, Nearest* best) const;
  void consider(int triangle, const Vec3& x, Nearest* best) const;
  Vec3 centre(int triangle) const;

  std::vector<Vec3> vertices_;
  std::vector<Triangle> triangles_;
  std::vector<std::array<Vec3, 7>> normals_;  // of a triangle's features
  std::vector<int> order_;
  std::vector<Node> nodes_;
};

}  // namespace trocar
