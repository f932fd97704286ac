// SPDX-License-Identifier: Apache-2.0
/// What the bindings of soft tissue share: a body with a lock, arrays in and out.
#pragma once

#include <cmath>
#include <mutex>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "trocar/tissue/tissue_body.hpp"

namespace trocar::bindings {

using namespace trocar::tissue;

using IndexArray = py::array_t<std::int32_t, py::array::c_style>;

/// A body with a lock: threads of Python may share it.
struct SharedBody {
  TissueBody body;
  mutable std::mutex mutex;
  SharedBody(const TetMesh& mesh, const std::vector<Material>& materials,
             const std::vector<int>& material_of, const std::vector<int>& anchors,
             const BodyConfig& config)
      : body(mesh, materials, material_of, anchors, config) {}
};

[[noreturn]] inline void refuse(const std::string& message) {
  throw py::value_error("tissue: " + message);
}

inline void expect(TissueStatus status, const std::string& what) {
  if (status != TissueStatus::kOk) refuse(what + ": " + describe(status));
}

/// Rows of N from an array (n, N).
template <int N>
std::vector<Eigen::Matrix<double, N, 1>> rows_in(const py::object& object, const char* what) {
  const ArrayIn a = array_in(object, what);
  if (a.ndim() != 2 || a.shape(1) != N) {
    refuse(std::string(what) + " has shape " + shape_text(a) + ", allowed (n, " +
           std::to_string(N) + ")");
  }
  std::vector<Eigen::Matrix<double, N, 1>> rows(static_cast<std::size_t>(a.shape(0)));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    rows[i] = Eigen::Map<const Eigen::Matrix<double, N, 1>>(a.data() + N * i);
  }
  return rows;
}

/// Indices from 0 to limit - 1 from an array-like of whole numbers.
inline std::vector<int> indices_in(const py::object& object, std::size_t limit, const char* what) {
  const ArrayIn a = array_in(object, what);
  if (a.ndim() != 1) refuse(std::string(what) + " has shape " + shape_text(a) + ", allowed (n,)");
  std::vector<int> out;
  for (py::ssize_t i = 0; i < a.shape(0); ++i) {
    const double x = a.data()[i];
    if (!(x >= 0.0 && x < static_cast<double>(limit)) || x != std::floor(x)) {
      refuse(std::string(what) + "[" + std::to_string(i) + "] is no index from 0 to " +
             std::to_string(static_cast<long long>(limit) - 1));
    }
    out.push_back(static_cast<int>(x));
  }
  return out;
}

template <typename Get>
py::array_t<double> points_out(std::size_t n, const Get& get) {
  py::array_t<double> out({static_cast<py::ssize_t>(n), static_cast<py::ssize_t>(3)});
  for (std::size_t i = 0; i < n; ++i) {
    Eigen::Map<Vec3>(out.mutable_data(static_cast<py::ssize_t>(i), 0)) = get(i);
  }
  return out;
}

template <std::size_t N>
IndexArray table_out(const std::vector<std::array<int, N>>& rows) {
  IndexArray out({static_cast<py::ssize_t>(rows.size()), static_cast<py::ssize_t>(N)});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), out.mutable_data(static_cast<py::ssize_t>(i), 0));
  }
  return out;
}

inline IndexArray list_out(const std::vector<int>& values) {
  IndexArray out(static_cast<py::ssize_t>(values.size()));
  std::copy(values.begin(), values.end(), out.mutable_data());
  return out;
}

inline py::array_t<double> wrench_out(const Wrench& w) {
  Vec6 both;
  both << w.force, w.torque;
  return array_out(both);
}

inline Transform pose_in(const py::object& T, const char* what) {
  return Transform::from_matrix(matrix_in<4, 4>(T, what));
}

/// Run `call` on the body under its lock.
template <typename Call>
auto locked(const SharedBody& s, const Call& call) {
  const std::lock_guard<std::mutex> lock(s.mutex);
  return call(s.body);
}
template <typename Call>
auto locked(SharedBody& s, const Call& call) {
  const std::lock_guard<std::mutex> lock(s.mutex);
  return call(s.body);
}

}  // namespace trocar::bindings
