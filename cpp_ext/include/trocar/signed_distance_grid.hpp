// SPDX-License-Identifier: Apache-2.0
/// The signed distance of a triangle mesh on a regular grid: trilinear between its nodes.
///
/// Never changed once built, so that arms and threads may share one.  Between nodes the error is
/// about spacing^2 / (8 R) beside a surface of radius R, nothing at a flat one, and up to a third
/// of the spacing at a sharp edge.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "trocar/types.hpp"

namespace trocar {

class SignedDistanceGrid {
 public:
  struct Sample {
    double distance;
    Vec3 gradient;
  };

  static constexpr std::int64_t kMaxNodes = 8'000'000;  // 32 MB

  /// From vertices (m) and triangles (indices; counter-clockwise seen from outside): `spacing` of
  /// the nodes, `padding` around the mesh.  Null where that makes no grid; *error then says why.
  /// An open surface divides the box into its front (positive) and its back.
  static std::shared_ptr<const SignedDistanceGrid> build(
      const std::vector<Vec3>& vertices, const std::vector<std::array<int, 3>>& triangles,
      double spacing, double padding, std::string* error);

  /// Distance and gradient at x, m.  Outside of the box: a lower bound of the distance that joins
  /// the value at the border without a step.
  Sample sample(const Vec3& x) const {
    const Vec3 inside = x.cwiseMax(lower_).cwiseMin(upper_), off = x - inside;
    const Sample s = interpolate(inside);
    const double away = off.norm();
    if (away == 0.0) return s;
    return {beyond(s.distance, away), is_far(s.distance, away) ? Vec3(off / away) : s.gradient};
  }

  /// The distance alone, the same to the bit.
  double distance(const Vec3& x) const {
    const Vec3 inside = x.cwiseMax(lower_).cwiseMin(upper_), off = x - inside;
    const Cell c = cell(inside);
    const double y00 = along_x(c, 0, 0), y10 = along_x(c, 1, 0);
    const double y01 = along_x(c, 0, 1), y11 = along_x(c, 1, 1);
    const double d = mix(mix(y00, y10, c.t[1]), mix(y01, y11, c.t[1]), c.t[2]);
    return off.isZero(0.0) ? d : beyond(d, off.norm());
  }

  const Vec3& lower() const { return lower_; }
  const Vec3& upper() const { return upper_; }
  double spacing() const { return spacing_; }
  const std::array<int, 3>& shape() const { return shape_; }

 private:
  SignedDistanceGrid() = default;

  /// `away` from a border whose value is `d`.
  bool is_far(double d, double away) const { return d > 0.0 && away + padding_ >= d - away; }
  double beyond(double d, double away) const {
    if (is_far(d, away)) return std::max(d - away, away + padding_);
    return d + (d > 0.0 ? -away : away);
  }

  /// The node before a point, the strides to the next ones, and how far it is there, as shares.
  struct Cell {
    const float* node;
    std::ptrdiff_t along_x, along_y;  // along z: 1
    Vec3 t;

    double value(int i, int j, int k) const { return node[i * along_x + j * along_y + k]; }
  };

  Cell cell(const Vec3& x) const {
    std::array<std::ptrdiff_t, 3> at;
    Cell c;
    for (int a = 0; a < 3; ++a) {
      const double u = (x[a] - lower_[a]) * per_spacing_;
      const int node = std::clamp(static_cast<int>(u), 0, shape_[a] - 2);
      c.t[a] = u - node;
      at[a] = node;
    }
    c.along_y = shape_[2];
    c.along_x = c.along_y * shape_[1];
    c.node = values_.data() + at[0] * c.along_x + at[1] * c.along_y + at[2];
    return c;
  }

  static double mix(double a, double b, double s) { return a + s * (b - a); }

  static double along_x(const Cell& c, int j, int k) {
    return mix(c.value(0, j, k), c.value(1, j, k), c.t[0]);
  }

  static double slope_x(const Cell& c, int j, int k) { return c.value(1, j, k) - c.value(0, j, k); }

  /// Along x, then y, then z; the derivative along an axis is the difference of its two ends.
  Sample interpolate(const Vec3& x) const {
    const Cell c = cell(x);
    const double y00 = along_x(c, 0, 0), y10 = along_x(c, 1, 0);
    const double y01 = along_x(c, 0, 1), y11 = along_x(c, 1, 1);
    const double z0 = mix(y00, y10, c.t[1]), z1 = mix(y01, y11, c.t[1]);
    const double gx = mix(mix(slope_x(c, 0, 0), slope_x(c, 1, 0), c.t[1]),
                          mix(slope_x(c, 0, 1), slope_x(c, 1, 1), c.t[1]), c.t[2]);
    const double gy = mix(y10 - y00, y11 - y01, c.t[2]);
    return {mix(z0, z1, c.t[2]), per_spacing_ * Vec3(gx, gy, z1 - z0)};
  }

  Vec3 lower_, upper_;
  double spacing_ = 1.0, per_spacing_ = 1.0;  // m, 1/m
  double padding_ = 0.0;
  std::array<int, 3> shape_{};
  std::vector<float> values_;
};

}  // namespace trocar
