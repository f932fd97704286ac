// SPDX-License-Identifier: Apache-2.0
/// A distance and its gradient at each of many points.
#pragma once

#include <utility>
#include <vector>

#include "arrays.hpp"

namespace trocar::bindings {

/// (distances (N,), gradients (N, 3)) of `f` over points (N, 3); the GIL is released meanwhile.
template <typename F>
py::tuple each_point(const py::object& object, const char* what, F f) {
  const ArrayIn a = array_in(object, what);
  if (a.ndim() != 2 || a.shape(1) != 3) {
    throw py::value_error(std::string(what) + " has shape " + shape_text(a) + ", allowed (N, 3)");
  }
  const py::ssize_t n = a.shape(0);
  const Eigen::Map<const Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>> points(a.data(),
                                                                                           n, 3);
  for (py::ssize_t i = 0; i < n; ++i) {
    if (!(points.row(i).cwiseAbs().maxCoeff() <= 10.0) || !points.row(i).allFinite()) {
      throw py::value_error(std::string(what) + "[" + std::to_string(i) +
                            "] is not finite or farther than the 10 m allowed");
    }
  }
  py::array_t<double> distances(n), gradients({n, py::ssize_t{3}});
  double* d = distances.mutable_data();
  Eigen::Map<Eigen::Matrix<double, Eigen::Dynamic, 3, Eigen::RowMajor>> g(gradients.mutable_data(),
                                                                          n, 3);
  {
    const py::gil_scoped_release release;
    for (py::ssize_t i = 0; i < n; ++i) {
      const std::pair<double, Vec3> out = f(points.row(i).transpose());
      d[i] = out.first;
      g.row(i) = out.second.transpose();
    }
  }
  return py::make_tuple(distances, gradients);
}

}  // namespace trocar::bindings
