// SPDX-License-Identifier: Apache-2.0
/// Building and asking the tree.
#include "trocar/triangle_tree.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace trocar {

namespace {

constexpr int kLeaf = 4;

struct OnTriangle {
  Vec3 point;
  int feature;
};

/// Nearest point of triangle abc and what it lies on (Ericson, Real-Time Collision Detection,
/// 5.1.5).
OnTriangle nearest_on(const Vec3& x, const Vec3& a, const Vec3& b, const Vec3& c) {
  const Vec3 ab = b - a, ac = c - a, ax = x - a;
  const double d1 = ab.dot(ax), d2 = ac.dot(ax);
  if (d1 <= 0.0 && d2 <= 0.0) return {a, 4};
  const Vec3 bx = x - b;
  const double d3 = ab.dot(bx), d4 = ac.dot(bx);
  if (d3 >= 0.0 && d4 <= d3) return {b, 5};
  const double vc = d1 * d4 - d3 * d2;
  if (vc <= 0.0 && d1 >= 0.0 && d3 <= 0.0) return {a + d1 / (d1 - d3) * ab, 1};
  const Vec3 cx = x - c;
  const double d5 = ab.dot(cx), d6 = ac.dot(cx);
  if (d6 >= 0.0 && d5 <= d6) return {c, 6};
  const double vb = d5 * d2 - d1 * d6;
  if (vb <= 0.0 && d2 >= 0.0 && d6 <= 0.0) return {a + d2 / (d2 - d6) * ac, 3};
  const double va = d3 * d6 - d5 * d4;
  if (va <= 0.0 && d4 - d3 >= 0.0 && d5 - d6 >= 0.0) {
    return {b + (d4 - d3) / ((d4 - d3) + (d5 - d6)) * (c - b), 2};
  }
  const double sum = va + vb + vc;
  return {a + vb / sum * ab + vc / sum * ac, 0};
}

double square_to_box(const Vec3& x, const Vec3& lower, const Vec3& upper) {
  return (x - x.cwiseMax(lower).cwiseMin(upper)).squaredNorm();
}

std::pair<int, int> edge(int a, int b) { return {std::min(a, b), std::max(a, b)}; }

double angle_at(const Vec3& p, const Vec3& q, const Vec3& r) {
  const Vec3 u = (q - p).normalized(), v = (r - p).normalized();
  return std::acos(std::clamp(u.dot(v), -1.0, 1.0));
}

}  // namespace

TriangleTree::TriangleTree(const std::vector<Vec3>& vertices,
                           const std::vector<Triangle>& triangles)
    : vertices_(vertices), triangles_(triangles) {
  std::map<std::array<double, 3>, int> places;
  std::vector<int> same(vertices_.size());
  for (std::size_t i = 0; i < vertices_.size(); ++i) {
    const std::array<double, 3> key = {vertices_[i].x(), vertices_[i].y(), vertices_[i].z()};
    same[i] = places.emplace(key, static_cast<int>(i)).first->second;
  }
  std::vector<Vec3> face(triangles_.size()), at_vertex(vertices_.size(), Vec3::Zero());
  std::map<std::pair<int, int>, Vec3> at_edge;
  for (std::size_t t = 0; t < triangles_.size(); ++t) {
    Triangle& f = triangles_[t];
    for (int& i : f) i = same[i];
    const auto corner = [&](int k) -> const Vec3& { return vertices_[f[k % 3]]; };
    face[t] = (corner(1) - corner(0)).cross(corner(2) - corner(0)).normalized();
    for (int k = 0; k < 3; ++k) {
      at_vertex[f[k]] += angle_at(corner(k), corner(k + 1), corner(k + 2)) * face[t];
      at_edge.emplace(edge(f[k], f[(k + 1) % 3]), Vec3::Zero()).first->second += face[t];
    }
  }
  normals_.resize(triangles_.size());
  for (std::size_t t = 0; t < triangles_.size(); ++t) {
    const Triangle& f = triangles_[t];
    normals_[t][0] = face[t];
    for (int k = 0; k < 3; ++k) {
      normals_[t][1 + k] = at_edge.at(edge(f[k], f[(k + 1) % 3]));
      normals_[t][4 + k] = at_vertex[f[k]];
    }
  }
  order_.resize(triangles_.size());
  std::iota(order_.begin(), order_.end(), 0);
  split(0, static_cast<int>(order_.size()));
}

Vec3 TriangleTree::centre(int triangle) const {
  const Triangle& f = triangles_[triangle];
  return (vertices_[f[0]] + vertices_[f[1]] + vertices_[f[2]]) / 3.0;
}

int TriangleTree::split(int first, int count) {
  const int index = static_cast<int>(nodes_.size());
  nodes_.emplace_back();
  Vec3 lower = Vec3::Constant(1e300), upper = -lower;
  for (int n = first; n < first + count; ++n) {
    for (const int i : triangles_[order_[n]]) {
      lower = lower.cwiseMin(vertices_[i]);
      upper = upper.cwiseMax(vertices_[i]);
    }
  }
  nodes_[index].lower = lower;
  nodes_[index].upper = upper;
  if (count <= kLeaf) {
    nodes_[index].first = first;
    nodes_[index].count = count;
    return index;
  }
  int axis = 0;
  (upper - lower).maxCoeff(&axis);
  const auto begin = order_.begin() + first;
  std::nth_element(begin, begin + count / 2, begin + count,
                   [&](int a, int b) { return centre(a)[axis] < centre(b)[axis]; });
  const int left = split(first, count / 2);
  const int right = split(first + count / 2, count - count / 2);
  nodes_[index].left = left;
  nodes_[index].right = right;
  return index;
}

void TriangleTree::consider(int triangle, const Vec3& x, Nearest* best) const {
  const Triangle& f = triangles_[triangle];
  const OnTriangle on = nearest_on(x, vertices_[f[0]], vertices_[f[1]], vertices_[f[2]]);
  const double square = (x - on.point).squaredNorm();
  if (square < best->square) *best = {square, on.point, triangle, on.feature};
}

void TriangleTree::visit(int node, const Vec3& x, Nearest* best) const {
  const Node& n = nodes_[node];
  for (int k = n.first; k < n.first + n.count; ++k) consider(order_[k], x, best);
  if (n.left < 0) return;
  const double left = square_to_box(x, nodes_[n.left].lower, nodes_[n.left].upper);
  const double right = square_to_box(x, nodes_[n.right].lower, nodes_[n.right].upper);
  const bool swap = right < left;
  if (std::min(left, right) < best->square) visit(swap ? n.right : n.left, x, best);
  if (std::max(left, right) < best->square) visit(swap ? n.left : n.right, x, best);
}

double TriangleTree::signed_distance(const Vec3& x) const {
  Nearest best;
  visit(0, x, &best);
  const double distance = std::sqrt(best.square);
  return (x - best.point).dot(normals_[best.triangle][best.feature]) < 0.0 ? -distance : distance;
}

}  // namespace trocar
