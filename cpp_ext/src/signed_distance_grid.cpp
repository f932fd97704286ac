// SPDX-License-Identifier: Apache-2.0
/// A grid from triangles: every node asks the tree.
#include "trocar/signed_distance_grid.hpp"

#include "trocar/triangle_tree.hpp"

namespace trocar {

namespace {

constexpr double kFar = 10.0;  // m

std::string mesh_fault(const std::vector<Vec3>& vertices,
                       const std::vector<std::array<int, 3>>& triangles) {
  if (triangles.empty()) return "the mesh has no triangle";
  for (std::size_t i = 0; i < vertices.size(); ++i) {
    if (!vertices[i].allFinite() || vertices[i].cwiseAbs().maxCoeff() > kFar) {
      return "vertex " + std::to_string(i) + " is not finite or farther than 10 m";
    }
  }
  const int count = static_cast<int>(vertices.size());
  for (std::size_t t = 0; t < triangles.size(); ++t) {
    for (const int i : triangles[t]) {
      if (i < 0 || i >= count) {
        return "triangle " + std::to_string(t) + " names vertex " + std::to_string(i) +
               ", allowed 0.." + std::to_string(count - 1);
      }
    }
    const Vec3& a = vertices[triangles[t][0]];
    const Vec3 normal = (vertices[triangles[t][1]] - a).cross(vertices[triangles[t][2]] - a);
    if (!(normal.norm() > 1e-16)) return "triangle " + std::to_string(t) + " has no area";
  }
  return "";
}

}  // namespace

std::shared_ptr<const SignedDistanceGrid> SignedDistanceGrid::build(
    const std::vector<Vec3>& vertices, const std::vector<std::array<int, 3>>& triangles,
    double spacing, double padding, std::string* error) {
  *error = mesh_fault(vertices, triangles);
  if (error->empty() && !(spacing >= 1e-5 && spacing <= 1.0)) {
    *error = "spacing: allowed 1e-5 .. 1 m";
  }
  if (error->empty() && !(padding >= spacing && padding <= 1.0)) {
    *error = "padding: allowed spacing .. 1 m";
  }
  if (!error->empty()) return nullptr;
  Vec3 lower = vertices[triangles[0][0]], upper = lower;
  for (const auto& t : triangles) {
    for (const int i : t) {
      lower = lower.cwiseMin(vertices[i]);
      upper = upper.cwiseMax(vertices[i]);
    }
  }
  std::shared_ptr<SignedDistanceGrid> grid(new SignedDistanceGrid);
  std::int64_t nodes = 1;
  for (int a = 0; a < 3; ++a) {
    const double cells = std::ceil((upper[a] - lower[a] + 2.0 * padding) / spacing);
    grid->shape_[a] = std::max(1, static_cast<int>(std::min(cells, 1e6))) + 1;
    nodes *= grid->shape_[a];
    if (nodes > kMaxNodes) {
      *error = "more than " + std::to_string(kMaxNodes) + " nodes: choose a larger spacing";
      return nullptr;
    }
  }
  grid->spacing_ = spacing;
  grid->per_spacing_ = 1.0 / spacing;
  grid->padding_ = padding;
  grid->lower_ = lower - Vec3::Constant(padding);
  for (int a = 0; a < 3; ++a) {
    grid->upper_[a] = grid->lower_[a] + (grid->shape_[a] - 1) * spacing;
  }
  grid->values_.reserve(static_cast<std::size_t>(nodes));
  const TriangleTree tree(vertices, triangles);
  for (int i = 0; i < grid->shape_[0]; ++i) {
    for (int j = 0; j < grid->shape_[1]; ++j) {
      for (int k = 0; k < grid->shape_[2]; ++k) {
        const Vec3 x = grid->lower_ + spacing * Vec3(i, j, k);
        grid->values_.push_back(static_cast<float>(tree.signed_distance(x)));
      }
    }
  }
  return grid;
}

}  // namespace trocar
