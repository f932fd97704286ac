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
    const Vec3 inside = x.cwiseMax(lower_).cwiseMin(upper_);
    Sample s = interpolate(inside);
    const Vec3 off = x - inside;
    const double away = off.norm();
    if (away == 0.0) return s;
    if (s.distance > 0.0 && away + padding_ >= s.distance - away) {
      return {std::max(s.distance - away, away + padding_), off / away};
    }
    s.distance += s.distance > 0.0 ? -away : away;
    return s;
  }

  const Vec3& lower() const { return lower_; }
  const Vec3& upper() const { return upper_; }
  double spacing() const { return spacing_; }
  const std::array<int, 3>& shape() const { return shape_; }

 private:
  SignedDistanceGrid() = default;

  float node(int i, int j, int k) const {
    return values_[(static_cast<std::size_t>(i) * shape_[1] + j) * shape_[2] + k];
  }

  Sample interpolate(const Vec3& x) const {
    std::array<int, 3> c;
    Vec3 t;
    for (int a = 0; a < 3; ++a) {
      const double u = (x[a] - lower_[a]) / spacing_;
      c[a] = std::clamp(static_cast<int>(u), 0, shape_[a] - 2);
      t[a] = u - c[a];
    }
    double v[2][2][2];
    for (int i = 0; i < 2; ++i) {
      for (int j = 0; j < 2; ++j) {
        for (int k = 0; k < 2; ++k) v[i][j][k] = node(c[0] + i, c[1] + j, c[2] + k);
      }
    }
    // Along x, then y, then z; the derivative along an axis is the difference of its two ends.
    const auto mix = [](double a, double b, double s) { return a + s * (b - a); };
    double y[2][2], dx[2][2];
    for (int j = 0; j < 2; ++j) {
      for (int k = 0; k < 2; ++k) {
        y[j][k] = mix(v[0][j][k], v[1][j][k], t[0]);
        dx[j][k] = v[1][j][k] - v[0][j][k];
      }
    }
    const double z0 = mix(y[0][0], y[1][0], t[1]), z1 = mix(y[0][1], y[1][1], t[1]);
    const double gx = mix(mix(dx[0][0], dx[1][0], t[1]), mix(dx[0][1], dx[1][1], t[1]), t[2]);
    const double gy = mix(y[1][0] - y[0][0], y[1][1] - y[0][1], t[2]);
    return {mix(z0, z1, t[2]), Vec3(gx, gy, z1 - z0) / spacing_};
  }

  Vec3 lower_, upper_;
  double spacing_ = 1.0;
  double padding_ = 0.0;
  std::array<int, 3> shape_{};
  std::vector<float> values_;
};

}  // namespace trocar
